"""Losses, data loading, initialisation, gradient utilities, precision and gradient modes of PyTorch."""

from __future__ import annotations

from trainlint.knowledge.rows import Row

_DOCS = "https://docs.pytorch.org/docs/stable"
_OLD = "size_average=None, reduce=None, "
_REDUCTION = "reduction='mean'"
_LOSS = _OLD + _REDUCTION
_MARGIN = "margin=0.0, " + _LOSS
_TRIPLET = "margin=1.0, p=2.0, epsilon|eps=1e-06, swap=False, " + _LOSS
_TRIPLET_DISTANCE = "*, distance_function=None, margin=1.0, swap=False, " + _REDUCTION
_MULTI_MARGIN = "p=1, margin=1.0, weight=None, " + _LOSS
_CROSS_ENTROPY = "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'"
_POISSON = "log_input=True, full=False, size_average=None, epsilon|eps=1e-08, reduce=None, reduction='mean'"
_PAIR = "input, target"

LOSSES: tuple[tuple[str, str, str, str, str], ...] = (
    ("MSELoss", "mse_loss", "mean_squared_error", _LOSS, f"{_PAIR}, {_LOSS}, weight=None"),
    ("L1Loss", "l1_loss", "mean_absolute_error", _LOSS, f"{_PAIR}, {_LOSS}, weight=None"),
    ("SmoothL1Loss", "smooth_l1_loss", "smooth_l1", f"{_LOSS}, beta=1.0", f"{_PAIR}, {_LOSS}, beta=1.0"),
    ("HuberLoss", "huber_loss", "huber", f"{_REDUCTION}, delta=1.0", f"{_PAIR}, {_REDUCTION}, delta=1.0, weight=None"),
    (
        "CrossEntropyLoss",
        "cross_entropy",
        "cross_entropy",
        f"{_CROSS_ENTROPY}, label_smoothing=0.0",
        f"{_PAIR}, {_CROSS_ENTROPY}, label_smoothing=0.0",
    ),
    ("NLLLoss", "nll_loss", "nll", _CROSS_ENTROPY, f"{_PAIR}, {_CROSS_ENTROPY}"),
    ("BCELoss", "binary_cross_entropy", "binary_crossentropy", f"weight=None, {_LOSS}", f"{_PAIR}, weight=None, {_LOSS}"),
    (
        "BCEWithLogitsLoss",
        "binary_cross_entropy_with_logits",
        "binary_cross_entropy_with_logits",
        f"weight=None, {_LOSS}, pos_weight=None",
        f"{_PAIR}, weight=None, {_LOSS}, pos_weight=None",
    ),
    ("KLDivLoss", "kl_div", "kl_divergence", f"{_LOSS}, log_target=False", f"{_PAIR}, {_LOSS}, log_target=False"),
    ("PoissonNLLLoss", "poisson_nll_loss", "poisson", _POISSON, f"{_PAIR}, {_POISSON}"),
    (
        "GaussianNLLLoss",
        "gaussian_nll_loss",
        "gaussian_nll",
        f"*, full=False, epsilon|eps=1e-06, {_REDUCTION}",
        f"{_PAIR}, var, full=False, epsilon|eps=1e-06, {_REDUCTION}",
    ),
    (
        "HingeEmbeddingLoss",
        "hinge_embedding_loss",
        "hinge_embedding",
        f"margin=1.0, {_LOSS}",
        f"{_PAIR}, margin=1.0, {_LOSS}",
    ),
    ("SoftMarginLoss", "soft_margin_loss", "soft_margin", _LOSS, f"{_PAIR}, {_LOSS}"),
    ("MultiMarginLoss", "multi_margin_loss", "multi_margin", _MULTI_MARGIN, f"{_PAIR}, {_MULTI_MARGIN}"),
    ("MultiLabelMarginLoss", "multilabel_margin_loss", "multilabel_margin", _LOSS, f"{_PAIR}, {_LOSS}"),
    (
        "MultiLabelSoftMarginLoss",
        "multilabel_soft_margin_loss",
        "multilabel_soft_margin",
        f"weight=None, {_LOSS}",
        f"{_PAIR}, weight=None, {_LOSS}",
    ),
    (
        "MarginRankingLoss",
        "margin_ranking_loss",
        "margin_ranking",
        _MARGIN,
        "input1, input2, target, margin=0, " + _LOSS,
    ),
    ("CosineEmbeddingLoss", "cosine_embedding_loss", "cosine_embedding", _MARGIN, "input1, input2, target, margin=0, " + _LOSS),
    ("TripletMarginLoss", "triplet_margin_loss", "triplet_margin", _TRIPLET, "anchor, positive, negative, " + _TRIPLET),
    (
        "TripletMarginWithDistanceLoss",
        "triplet_margin_with_distance_loss",
        "triplet_margin",
        _TRIPLET_DISTANCE,
        "anchor, positive, negative, " + _TRIPLET_DISTANCE,
    ),
    (
        "CTCLoss",
        "ctc_loss",
        "ctc",
        f"blank=0, {_REDUCTION}, zero_infinity=False",
        f"log_probs, targets, input_lengths, target_lengths, blank=0, {_REDUCTION}, zero_infinity=False",
    ),
)
"""Class, function, kind, signature of the class, signature of the function. The prediction comes first in both.

The function's row has the same kind; its first two arguments are the inputs of the loss, the rest are those of the class.
`smooth_l1` is the Huber loss divided by its threshold (`beta`).
"""

