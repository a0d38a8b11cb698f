"""Pretrained networks of Keras: which inputs each family wants, and what its `preprocess_input` does to bytes."""

from __future__ import annotations

_DOCS = "https://keras.io/api/applications"

MODES: dict[str, str] = {
    **dict.fromkeys(("vgg16", "vgg19", "resnet50", "resnet"), "caffe"),
    **dict.fromkeys(("densenet",), "torch"),
    **dict.fromkeys(
        (
            *("mobilenet", "mobilenet_v2", "inception_v3", "inception_resnet_v2", "xception"),
            *("resnet_v2", "nasnet"),
        ),
        "tf",
    ),
    **dict.fromkeys(("efficientnet", "efficientnet_v2", "mobilenet_v3", "convnext", "regnet", "resnet_rs"), "inside"),
}
"""What `keras.applications.<module>.preprocess_input` does. tf: x/127.5 - 1; torch: x/255, minus mean, by deviation; caffe: BGR
minus the mean in bytes; inside: nothing, since the network does it itself."""

FAMILIES: tuple[tuple[str, str], ...] = (
    ("EfficientNetV2", "efficientnet_v2"),
    ("EfficientNet", "efficientnet"),
    ("MobileNetV3", "mobilenet_v3"),
    ("MobileNetV2", "mobilenet_v2"),
    ("MobileNet", "mobilenet"),
    ("ConvNeXt", "convnext"),
    ("RegNet", "regnet"),
    ("ResNetRS", "resnet_rs"),
    ("InceptionResNetV2", "inception_resnet_v2"),
    ("InceptionV3", "inception_v3"),
    ("Xception", "xception"),
    ("DenseNet", "densenet"),
    ("NASNet", "nasnet"),
    ("VGG16", "vgg16"),
    ("VGG19", "vgg19"),
)
"""How the names of a family's networks begin, and its module; the first that fits."""

ALWAYS_INSIDE = "efficientnet"
"""The family that rescales without being asked; the others of mode "inside" have `include_preprocessing=True`."""

CAFFE_MEAN = (103.939, 116.779, 123.68)
TORCH_MEAN = (0.485, 0.456, 0.406)
TORCH_DEVIATION = (0.229, 0.224, 0.225)
"""Statistics of ImageNet, in bytes (BGR) and as fractions."""

SOURCE = f"{_DOCS}/#usage-examples-for-image-classification-models"


def family_of(network: str) -> str:
    """The module of a network by its class name ("EfficientNetB0" is of "efficientnet"); "" if it is none of those."""
    if network.startswith("ResNet") and not network.startswith("ResNetRS"):
        return "resnet_v2" if network.endswith("V2") else "resnet50"
    return next((module for start, module in FAMILIES if network.startswith(start)), "")
