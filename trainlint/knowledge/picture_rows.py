"""Pictures: what OpenCV, Pillow, scikit-image, SciPy and `tf.image` read and resize, as rows of functions on arrays."""

from __future__ import annotations

from trainlint.knowledge.rows import Row

_OPENCV = "https://docs.opencv.org/4.x"
_SKIMAGE = "https://scikit-image.org/docs/stable/api"
_SCIPY = "https://docs.scipy.org/doc/scipy-1.0.0/reference/misc.html"
_PILLOW = "https://pillow.readthedocs.io/en/stable/reference/Image.html"
_TENSORFLOW = "https://www.tensorflow.org/api_docs/python/tf/image"

PICTURE_OBJECTS = frozenset({"PIL.Image.open", "keras.utils.load_img", "PIL.Image.fromarray"})
"""What gives a Pillow image: its size is width by height, and its methods make other images."""

_RESIZED: tuple[tuple[str, str, str, str], ...] = (
    ("cv2.resize", "resized_wide", "x|src, size|dsize, dst=None, fx=None, fy=None, interpolation=None", _OPENCV),
    (
        "skimage.transform.resize",
        "resized_fraction",
        "x|image, size|output_shape, order=None, mode='reflect', cval=0, clip=True, preserve_range=False, anti_aliasing=None",
        _SKIMAGE,
    ),
    ("scipy.misc.imresize", "resized_bytes", "x|arr, size, interp='bilinear', mode=None", _SCIPY),
    (
        "tensorflow.image.resize",
        "resized",
        "x|images, size, method='bilinear', preserve_aspect_ratio=False, antialias=False, name=None",
        _TENSORFLOW,
    ),
    (
        "tensorflow.image.resize_images",
        "resized",
        "x|images, size, method='bilinear', align_corners=False, preserve_aspect_ratio=False, name=None",
        _TENSORFLOW,
    ),
    ("tensorflow.image.resize_with_pad", "resized_pair", "x|image, height|target_height, width|target_width", _TENSORFLOW),
    (
        "tensorflow.image.resize_with_crop_or_pad",
        "resized_pair",
        "x|image, height|target_height, width|target_width",
        _TENSORFLOW,
    ),
    (
        "tensorflow.image.resize_image_with_crop_or_pad",
        "resized_pair",
        "x|image, height|target_height, width|target_width",
        _TENSORFLOW,
    ),
)

_CHANGED: tuple[tuple[str, str, str, str], ...] = (
    ("cv2.cvtColor", "recoloured", "x|src, code, dst=None, dstCn=0", _OPENCV),
    ("skimage.color.rgb2gray", "grey_fraction", "x|rgb", _SKIMAGE),
    ("tensorflow.image.rgb_to_grayscale", "grey", "x|images, name=None", _TENSORFLOW),
    ("cv2.rotate", "turned", "x|src, quarters|rotateCode, dst=None", _OPENCV),
    ("tensorflow.image.rot90", "turned", "x|image, quarters|k=1, name=None", _TENSORFLOW),
    *((f"cv2.{name}", "warped", "x|src, M, size|dsize, *args, **kwargs", _OPENCV) for name in ("warpAffine", "warpPerspective")),
    ("tensorflow.image.per_image_standardization", "standardized_picture", "x|image", _TENSORFLOW),
    *(
        (f"cv2.{name}", "same_picture", "x|src, *args, **kwargs", _OPENCV)
        for name in ("flip", "GaussianBlur", "medianBlur", "blur", "bilateralFilter", "equalizeHist")
    ),
    *(
        (f"tensorflow.image.{name}", "same_picture", "x|image, *args, **kwargs", _TENSORFLOW)
        for name in ("flip_left_right", "flip_up_down")
    ),
    *(
        (f"tensorflow.image.{name}", "random_picture", "x|image, *args, **kwargs", _TENSORFLOW)
        for name in ("random_flip_left_right", "random_flip_up_down")
    ),
    *(
        (f"tensorflow.image.{name}", "random_colours", "x|image, *args, **kwargs", _TENSORFLOW)
        for name in ("random_brightness", "random_contrast", "random_saturation", "random_hue", "random_jpeg_quality")
    ),
)

_DECODED = ("decode_jpeg", "decode_png", "decode_image", "decode_bmp", "decode_gif", "decode_and_crop_jpeg")

ROWS: tuple[Row, ...] = (
    *(Row(name, "operation", kind, signature, source=source) for name, kind, signature, source in (*_RESIZED, *_CHANGED)),
    *(
        Row(
            f"tensorflow.image.{name}",
            "operation",
            "decoded",
            "source|contents, channels=0, **kwargs",
            (f"tensorflow.io.{name}",),
            source=_TENSORFLOW,
        )
        for name in _DECODED
    ),
    Row(
        "scipy.misc.imread",
        "operation",
        "read",
        "source|name, flatten=False, mode=None",
        ("scipy.ndimage.imread",),
        source=_SCIPY,
    ),
    Row("PIL.Image.fromarray", "operation", "same_picture", "x|obj, mode=None", source=_PILLOW),
)
"""The rows of functions; those of Keras itself are in `keras_preprocessing_rows`."""