_LOADER = (
    "dataset, batch_size=1, shuffle=None, sampler=None, batch_sampler=None, num_workers=0, collate_fn=None, pin_memory=False, "
    "drop_last=False, timeout=0, worker_init_fn=None, multiprocessing_context=None, generator=None, *, prefetch_factor=None, "
    "persistent_workers=False, pin_memory_device='', in_order=True"
)
_DATA: tuple[tuple[str, str, str, str, str], ...] = (
    ("TensorDataset", "dataset", "tensor_dataset", "*tensors", "dataset"),
    ("Subset", "dataset", "subset", "dataset, indices", "dataset"),
    ("ConcatDataset", "dataset", "concat_dataset", "datasets", "dataset"),
    ("ChainDataset", "dataset", "chain_dataset", "datasets", "dataset"),
    ("StackDataset", "dataset", "stack_dataset", "*args, **kwargs", "dataset"),
    ("DataLoader", "loader", "data_loader", _LOADER, "dataloader"),
    ("RandomSampler", "sampler", "random", "data_source, replacement=False, num_samples=None, generator=None", "sampler"),
    ("SequentialSampler", "sampler", "sequential", "data_source", "sampler"),
    ("SubsetRandomSampler", "sampler", "subset_random", "indices, generator=None", "sampler"),
    ("WeightedRandomSampler", "sampler", "weighted", "weights, num_samples, replacement=True, generator=None", "sampler"),
    ("BatchSampler", "sampler", "batch", "sampler, batch_size, drop_last", "sampler"),
    (
        "DistributedSampler",
        "sampler",
        "distributed",
        "dataset, num_replicas=None, rank=None, shuffle=True, seed=0, drop_last=False",
        "distributed",
    ),
    ("Dataset", "base", "dataset", "", "dataset"),
    ("IterableDataset", "base", "iterable_dataset", "", "dataset"),
    ("Sampler", "base", "sampler", "", "sampler"),
    ("random_split", "function", "split", "dataset, lengths, generator=None", "dataset"),
)

_KAIMING = "tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None"
INITIALIZERS: tuple[tuple[str, str, str], ...] = (
    ("zeros_", "zeros", "tensor"),
    ("ones_", "ones", "tensor"),
    ("constant_", "constant", "tensor, value|val"),
    ("uniform_", "uniform", "tensor, low|a=0.0, high|b=1.0, generator=None"),
    ("normal_", "normal", "tensor, mean=0.0, stddev|std=1.0, generator=None"),
    ("trunc_normal_", "truncated_normal", "tensor, mean=0.0, stddev|std=1.0, low|a=-2.0, high|b=2.0, generator=None"),
    ("xavier_uniform_", "glorot_uniform", "tensor, gain=1.0, generator=None"),
    ("xavier_normal_", "glorot_normal", "tensor, gain=1.0, generator=None"),
    ("kaiming_uniform_", "he_uniform", _KAIMING),
    ("kaiming_normal_", "he_normal", _KAIMING),
    ("orthogonal_", "orthogonal", "tensor, gain=1, generator=None"),
    ("sparse_", "sparse", "tensor, sparsity, stddev|std=0.01, generator=None"),
    ("eye_", "identity", "tensor"),
    ("dirac_", "dirac", "tensor, groups=1"),
)
_UNDERSCORELESS = frozenset(
    [
        "uniform",
        "normal",
        "constant",
        "xavier_uniform",
        "xavier_normal",
        "kaiming_uniform",
        "kaiming_normal",
        "orthogonal",
        "sparse",
        "eye",
        "dirac",
    ]
)
"""Names without the underscore, deprecated since 0.4 and still there."""

