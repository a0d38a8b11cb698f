"""`torch.nn.functional` with explicit weights, and pretrained networks of torchvision.

The names of parameters are those of the layers (`torch_layer_rows`); what stands for a tensor keeps PyTorch's name.
"""

from __future__ import annotations

from trainlint.knowledge.rows import Row

_DOCS = "https://docs.pytorch.org/docs/stable/generated/torch.nn.functional"

_CONV = "input, weight, bias=None, strides|stride=1, padding=0, dilation=1, groups=1"
_CONV_TRANSPOSE = "input, weight, bias=None, strides|stride=1, padding=0, output_padding=0, groups=1, dilation=1"

FUNCTIONAL: tuple[tuple[str, str, str], ...] = (
    ("linear", "dense", "input, weight, bias=None"),
    ("bilinear", "bilinear", "input1, input2, weight, bias=None"),
    ("conv1d", "conv", _CONV),
    ("conv2d", "conv", _CONV),
    ("conv3d", "conv", _CONV),
    ("conv_transpose1d", "conv_transpose", _CONV_TRANSPOSE),
    ("conv_transpose2d", "conv_transpose", _CONV_TRANSPOSE),
    ("conv_transpose3d", "conv_transpose", _CONV_TRANSPOSE),
    ("dropout", "dropout", "input, rate|p=0.5, training=True, inplace=False"),
    ("dropout1d", "dropout", "input, rate|p=0.5, training=True, inplace=False"),
    ("dropout2d", "dropout", "input, rate|p=0.5, training=True, inplace=False"),
    ("dropout3d", "dropout", "input, rate|p=0.5, training=True, inplace=False"),
    ("alpha_dropout", "dropout", "input, rate|p=0.5, training=False, inplace=False"),
    ("feature_alpha_dropout", "dropout", "input, rate|p=0.5, training=False, inplace=False"),
    (
        "batch_norm",
        "batch_norm",
        "input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, epsilon|eps=1e-05",
    ),
    (
        "instance_norm",
        "instance_norm",
        (
            "input, running_mean=None, running_var=None, weight=None, bias=None, use_input_stats=True, momentum=0.1, "
            "epsilon|eps=1e-05"
        ),
    ),
    ("layer_norm", "layer_norm", "input, normalized_shape, weight=None, bias=None, epsilon|eps=1e-05"),
    ("group_norm", "group_norm", "input, groups|num_groups, weight=None, bias=None, epsilon|eps=1e-05"),
    ("rms_norm", "rms_norm", "input, normalized_shape, weight=None, epsilon|eps=None"),
    (
        "embedding",
        "embedding",
        "input, weight, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, sparse=False",
    ),
)
"""Function, kind, signature."""

_POOL = ("kernel_size", "stride", "padding")
LIKE_LAYERS: dict[str, tuple[str, tuple[str, ...]]] = {
    **{f"max_pool{n}d": (f"MaxPool{n}d", (*_POOL, "dilation", "ceil_mode", "return_indices")) for n in (1, 2, 3)},
    **{f"avg_pool{n}d": (f"AvgPool{n}d", (*_POOL, "ceil_mode", "count_include_pad", "divisor_override")) for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": (f"AdaptiveAvgPool{n}d", ("output_size",)) for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": (f"AdaptiveMaxPool{n}d", ("output_size", "return_indices")) for n in (1, 2, 3)},
    **{f"lp_pool{n}d": (f"LPPool{n}d", ("norm_type", "kernel_size", "stride", "ceil_mode")) for n in (1, 2, 3)},
    **{f"dropout{n}": (f"Dropout{n}", ("p", "training", "inplace")) for n in ("", "1d", "2d", "3d")},
    "alpha_dropout": ("AlphaDropout", ("p", "training", "inplace")),
    "feature_alpha_dropout": ("FeatureAlphaDropout", ("p", "training", "inplace")),
}
"""Functions without weights that compute what the layer of that name does, with the order of their settings behind the input."""

_IN_TORCH = frozenset({"bilinear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
                       "alpha_dropout", "feature_alpha_dropout", "group_norm", "layer_norm", "rms_norm"})  # fmt: skip
"""Functions that are also reached as `torch.<name>` with arguments in the same order."""

BACKBONES: dict[str, tuple[str, ...]] = {
    "alexnet": ("alexnet",),
    "convnext": ("convnext_tiny", "convnext_small", "convnext_base", "convnext_large"),
    "densenet": ("densenet121", "densenet161", "densenet169", "densenet201"),
    "efficientnet": (
        *(f"efficientnet_b{size}" for size in range(8)),
        *(f"efficientnet_v2_{size}" for size in ("s", "m", "l")),
    ),
    "googlenet": ("googlenet",),
    "inception": ("inception_v3",),
    "mnasnet": ("mnasnet0_5", "mnasnet0_75", "mnasnet1_0", "mnasnet1_3"),
    "mobilenet": ("mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"),
    "regnet": tuple(
        f"regnet_{kind}_{size}" for kind in "xy" for size in ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")
    ),
    "resnet": (
        *(f"resnet{depth}" for depth in (18, 34, 50, 101, 152)),
        "resnext50_32x4d",
        "resnext101_32x8d",
        "resnext101_64x4d",
        "wide_resnet50_2",
        "wide_resnet101_2",
    ),
    "shufflenetv2": tuple(f"shufflenet_v2_x{width}" for width in ("0_5", "1_0", "1_5", "2_0")),
    "squeezenet": ("squeezenet1_0", "squeezenet1_1"),
    "swin_transformer": ("swin_t", "swin_s", "swin_b", "swin_v2_t", "swin_v2_s", "swin_v2_b"),
    "vgg": tuple(f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")),
    "vision_transformer": ("vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32", "vit_h_14"),
}
"""Networks of `torchvision.models` by submodule."""

ROWS: tuple[Row, ...] = (
    *(
        Row(
            f"torch.nn.functional.{name}",
            "function",
            kind,
            signature,
            (f"torch.{name}",) if name in _IN_TORCH else (),
            (),
            f"{_DOCS}.{name}.html",
        )
        for name, kind, signature in FUNCTIONAL
    ),
    *(
        Row(
            f"torchvision.models.{name}",
            "model",
            "backbone",
            "*, weights|pretrained=None, progress=True, **kwargs",
            (f"torchvision.models.{module}.{name}",),
            (),
            f"https://docs.pytorch.org/vision/stable/models/generated/torchvision.models.{name}.html",
        )
        for module, names in BACKBONES.items()
        for name in names
    ),
)
