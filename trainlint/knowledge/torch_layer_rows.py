"""Layers, activations and containers of `torch.nn`.

Kinds are operations of `facts.graph`. What that has no operation for keeps a kind of its own (`adaptive_average_pool`,
`transformer_encoder`, ...). Batch-norm `momentum` is PyTorch's: the weight of the new batch, one minus that of Keras.
"""

from __future__ import annotations

from trainlint.knowledge.rows import Row

_DOCS = "https://docs.pytorch.org/docs/stable/generated/torch.nn"

_PLACED = ", device=None, dtype=None"
_CONV_TAIL = ", groups=1, use_bias|bias=True, padding_mode='zeros'" + _PLACED
_CONV = "filters|out_channels, kernel_size, strides|stride=1, padding=0, dilation=1" + _CONV_TAIL
_TRANSPOSED = (
    "filters|out_channels, kernel_size, strides|stride=1, padding=0, output_padding=0, groups=1, use_bias|bias=True, dilation=1, "
    "padding_mode='zeros'" + _PLACED
)
_BATCH_NORM = "epsilon|eps=1e-05, momentum=0.1, affine=True, track_running_stats=True"
_INSTANCE_NORM = "epsilon|eps=1e-05, momentum=0.1, affine=False, track_running_stats=False"
_NORM_TAIL = _PLACED + ", *, use_bias|bias=True"
_CHANNELS = "channels|num_features, "
_MAX_POOL = "pool_size|kernel_size, strides|stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False"
_AVERAGE_POOL = "pool_size|kernel_size, strides|stride=None, padding=0, ceil_mode=False, count_include_pad=True"
_LP_POOL = "norm_type, pool_size|kernel_size, strides|stride=None, ceil_mode=False"
_UNPOOL = "pool_size|kernel_size, strides|stride=None, padding=0"
_SEQUENCE = "use_bias|bias=True, batch_first=False, dropout=0.0, bidirectional=False, proj_size=0" + _PLACED
_RECURRENT = "input_size, units|hidden_size, num_layers=1, "
_CELL = "input_size, units|hidden_size, use_bias|bias=True"
_DROPOUT = "rate|p=0.5, inplace=False"
_INPLACE = "inplace=False"
_TRANSFORMER_LAYER = (
    "units|d_model, heads|nhead, dim_feedforward=2048, dropout=0.1, activation=None, layer_norm_eps=1e-05, batch_first=False, "
    "norm_first=False, use_bias|bias=True" + _PLACED
)

_Entry = tuple[str, str, str]
"""Class, kind, signature."""

