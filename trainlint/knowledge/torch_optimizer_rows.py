"""Optimizers and learning-rate schedules of PyTorch."""

from __future__ import annotations

from trainlint.knowledge.rows import REQUIRED, Row

_DOCS = "https://docs.pytorch.org/docs/stable/generated/torch.optim"
_ADAM = "betas=(0.9, 0.999), epsilon|eps=1e-08"

_OPTIMIZERS: tuple[tuple[str, str, str, str], ...] = (
    (
        "SGD",
        "sgd",
        "sgd",
        (
            "params, learning_rate|lr=0.001, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False, "
            "foreach=None, differentiable=False, fused=None"
        ),
    ),
    (
        "Adam",
        "adam",
        "adam",
        (
            f"params, learning_rate|lr=0.001, {_ADAM}, weight_decay=0, amsgrad=False, *, foreach=None, maximize=False, "
            "capturable=False, differentiable=False, fused=None, decoupled_weight_decay=False"
        ),
    ),
    (
        "AdamW",
        "adamw",
        "adamw",
        (
            f"params, learning_rate|lr=0.001, {_ADAM}, weight_decay=0.01, amsgrad=False, *, maximize=False, foreach=None, "
            "capturable=False, differentiable=False, fused=None"
        ),
    ),
    (
        "NAdam",
        "nadam",
        "nadam",
        (
            f"params, learning_rate|lr=0.002, {_ADAM}, weight_decay=0, momentum_decay=0.004, decoupled_weight_decay=False, *, "
            "foreach=None, maximize=False, capturable=False, differentiable=False"
        ),
    ),
    (
        "RAdam",
        "radam",
        "radam",
        (
            f"params, learning_rate|lr=0.001, {_ADAM}, weight_decay=0, decoupled_weight_decay=False, *, foreach=None, "
            "maximize=False, capturable=False, differentiable=False"
        ),
    ),
    (
        "Adamax",
        "adamax",
        "adamax",
        (
            f"params, learning_rate|lr=0.002, {_ADAM}, weight_decay=0, foreach=None, *, maximize=False, differentiable=False, "
            "capturable=False"
        ),
    ),
    ("SparseAdam", "sparse_adam", "sparse_adam", f"params, learning_rate|lr=0.001, {_ADAM}, maximize=False"),
    (
        "RMSprop",
        "rmsprop",
        "rmsprop",
        (
            "params, learning_rate|lr=0.01, alpha=0.99, epsilon|eps=1e-08, weight_decay=0, momentum=0, centered=False, "
            "capturable=False, foreach=None, maximize=False, differentiable=False"
        ),
    ),
    (
        "Adagrad",
        "adagrad",
        "adagrad",
        (
            "params, learning_rate|lr=0.01, lr_decay=0, weight_decay=0, initial_accumulator_value=0, epsilon|eps=1e-10, "
            "foreach=None, *, maximize=False, differentiable=False, fused=None"
        ),
    ),
    (
        "Adadelta",
        "adadelta",
        "adadelta",
        (
            "params, learning_rate|lr=1.0, rho=0.9, epsilon|eps=1e-06, weight_decay=0, foreach=None, *, capturable=False, "
            "maximize=False, differentiable=False"
        ),
    ),
    (
        "Adafactor",
        "_adafactor",
        "adafactor",
        (
            "params, learning_rate|lr=0.01, beta2_decay=-0.8, epsilon|eps=(None, 0.001), d=1.0, weight_decay=0.0, *, "
            "foreach=None, maximize=False"
        ),
    ),
    (
        "LBFGS",
        "lbfgs",
        "lbfgs",
        (
            "params, learning_rate|lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-07, tolerance_change=1e-09, "
            "history_size=100, line_search_fn=None"
        ),
    ),
    (
        "Muon",
        "_muon",
        "muon",
        (
            "params, learning_rate|lr=0.001, weight_decay=0.1, momentum=0.95, nesterov=True, "
            "ns_coefficients=(3.4445, -4.775, 2.0315), epsilon|eps=1e-07, ns_steps=5, adjust_lr_fn=None"
        ),
    ),
    (
        "Rprop",
        "rprop",
        "rprop",
        (
            "params, learning_rate|lr=0.01, etas=(0.5, 1.2), step_sizes=(1e-06, 50), *, capturable=False, foreach=None, "
            "maximize=False, differentiable=False"
        ),
    ),
    (
        "ASGD",
        "asgd",
        "asgd",
        (
            "params, learning_rate|lr=0.01, lambd=0.0001, alpha=0.75, t0=1000000.0, weight_decay=0, foreach=None, "
            "maximize=False, differentiable=False, capturable=False"
        ),
    ),
)
"""Class, submodule of `torch.optim`, kind, signature."""

