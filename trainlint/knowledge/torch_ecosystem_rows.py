"""What trains PyTorch models beside PyTorch: wrappers of modules, launchers of processes, Lightning, Accelerate, Transformers."""

from __future__ import annotations

from trainlint.knowledge.rows import Row

_LIGHTNING = "https://lightning.ai/docs/pytorch/stable/common/trainer.html"
_ACCELERATE = "https://huggingface.co/docs/accelerate/package_reference/accelerator"
_TRANSFORMERS = "https://huggingface.co/docs/transformers/main_classes/trainer"

WRAPPERS: tuple[str, ...] = (
    "torch.distributed.fsdp.FullyShardedDataParallel",
    "torch.distributed.fsdp.fully_sharded_data_parallel.FullyShardedDataParallel",
    "torch.distributed.fsdp.fully_shard",
    "torch.distributed._composable.fsdp.fully_shard",
    "torch.distributed._composable.replicate",
    "torch.distributed.tensor.parallel.parallelize_module",
    "torch.distributed.algorithms._checkpoint.checkpoint_wrapper.checkpoint_wrapper",
    "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
    "torch.jit.trace",
    "torch.nn.utils.weight_norm",
    "torch.nn.utils.spectral_norm",
    "torch.nn.utils.parametrizations.weight_norm",
    "torch.nn.utils.parametrizations.spectral_norm",
    "apex.parallel.DistributedDataParallel",
    "apex.parallel.convert_syncbn_model",
    "fairscale.nn.FullyShardedDataParallel",
)
"""Functions and classes whose first argument is a module, and which give a module that computes the same."""

SPAWNERS: tuple[str, ...] = (
    "torch.multiprocessing.spawn",
    "torch.multiprocessing.start_processes",
    "torch.multiprocessing.spawn.spawn",
)
"""`spawn(fn, args, nprocs)`: every process calls `fn(rank, *args)`."""

PROCESS = Row("multiprocessing.Process", "process", "process", "group=None, target=None, name=None, args=(), kwargs=None, **rest")
PROCESSES: tuple[str, ...] = (
    "torch.multiprocessing.Process",
    "multiprocessing.Process",
    "multiprocessing.context.Process",
    "threading.Thread",
)
"""`Process(target, args, kwargs)`: `start()` calls the target."""

_TRAINER_ARGUMENTS = (
    "max_epochs=None, max_steps=-1, gradient_clip_val=None, gradient_clip_algorithm=None, accumulate_grad_batches=1, "
    "precision=None, **kwargs"
)
_HUB_ARGUMENTS = (
    "output_dir=None, learning_rate=5e-05, weight_decay=0.0, adam_beta1=0.9, adam_beta2=0.999, epsilon|adam_epsilon=1e-08, "
    "max_grad_norm=1.0, num_train_epochs=3.0, max_steps=-1, lr_scheduler_type='linear', warmup_ratio=0.0, warmup_steps=0, "
    "per_device_train_batch_size|per_gpu_train_batch_size=8, gradient_accumulation_steps=1, optim='adamw_torch', **kwargs"
)
_HUB_TRAINER = (
    "model=None, args=None, data_collator=None, train_dataset=None, eval_dataset=None, processing_class|tokenizer=None, "
    "model_init=None, compute_loss_func=None, compute_metrics=None, callbacks=None, optimizers=(None, None), **kwargs"
)
ACCELERATOR = "accelerate.Accelerator"
_SKORCH = (
    "module, criterion=None, optimizer=None, lr=0.01, max_epochs=10, batch_size=128, iterator_train=None, iterator_valid=None, "
    "dataset=None, train_split=None, callbacks=None, predict_nonlinearity='auto', warm_start=False, verbose=1, device='cpu', "
    "**kwargs"
)
_LEARNER = "dls, model, loss_func=None, opt_func=None, lr=0.001, splitter=None, cbs=None, metrics=None, path=None, **kwargs"
TRAINERS: tuple[tuple[str, str, str, tuple[str, ...], str], ...] = (
    (
        "skorch.NeuralNetClassifier",
        "skorch_classifier",
        _SKORCH,
        ("skorch.classifier.NeuralNetClassifier",),
        "https://skorch.readthedocs.io",
    ),
    ("skorch.NeuralNetBinaryClassifier", "skorch_binary", _SKORCH, (), "https://skorch.readthedocs.io"),
    (
        "skorch.NeuralNetRegressor",
        "skorch_regressor",
        _SKORCH,
        ("skorch.regressor.NeuralNetRegressor",),
        "https://skorch.readthedocs.io",
    ),
    ("skorch.NeuralNet", "skorch_net", _SKORCH, ("skorch.net.NeuralNet",), "https://skorch.readthedocs.io"),
    (
        "fastai.learner.Learner",
        "fastai_learner",
        _LEARNER,
        ("fastai.basics.Learner", "fastai.vision.all.Learner", "fastai.tabular.all.Learner", "fastai.text.all.Learner"),
        "https://docs.fast.ai/learner.html",
    ),
    *(
        (
            f"fastai.{name}",
            "fastai_learner",
            "dls, arch, loss_func=None, opt_func=None, lr=0.001, **kwargs",
            paths,
            "https://docs.fast.ai",
        )
        for name, paths in (
            ("vision.learner.vision_learner", ("fastai.vision.all.vision_learner", "fastai.vision.all.cnn_learner")),
            ("text.learner.text_classifier_learner", ("fastai.text.all.text_classifier_learner",)),
        )
    ),
)
"""What runs training loops by itself: name, kind, signature, aliases and where it is documented."""