LAYERS: dict[str, tuple[_Entry, ...]] = {
    "linear": (
        ("Linear", "dense", "in_features, units|out_features, use_bias|bias=True" + _PLACED),
        ("LazyLinear", "dense", "units|out_features, use_bias|bias=True" + _PLACED),
        ("Bilinear", "bilinear", "in1_features, in2_features, units|out_features, use_bias|bias=True" + _PLACED),
        ("Identity", "identity", "*args, **kwargs"),
    ),
    "conv": (
        *((f"Conv{n}d", "conv", "in_channels, " + _CONV) for n in (1, 2, 3)),
        *((f"LazyConv{n}d", "conv", _CONV) for n in (1, 2, 3)),
        *((f"ConvTranspose{n}d", "conv_transpose", "in_channels, " + _TRANSPOSED) for n in (1, 2, 3)),
        *((f"LazyConvTranspose{n}d", "conv_transpose", _TRANSPOSED) for n in (1, 2, 3)),
    ),
    "batchnorm": (
        *((f"BatchNorm{n}d", "batch_norm", _CHANNELS + _BATCH_NORM + _NORM_TAIL) for n in (1, 2, 3)),
        *((f"LazyBatchNorm{n}d", "batch_norm", _BATCH_NORM + _NORM_TAIL) for n in (1, 2, 3)),
        ("SyncBatchNorm", "batch_norm", _CHANNELS + _BATCH_NORM + ", process_group=None" + _NORM_TAIL),
    ),
    "instancenorm": (
        *((f"InstanceNorm{n}d", "instance_norm", _CHANNELS + _INSTANCE_NORM + _NORM_TAIL) for n in (1, 2, 3)),
        *((f"LazyInstanceNorm{n}d", "instance_norm", _BATCH_NORM + _NORM_TAIL) for n in (1, 2, 3)),
    ),
    "normalization": (
        (
            "LayerNorm",
            "layer_norm",
            "normalized_shape, epsilon|eps=1e-05, affine|elementwise_affine=True, center|bias=True" + _PLACED,
        ),
        ("RMSNorm", "rms_norm", "normalized_shape, epsilon|eps=None, affine|elementwise_affine=True" + _PLACED),
        ("GroupNorm", "group_norm", "groups|num_groups, channels|num_channels, epsilon|eps=1e-05, affine=True" + _NORM_TAIL),
        ("LocalResponseNorm", "local_response_norm", "size, alpha=0.0001, beta=0.75, k=1.0"),
        ("CrossMapLRN2d", "local_response_norm", "size, alpha=0.0001, beta=0.75, k=1"),
    ),
    "pooling": (
        *((f"MaxPool{n}d", "max_pool", _MAX_POOL) for n in (1, 2, 3)),
        ("AvgPool1d", "average_pool", _AVERAGE_POOL),
        *((f"AvgPool{n}d", "average_pool", _AVERAGE_POOL + ", divisor_override=None") for n in (2, 3)),
        *((f"AdaptiveAvgPool{n}d", "adaptive_average_pool", "output_size") for n in (1, 2, 3)),
        *((f"AdaptiveMaxPool{n}d", "adaptive_max_pool", "output_size, return_indices=False") for n in (1, 2, 3)),
        *((f"LPPool{n}d", "lp_pool", _LP_POOL) for n in (1, 2, 3)),
        *((f"MaxUnpool{n}d", "max_unpool", _UNPOOL) for n in (1, 2, 3)),
        *(
            (
                f"FractionalMaxPool{n}d",
                "fractional_max_pool",
                "pool_size|kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None",
            )
            for n in (2, 3)
        ),
    ),
    "rnn": (
        (
            "RNN",
            "simple_rnn",
            _RECURRENT + "nonlinearity='tanh', " + _SEQUENCE.replace(", proj_size=0", ""),
        ),
        ("LSTM", "lstm", _RECURRENT + _SEQUENCE),
        ("GRU", "gru", _RECURRENT + _SEQUENCE.replace(", proj_size=0", "")),
        ("RNNCell", "rnn_cell", _CELL + ", nonlinearity='tanh'" + _PLACED),
        ("LSTMCell", "lstm_cell", _CELL + _PLACED),
        ("GRUCell", "gru_cell", _CELL + _PLACED),
    ),
    "sparse": (
        (
            "Embedding",
            "embedding",
            "rows|num_embeddings, units|embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, "
            "sparse=False, _weight=None, _freeze=False" + _PLACED,
        ),
        (
            "EmbeddingBag",
            "embedding_bag",
            "rows|num_embeddings, units|embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode='mean', "
            "sparse=False, _weight=None, include_last_offset=False, padding_idx=None" + _PLACED,
        ),
    ),
    "dropout": tuple(
        (name, "dropout", _DROPOUT)
        for name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")
    ),
    "flatten": (
        ("Flatten", "flatten", "start_dim=1, end_dim=-1"),
        ("Unflatten", "unflatten", "dim, unflattened_size"),
    ),
    "padding": (
        *((f"ZeroPad{n}d", "zero_pad", "padding") for n in (1, 2, 3)),
        *((f"ConstantPad{n}d", "pad", "padding, value") for n in (1, 2, 3)),
        *((f"{mode}Pad{n}d", "pad", "padding") for mode in ("Reflection", "Replication", "Circular") for n in (1, 2, 3)),
    ),
    "upsampling": (
        (
            "Upsample",
            "upsample",
            "size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None",
        ),
        ("UpsamplingNearest2d", "upsample", "size=None, scale_factor=None"),
        ("UpsamplingBilinear2d", "upsample", "size=None, scale_factor=None"),
    ),
    "pixelshuffle": (
        ("PixelShuffle", "pixel_shuffle", "upscale_factor"),
        ("PixelUnshuffle", "pixel_unshuffle", "downscale_factor"),
    ),
    "channelshuffle": (("ChannelShuffle", "channel_shuffle", "groups"),),
    "fold": (
        ("Fold", "fold", "output_size, kernel_size, dilation=1, padding=0, strides|stride=1"),
        ("Unfold", "unfold", "kernel_size, dilation=1, padding=0, strides|stride=1"),
    ),
    "distance": (
        ("CosineSimilarity", "cosine_similarity", "axis|dim=1, epsilon|eps=1e-08"),
        ("PairwiseDistance", "pairwise_distance", "p=2.0, epsilon|eps=1e-06, keepdims|keepdim=False"),
    ),
    "activation": (
        ("ReLU", "relu", _INPLACE),
        ("ReLU6", "relu6", _INPLACE),
        ("LeakyReLU", "leaky_relu", "alpha|negative_slope=0.01, inplace=False"),
        ("PReLU", "prelu", "num_parameters=1, init=0.25" + _PLACED),
        ("RReLU", "rrelu", "lower=0.125, upper=0.3333333333333333, inplace=False"),
        ("ELU", "elu", "alpha=1.0, inplace=False"),
        ("CELU", "celu", "alpha=1.0, inplace=False"),
        ("SELU", "selu", _INPLACE),
        ("GELU", "gelu", "approximate='none'"),
        ("SiLU", "swish", _INPLACE),
        ("Mish", "mish", _INPLACE),
        ("GLU", "glu", "axis|dim=-1"),
        ("Sigmoid", "sigmoid", "*args, **kwargs"),
        ("LogSigmoid", "log_sigmoid", "*args, **kwargs"),
        ("Hardsigmoid", "hard_sigmoid", _INPLACE),
        ("Hardswish", "hard_swish", _INPLACE),
        ("Hardtanh", "hard_tanh", "low|min_val=-1.0, high|max_val=1.0, inplace=False, min_value=None, max_value=None"),
        ("Hardshrink", "hard_shrink", "lambd=0.5"),
        ("Softshrink", "soft_shrink", "lambd=0.5"),
        ("Threshold", "threshold", "threshold, value, inplace=False"),
        ("Tanh", "tanh", "*args, **kwargs"),
        ("Tanhshrink", "tanh_shrink", "*args, **kwargs"),
        ("Softplus", "softplus", "beta=1.0, threshold=20.0"),
        ("Softsign", "softsign", "*args, **kwargs"),
        ("Softmax", "softmax", "axis|dim=None"),
        ("Softmax2d", "softmax2d", "*args, **kwargs"),
        ("Softmin", "softmin", "axis|dim=None"),
        ("LogSoftmax", "log_softmax", "axis|dim=None"),
        (
            "MultiheadAttention",
            "attention",
            "units|embed_dim, heads|num_heads, dropout=0.0, use_bias|bias=True, add_bias_kv=False, add_zero_attn=False, "
            "kdim=None, vdim=None, batch_first=False" + _PLACED,
        ),
    ),
    "transformer": (
        (
            "Transformer",
            "transformer",
            "units|d_model=512, heads|nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048, dropout=0.1, "
            "activation=None, custom_encoder=None, custom_decoder=None, layer_norm_eps=1e-05, batch_first=False, "
            "norm_first=False, use_bias|bias=True" + _PLACED,
        ),
        ("TransformerEncoderLayer", "transformer_encoder_layer", _TRANSFORMER_LAYER),
        ("TransformerDecoderLayer", "transformer_decoder_layer", _TRANSFORMER_LAYER),
        (
            "TransformerEncoder",
            "transformer_encoder",
            "encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True",
        ),
        ("TransformerDecoder", "transformer_decoder", "decoder_layer, num_layers, norm=None"),
    ),
}
"""By the submodule of `torch.nn.modules` that defines them."""