_ERAS = {"SGD": (("torch<2.2", (("learning_rate", REQUIRED),)),)}
"""Up to 2.1 SGD had no default learning rate and raised without one (pytorch pull request 114467)."""

_LAST = "last_epoch=-1"
_SCHEDULES: tuple[tuple[str, str, str], ...] = (
    ("StepLR", "step", f"optimizer, step_size, gamma=0.1, {_LAST}"),
    ("MultiStepLR", "multi_step", f"optimizer, milestones, gamma=0.1, {_LAST}"),
    ("ConstantLR", "constant", f"optimizer, factor=0.3333333333333333, total_iters=5, {_LAST}"),
    ("LinearLR", "linear", f"optimizer, start_factor=0.3333333333333333, end_factor=1.0, total_iters=5, {_LAST}"),
    ("ExponentialLR", "exponential_decay", f"optimizer, gamma, {_LAST}"),
    ("PolynomialLR", "polynomial", f"optimizer, total_iters=5, power=1.0, {_LAST}"),
    ("CosineAnnealingLR", "cosine", f"optimizer, T_max, eta_min=0.0, {_LAST}"),
    ("CosineAnnealingWarmRestarts", "cosine_restarts", f"optimizer, T_0, T_mult=1, eta_min=0.0, {_LAST}"),
    (
        "OneCycleLR",
        "one_cycle",
        (
            "optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3, anneal_strategy='cos', "
            "cycle_momentum=True, base_momentum=0.85, max_momentum=0.95, div_factor=25.0, final_div_factor=10000.0, "
            f"three_phase=False, {_LAST}"
        ),
    ),
    (
        "CyclicLR",
        "cyclic",
        (
            "optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode='triangular', gamma=1.0, scale_fn=None, "
            f"scale_mode='cycle', cycle_momentum=True, base_momentum=0.8, max_momentum=0.9, {_LAST}"
        ),
    ),
    ("LambdaLR", "lambda", f"optimizer, lr_lambda, {_LAST}"),
    ("MultiplicativeLR", "multiplicative", f"optimizer, lr_lambda, {_LAST}"),
    (
        "ReduceLROnPlateau",
        "reduce_on_plateau",
        (
            "optimizer, mode='min', factor=0.1, patience=10, threshold=0.0001, threshold_mode='rel', cooldown=0, min_lr=0, "
            "epsilon|eps=1e-08"
        ),
    ),
    ("SequentialLR", "sequential", f"optimizer, schedulers, milestones, {_LAST}"),
    ("ChainedScheduler", "chained", "schedulers, optimizer=None"),
)

ROWS: tuple[Row, ...] = (
    *(
        Row(
            f"torch.optim.{name}",
            "optimizer",
            kind,
            signature,
            (f"torch.optim.{module}.{name}",),
            _ERAS.get(name, ()),
            f"{_DOCS}.{name}.html",
        )
        for name, module, kind, signature in _OPTIMIZERS
    ),
    *(
        Row(
            f"torch.optim.lr_scheduler.{name}",
            "schedule",
            kind,
            signature,
            (),
            (),
            f"{_DOCS}.lr_scheduler.{name}.html",
        )
        for name, kind, signature in _SCHEDULES
    ),
    Row(
        "torch.optim.swa_utils.SWALR",
        "schedule",
        "swa",
        f"optimizer, swa_lr, anneal_epochs=10, anneal_strategy='cos', {_LAST}",
        (),
        (),
        "https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema",
    ),
    Row(
        "torch.optim.Optimizer",
        "base",
        "optimizer",
        "params, defaults",
        ("torch.optim.optimizer.Optimizer",),
        (),
        f"{_DOCS}.html",
    ),
    Row(
        "torch.optim.lr_scheduler.LRScheduler",
        "base",
        "schedule",
        f"optimizer, {_LAST}",
        ("torch.optim.lr_scheduler._LRScheduler",),
        (),
        f"{_DOCS}.lr_scheduler.LRScheduler.html",
    ),
)

NEED_CLOSURE = frozenset({"torch.optim.LBFGS"})
"""Optimizers that compute the loss several times in a step: `step(closure)` raises without it."""
