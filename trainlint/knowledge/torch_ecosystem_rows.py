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
LIGHTNING_MODULE = "pytorch_lightning.LightningModule"
LIGHTNING_MODULES = (
    *("lightning.LightningModule", "lightning.pytorch.LightningModule"),
    *("pytorch_lightning.core.LightningModule", "pytorch_lightning.core.lightning.LightningModule"),
    *("pytorch_lightning.core.module.LightningModule", "lightning.pytorch.core.LightningModule"),
)
"""Other paths to the `LightningModule`."""

ROWS: tuple[Row, ...] = (
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