ACTIVATIONS = frozenset(kind for _, kind, _ in LAYERS["activation"]) - {"prelu", "attention"}
"""Kinds that compute without parameters, elementwise or along one axis: their call is an operation of that name."""

CONTAINERS: tuple[_Entry, ...] = (
    ("Sequential", "sequential", "*args"),
    ("ModuleList", "module_list", "modules=None"),
    ("ModuleDict", "module_dict", "modules=None"),
    ("ParameterList", "parameter_list", "values=None"),
    ("ParameterDict", "parameter_dict", "parameters=None"),
)

ROWS: tuple[Row, ...] = (
    *(
        Row(f"torch.nn.{name}", "layer", kind, signature, (f"torch.nn.modules.{module}.{name}",), (), f"{_DOCS}.{name}.html")
        for module, entries in LAYERS.items()
        for name, kind, signature in entries
    ),
    *(
        Row(f"torch.nn.{name}", "module", kind, signature, (f"torch.nn.modules.container.{name}",), (), f"{_DOCS}.{name}.html")
        for name, kind, signature in CONTAINERS
    ),
    Row(
        "torch.nn.Module",
        "base",
        "module",
        "",
        ("torch.nn.modules.Module", "torch.nn.modules.module.Module", "torch.jit.ScriptModule"),
        (),
        f"{_DOCS}.Module.html",
    ),
)