_WARM_UP = "optimizer, num_warmup_steps=0, num_training_steps=None, *args, **kwargs"
HUB_SCHEDULES: tuple[tuple[str, str, str], ...] = (
    ("get_constant_schedule", "constant_rate", "optimizer, last_epoch=-1"),
    ("get_constant_schedule_with_warmup", "constant_warmup", "optimizer, num_warmup_steps=0, last_epoch=-1"),
    ("get_linear_schedule_with_warmup", "linear_warmup", _WARM_UP),
    ("get_cosine_schedule_with_warmup", "cosine_warmup", _WARM_UP),
    ("get_cosine_with_hard_restarts_schedule_with_warmup", "cosine_warmup", _WARM_UP),
    ("get_polynomial_decay_schedule_with_warmup", "polynomial_warmup", _WARM_UP),
)
"""Schedules of Transformers, whose rate rises to the optimizer's and falls from there: name, kind and signature."""

_TEXT = "dataset, batch_size, sort_key=None, device=None, train=True, repeat=False, **kwargs"
OTHER_LOADERS: tuple[tuple[str, str, str], ...] = (
    (
        "timm.data.create_loader",
        "dataset, input_size, batch_size, is_training=False, **kwargs",
        "https://huggingface.co/docs/timm",
    ),
    ("torchtext.legacy.data.BucketIterator", _TEXT, "https://github.com/pytorch/text/tree/v0.9.0/torchtext/legacy"),
    ("torchtext.legacy.data.Iterator", _TEXT, "https://github.com/pytorch/text/tree/v0.9.0/torchtext/legacy"),
    ("torchtext.legacy.data.BPTTIterator", _TEXT, "https://github.com/pytorch/text/tree/v0.9.0/torchtext/legacy"),
)
"""Loaders besides PyTorch's: name, signature and where it is documented."""

TIMM_NETWORK = "model_name, pretrained=False, *, checkpoint_path=None, num_classes=1000, in_chans=3, drop_rate=0.0, **kwargs"
"""The signature of `timm.create_model` (https://huggingface.co/docs/timm/reference/models)."""
LIGHTNING_MODULE = "pytorch_lightning.LightningModule"
LIGHTNING_MODULES = (
    *("lightning.LightningModule", "lightning.pytorch.LightningModule"),
    *("pytorch_lightning.core.LightningModule", "pytorch_lightning.core.lightning.LightningModule"),
    *("pytorch_lightning.core.module.LightningModule", "lightning.pytorch.core.LightningModule"),
)
"""Other paths to the `LightningModule`."""

ROWS: tuple[Row, ...] = (
    *(Row(name, "trainer", kind, signature, aliases, source=source) for name, kind, signature, aliases, source in TRAINERS),
    *(
        Row(f"transformers.{name}", "schedule", kind, signature, (f"transformers.optimization.{name}",), source=_TRANSFORMERS)
        for name, kind, signature in HUB_SCHEDULES
    ),
    *(
        Row(name, "loader", "other_loader", signature, (name.replace(".legacy", ""),) if ".legacy" in name else (), source=source)
        for name, signature, source in OTHER_LOADERS
    ),
    Row(
        "tap.Tap",
        "base",
        "settings",
        "*args, **kwargs",
        ("tap.tap.Tap",),
        source="https://github.com/swansonk14/typed-argument-parser",
    ),
    Row(LIGHTNING_MODULE, "base", "module", "", LIGHTNING_MODULES, source=_LIGHTNING),
    Row(
        "pytorch_lightning.Trainer",
        "trainer",
        "lightning_trainer",
        _TRAINER_ARGUMENTS,
        ("lightning.Trainer", "lightning.pytorch.Trainer", "pytorch_lightning.trainer.Trainer"),
        source=_LIGHTNING,
    ),
    Row(
        "pytorch_lightning.LightningDataModule",
        "base",
        "data_module",
        "",
        ("lightning.LightningDataModule", "lightning.pytorch.LightningDataModule"),
        source=_LIGHTNING,
    ),
    Row(
        ACCELERATOR,
        "accelerator",
        "accelerator",
        "gradient_accumulation_steps=1, **kwargs",
        ("accelerate.accelerator.Accelerator",),
        source=_ACCELERATE,
    ),
    Row(
        "transformers.TrainingArguments",
        "object",
        "training_arguments",
        _HUB_ARGUMENTS,
        ("transformers.Seq2SeqTrainingArguments", "transformers.training_args.TrainingArguments"),
        source=_TRANSFORMERS,
    ),
    Row(
        "transformers.Trainer",
        "trainer",
        "hub_trainer",
        _HUB_TRAINER,
        ("transformers.Seq2SeqTrainer", "transformers.trainer.Trainer"),
        source=_TRANSFORMERS,
    ),
)
