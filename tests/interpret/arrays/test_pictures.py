"""Pictures: height before width, channels last, and the range of the numbers in them.

OpenCV, Pillow, scikit-image and SciPy say sizes as their documentation does; `tf.image` is asked itself.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.interpret.arrays.making import array, names
from trainlint.interpret.values import Unknown

HEADER = """
import cv2, keras, skimage.color, skimage.transform, scipy.misc, tensorflow as tf, numpy as np
from PIL import Image
from keras.preprocessing.image import load_img, img_to_array
rgb = np.full((48, 64, 3), 200, dtype='uint8')
grey = np.full((48, 64), 200, dtype='uint8')
part = np.full((48, 64, 3), 0.5)
batch = np.full((5, 48, 64, 3), 200, dtype='uint8')
opened = Image.open('a.png')
sized = opened.convert('RGB').resize((32, 16))
"""

TENSORFLOW: tuple[tuple[str, tuple[int, ...], str, tuple[float, float] | None], ...] = (
    ("tf.image.resize(batch, [16, 32])", (5, 16, 32, 3), "float32", (200, 200)),
    ("tf.image.resize(rgb, (16, 32), method='nearest')", (16, 32, 3), "uint8", (200, 200)),
    ("tf.image.resize(rgb, (16, 32), method=tf.image.ResizeMethod.NEAREST_NEIGHBOR)", (16, 32, 3), "uint8", (200, 200)),
    ("tf.image.resize(batch, (16, 32), method='bicubic')", (5, 16, 32, 3), "float32", None),
    ("tf.image.resize_with_pad(batch, 16, 32)", (5, 16, 32, 3), "float32", (0, 200)),
    ("tf.image.resize_with_crop_or_pad(rgb, 16, 80)", (16, 80, 3), "uint8", (0, 200)),
    ("tf.image.rot90(batch)", (5, 64, 48, 3), "uint8", (200, 200)),
    ("tf.image.rot90(rgb, k=2)", (48, 64, 3), "uint8", (200, 200)),
    ("tf.image.rot90(rgb, 3)", (64, 48, 3), "uint8", (200, 200)),
    ("tf.image.flip_left_right(rgb)", (48, 64, 3), "uint8", (200, 200)),
    ("tf.image.rgb_to_grayscale(batch)", (5, 48, 64, 1), "uint8", (200, 200)),
    ("tf.image.per_image_standardization(batch)", (5, 48, 64, 3), "float32", None),
)

OTHERS: tuple[tuple[str, tuple[int | None, ...] | None, str | None, tuple[float, float] | None], ...] = (
    ("cv2.resize(rgb, (32, 16))", (16, 32, 3), "uint8", (200, 200)),
    ("cv2.resize(grey, (32, 16))", (16, 32), "uint8", (200, 200)),
    ("cv2.rotate(rgb, cv2.ROTATE_90_CLOCKWISE)", (64, 48, 3), "uint8", (200, 200)),
    ("cv2.rotate(rgb, cv2.ROTATE_180)", (48, 64, 3), "uint8", (200, 200)),
    ("cv2.rotate(rgb, turns)", (None, None, 3), "uint8", (200, 200)),
    ("cv2.warpAffine(rgb, matrix, (10, 20))", (20, 10, 3), "uint8", (0, 200)),
    ("cv2.warpPerspective(grey, matrix, (10, 20))", (20, 10), "uint8", (0, 200)),
    ("cv2.flip(rgb, 1)", (48, 64, 3), "uint8", (200, 200)),
    ("cv2.GaussianBlur(grey, (3, 3), 0)", (48, 64), "uint8", (200, 200)),
    ("cv2.cvtColor(rgb, cv2.COLOR_BGR2RGB)", (48, 64, 3), "uint8", (200, 200)),
    ("cv2.cvtColor(rgb, cv2.COLOR_BGR2GRAY)", (48, 64), "uint8", (200, 200)),
    ("cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)", (48, 64, 3), "uint8", (200, 200)),
    ("cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA)", (48, 64, 4), "uint8", None),
    ("skimage.transform.resize(rgb, (16, 32))", (16, 32, 3), "float64", (0, 1)),
    ("skimage.transform.resize(rgb, (16, 32), preserve_range=True)", (16, 32, 3), "float64", (200, 200)),
    ("skimage.transform.resize(part, (16, 32, 1))", (16, 32, 1), "float64", (0.5, 0.5)),
    ("skimage.color.rgb2gray(rgb)", (48, 64), "float64", (0, 1)),
    ("skimage.color.rgb2gray(part)", (48, 64), "float64", (0.5, 0.5)),
    ("scipy.misc.imresize(part, (16, 32))", (16, 32, 3), "uint8", (0, 255)),
    ("np.array(sized)", (16, 32, 3), "uint8", (0, 255)),
    ("np.array(sized.convert('L'))", (16, 32), "uint8", (0, 255)),
    ("np.array(sized.convert('RGBA'))", (16, 32, 4), "uint8", (0, 255)),
    ("np.array(sized.convert('F'))", None, None, None),
    ("np.array(sized.rotate(90))", (None, None, 3), "uint8", (0, 255)),
    ("np.array(sized.crop((0, 0, 5, 5)))", (None, None, 3), "uint8", (0, 255)),
    ("np.array(opened)", None, "uint8", (0, 255)),
    ("np.array(opened.convert('RGB'))", (None, None, 3), "uint8", (0, 255)),
    ("np.array(Image.fromarray(rgb).resize((32, 16)))", (16, 32, 3), "uint8", (200, 200)),
    ("img_to_array(load_img('a.png', target_size=(16, 32)))", (16, 32, 3), "float32", (0, 255)),
    ("img_to_array(load_img('a.png', target_size=(16, 32), color_mode='grayscale'))", (16, 32, 1), "float32", (0, 255)),
    ("img_to_array(load_img('a.png', grayscale=True))", (None, None, 1), "float32", (0, 255)),
    ("img_to_array(load_img('a.png', color_mode='rgba'))", (None, None, 4), "float32", (0, 255)),
    ("img_to_array(load_img('a.png', color_mode=mode))", None, "float32", (0, 255)),
    ("img_to_array(picture())", None, "float32", None),
    ("tf.image.decode_jpeg(tf.io.read_file('a'), channels=3)", (None, None, 3), "uint8", (0, 255)),
    ("tf.io.decode_png(tf.io.read_file('a'))", (None, None, None), "uint8", (0, 255)),
    ("tf.io.decode_image(tf.io.read_file('a'))", None, "uint8", (0, 255)),
    ("tf.io.decode_image(tf.io.read_file('a'), channels=1)", (None, None, 1), "uint8", (0, 255)),
    ("tf.io.decode_gif(tf.io.read_file('a'), channels=3)", None, "uint8", (0, 255)),
    ("cv2.resize(picture(), (32, 16))", None, None, None),
    ("cv2.cvtColor(picture(), cv2.COLOR_BGR2RGB)", None, None, None),
)
"""An expression, its shape, element type and the bounds of its entries; None for what is not known."""

NO_PICTURE = (
    "cv2.flip(picture(), 1)",
    "cv2.rotate(picture(), 0)",
    "tf.image.per_image_standardization(picture())",
    "cv2.flip()",
    "sized.thumbnail((5, 5))",
)


def check(expression: str, shape: Any, dtype: str | None, bounds: tuple[float, float] | None) -> None:
    found = array(names(f"{HEADER}found = {expression}\n")["found"])
    assert (found.shape, found.dtype) == (shape, dtype)
    if bounds is not None:
        assert (found.statistics.low, found.statistics.high) == bounds


@pytest.mark.parametrize(("expression", "shape", "dtype", "bounds"), [*TENSORFLOW, *OTHERS])
def test_a_picture_on_its_way(expression: str, shape: Any, dtype: str | None, bounds: tuple[float, float] | None) -> None:
    check(expression, shape, dtype, bounds)


@pytest.mark.parametrize("expression", NO_PICTURE)
def test_what_is_no_picture_stays_unknown(expression: str) -> None:
    assert isinstance(names(f"{HEADER}found = {expression}\n")["found"], Unknown)


def test_interpolations_that_leave_the_range_have_no_bounds() -> None:
    found = array(names(HEADER + "found = tf.image.resize(batch, (16, 32), method='bicubic')")["found"])
    assert (found.statistics.low, found.statistics.high) == (None, None)


@pytest.mark.framework
def test_tensorflow_gives_these_shapes_types_and_bounds() -> None:
    import numpy as np
    import tensorflow as tf

    scope = {
        "tf": tf,
        "rgb": np.full((48, 64, 3), 200, dtype="uint8"),
        "batch": np.full((5, 48, 64, 3), 200, dtype="uint8"),
    }
    for expression, shape, dtype, bounds in TENSORFLOW:
        real = eval(expression, scope)
        assert (tuple(real.shape), real.dtype.name) == (shape, dtype), expression
        if bounds is not None:
            assert bounds[0] <= float(real.numpy().min()), expression
            assert float(real.numpy().max()) <= bounds[1] + 1e-3, expression