_SCALER = "init_scale=65536.0, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000, enabled=True"
_GRADIENT = "retain_graph=None, create_graph=False"
_FUNCTIONS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("nn.Parameter", "parameter", "data=None, requires_grad=True", ("nn.parameter.Parameter",)),
    ("autograd.Variable", "variable", "data=None, requires_grad=False", ("autograd.variable.Variable",)),
    (
        "autograd.grad",
        "gradient",
        (
            f"outputs, inputs, grad_outputs=None, {_GRADIENT}, only_inputs=True, allow_unused=None, is_grads_batched=False, "
            "materialize_grads=False"
        ),
        (),
    ),
    ("autograd.backward", "backward", f"tensors, grad_tensors=None, {_GRADIENT}, grad_variables=None, inputs=None", ()),
    (
        "nn.utils.clip_grad_norm_",
        "clip",
        "parameters, maximum|max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None",
        ("nn.utils.clip_grad_norm", "nn.utils.clip_grad.clip_grad_norm_"),
    ),
    (
        "nn.utils.clip_grad_value_",
        "clip",
        "parameters, maximum|clip_value, foreach=None",
        ("nn.utils.clip_grad.clip_grad_value_",),
    ),
    (
        "nn.DataParallel",
        "wrapper",
        "module, device_ids=None, output_device=None, dim=0",
        ("nn.parallel.DataParallel", "nn.parallel.data_parallel.DataParallel"),
    ),
    (
        "nn.parallel.DistributedDataParallel",
        "wrapper",
        "module, device_ids=None, output_device=None, dim=0, **kwargs",
        ("nn.parallel.distributed.DistributedDataParallel",),
    ),
    ("compile", "wrapper", "model=None, **kwargs", ()),
)

_SCALER = "init_scale=65536.0, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000, enabled=True"
_OTHERS: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("amp.GradScaler", "object", "grad_scaler", f"device='cuda', {_SCALER}", ("GradScaler", "amp.grad_scaler.GradScaler")),
    ("cuda.amp.GradScaler", "object", "grad_scaler", _SCALER, ("cuda.amp.grad_scaler.GradScaler",)),
    (
        "amp.autocast",
        "context",
        "autocast",
        "device_type, dtype=None, enabled=True, cache_enabled=None",
        ("autocast", "amp.autocast_mode.autocast"),
    ),
    ("cuda.amp.autocast", "context", "autocast", "enabled=True, dtype='float16', cache_enabled=True", ()),
    ("no_grad", "context", "no_grad", "", ("autograd.no_grad",)),
    ("inference_mode", "context", "no_grad", "mode=True", ("autograd.inference_mode",)),
    ("enable_grad", "context", "enable_grad", "orig_func=None", ("autograd.enable_grad",)),
    ("set_grad_enabled", "context", "set_grad_enabled", "mode", ("autograd.set_grad_enabled",)),
    ("autograd.detect_anomaly", "context", "detect_anomaly", "check_nan=True", ()),
    ("autograd.set_detect_anomaly", "context", "detect_anomaly", "mode, check_nan=True", ()),
    ("autograd.Function", "base", "function", "", ()),
    (
        "optim.swa_utils.AveragedModel",
        "model",
        "averaged",
        "model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False",
        (),
    ),
)

PARAMETERS = Row("torch.nn.Module.parameters", "object", "parameters")
PARAMETER_STATE = Row("torch.nn.Parameter.state", "object", "parameter_state")
PARAMETER_GROUP = Row("torch.optim.Optimizer.param_groups", "object", "parameter_group")
STATE_DICT = Row("torch.nn.Module.state_dict", "object", "state_dict")
CLASS = Row("torch.nn.Module.__class__", "object", "class")
"""What the handlers make: `parameters()`, one parameter's state, an entry of `param_groups`, `state_dict()`, a layer's class."""

ROWS: tuple[Row, ...] = (
    *(
        Row(
            f"torch.nn.{name}",
            "loss",
            kind,
            signature,
            (f"torch.nn.modules.loss.{name}",),
            (),
            f"{_DOCS}/generated/torch.nn.{name}.html",
        )
        for name, _, kind, signature, _ in LOSSES
    ),
    *(
        Row(
            f"torch.nn.functional.{name}",
            "function",
            kind,
            signature,
            (),
            (),
            f"{_DOCS}/generated/torch.nn.functional.{name}.html",
        )
        for _, name, kind, _, signature in LOSSES
    ),
    *(
        Row(f"torch.utils.data.{name}", makes, kind, signature, (f"torch.utils.data.{module}.{name}",), (), f"{_DOCS}/data.html")
        for name, makes, kind, signature, module in _DATA
    ),
    *(
        Row(
            f"torch.nn.init.{name}",
            "function",
            kind,
            signature,
            (f"torch.nn.init.{name[:-1]}",) if name[:-1] in _UNDERSCORELESS else (),
            (),
            f"{_DOCS}/nn.init.html",
        )
        for name, kind, signature in INITIALIZERS
    ),
    *(
        Row(f"torch.{name}", makes, kind, signature, tuple(f"torch.{alias}" for alias in aliases), (), f"{_DOCS}/index.html")
        for name, makes, kind, signature, aliases in (
            *_OTHERS,
            *((name, "function", kind, signature, aliases) for name, kind, signature, aliases in _FUNCTIONS),
        )
    ),
)
