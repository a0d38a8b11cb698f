"""Preprocessing and augmentation layers of Keras, its data sets, generators and utilities."""

from __future__ import annotations

from trainlint.knowledge.keras_layer_rows import Entry, layer_rows
from trainlint.knowledge.rows import Row

_DOCS = "https://keras.io/api"
_RANGE = "value_range=(0, 255)"
_FILL = "fill_mode='reflect', interpolation='bilinear', seed=None, fill_value=0.0, data_format=None"
_LOOKUP = "vocabulary=None, {kind}idf_weights=None, invert=False, output_mode='int', "

PREPROCESSING: tuple[Entry, ...] = (
    ("Rescaling", "rescaling", "scale, offset=0.0"),
    (
        "Resizing",
        "resize",
        (
            "height, width, interpolation='bilinear', crop_to_aspect_ratio=False, pad_to_aspect_ratio=False, "
            "fill_mode='constant', "
            "fill_value=0.0, antialias=False, data_format=None"
        ),
    ),
    ("CenterCrop", "crop", "height, width, data_format=None"),
    ("Discretization", "discretization", "bin_boundaries=None, num_bins=None, epsilon=0.01, output_mode='int', sparse=False"),
    ("CategoryEncoding", "category_encoding", "num_tokens|max_tokens=None, output_mode='multi_hot', sparse=False"),
    ("Hashing", "hashing", "num_bins, mask_value=None, salt=None, output_mode='int', sparse=False"),
    ("HashedCrossing", "hashing", "num_bins, output_mode='int', sparse=False"),
    (
        "StringLookup",
        "lookup",
        "max_tokens=None, num_oov_indices=1, mask_token=None, oov_token='[UNK]', "
        + _LOOKUP.format(kind="")
        + "pad_to_max_tokens=False, sparse=False, encoding='utf-8', name=None, salt=None",
    ),
    (
        "IntegerLookup",
        "lookup",
        "max_tokens=None, num_oov_indices=1, mask_token=None, oov_token=-1, "
        + _LOOKUP.format(kind="vocabulary_dtype='int64', ")
        + "sparse=False, pad_to_max_tokens=False, oov_method='floormod', salt=None, name=None",
    ),
    (
        "TextVectorization",
        "text_vectorization",
        (
            "max_tokens=None, standardize='lower_and_strip_punctuation', split='whitespace', ngrams=None, "
            "output_mode='int', output_sequence_length=None, pad_to_max_tokens=False, vocabulary=None, "
            "idf_weights=None, sparse=False, ragged=False, "
            "encoding='utf-8', name=None"
        ),
    ),
    ("MelSpectrogram", "spectrogram", "fft_length=2048, sequence_stride=512, sequence_length=None, window='hann'"),
)

_AUGMENTATION: tuple[tuple[str, str], ...] = (
    ("RandomFlip", "mode='horizontal_and_vertical', seed=None, data_format=None"),
    ("RandomRotation", f"factor, {_FILL}"),
    ("RandomZoom", f"height_factor, width_factor=None, {_FILL}"),
    ("RandomTranslation", f"height_factor, width_factor, {_FILL}"),
    ("RandomContrast", f"factor, {_RANGE}, seed=None"),
    ("RandomBrightness", f"factor, {_RANGE}, seed=None"),
    ("RandomCrop", "height, width, seed=None, data_format=None, name=None"),
    ("RandomHue", f"factor, {_RANGE}, data_format=None, seed=None"),
    ("RandomSaturation", f"factor, {_RANGE}, data_format=None, seed=None"),
    ("RandomSharpness", f"factor, {_RANGE}, data_format=None, seed=None"),
    ("RandomShear", "x_factor=0.0, y_factor=0.0"),
    ("RandomErasing", "factor=1.0"),
    ("RandomGaussianBlur", "factor=1.0, kernel_size=3, sigma=1.0"),
    ("RandomGrayscale", "factor=0.5, data_format=None, seed=None"),
    ("RandomInvert", "factor=1.0"),
    ("RandomPerspective", "factor=1.0, scale=1.0"),
    ("RandomPosterization", "factor"),
    ("RandomColorJitter", _RANGE),
    ("RandomColorDegeneration", "factor"),
    ("RandomElasticTransform", "factor=1.0, scale=1.0"),
    ("RandAugment", f"{_RANGE}, num_ops=2, factor=0.5"),
    ("AugMix", f"{_RANGE}, num_chains=3, chain_depth=3, factor=0.3, alpha=1.0"),
    ("CutMix", "factor=1.0, seed=None, data_format=None"),
    ("MixUp", "alpha=0.2, data_format=None, seed=None"),
    ("AutoContrast", _RANGE),
    ("Equalization", f"{_RANGE}, bins=256, data_format=None"),
    ("Solarization", "addition_factor=0.0, threshold_factor=0.0"),
)

_DATASETS: tuple[tuple[str, str], ...] = (
    ("mnist", "path='mnist.npz'"),
    ("fashion_mnist", ""),
    ("cifar10", ""),
    ("cifar100", "label_mode='fine'"),
    ("boston_housing", "path='boston_housing.npz', test_split=0.2, seed=113"),
    ("california_housing", "version='large', path='california_housing.npz', test_split=0.2, seed=113"),
    (
        "imdb",
        "path='imdb.npz', num_words|nb_words=None, skip_top=0, maxlen=None, seed=113, start_char=1, oov_char=2, index_from=3",
    ),
    (
        "reuters",
        (
            "path='reuters.npz', num_words|nb_words=None, skip_top=0, maxlen=None, test_split=0.2, seed=113, start_char=1, "
            "oov_char=2, index_from=3"
        ),
    ),
)

_IMAGE_GENERATOR = (
    "featurewise_center=False, samplewise_center=False, featurewise_std_normalization=False, samplewise_std_normalization=False, "
    "zca_whitening=False, zca_epsilon=1e-06, rotation_range=0, width_shift_range=0.0, height_shift_range=0.0, "
    "brightness_range=None, shear_range=0.0, zoom_range=0.0, channel_shift_range=0.0, fill_mode='nearest', cval=0.0, "
    "horizontal_flip=False, vertical_flip=False, rescale=None, preprocessing_function=None, data_format|dim_ordering=None, "
    "validation_split=0.0, interpolation_order=1, dtype=None"
)
_IMAGE_FLOW = (
    "x, y=None, batch_size=32, shuffle=True, sample_weight=None, seed=None, save_to_dir=None, save_prefix='', "
    "save_format='png', ignore_class_split=False, subset=None"
)
_IMAGE_DIRECTORY = (
    "directory, target_size=(256, 256), color_mode='rgb', classes=None, class_mode='categorical', batch_size=32, shuffle=True, "
    "seed=None, save_to_dir=None, save_prefix='', save_format='png', follow_links=False, subset=None, interpolation='nearest', "
    "keep_aspect_ratio=False"
)
_IMAGE_FRAME = (
    "dataframe, directory=None, x_col='filename', y_col='class', weight_col=None, target_size=(256, 256), color_mode='rgb', "
    "classes=None, class_mode='categorical', batch_size=32, shuffle=True, seed=None, save_to_dir=None, save_prefix='', "
    "save_format='png', subset=None, interpolation='nearest', validate_filenames=True"
)
_IMAGE_DATASET = (
    "directory, labels='inferred', label_mode='int', class_names=None, color_mode='rgb', batch_size=32, image_size=(256, 256), "
    "shuffle=True, seed=None, validation_split=None, subset=None, interpolation='bilinear', follow_links=False, "
    "crop_to_aspect_ratio=False, pad_to_aspect_ratio=False, data_format=None, format='tf', verbose=True"
)
_TEXT_DATASET = (
    "directory, labels='inferred', label_mode='int', class_names=None, batch_size=32, max_length=None, shuffle=True, seed=None, "
    "validation_split=None, subset=None, follow_links=False, format='tf', verbose=True"
)
_SERIES_DATASET = (
    "data, targets, sequence_length, sequence_stride=1, sampling_rate=1, batch_size=128, shuffle=False, seed=None, "
    "start_index=None, end_index=None, format='tf'"
)
_TOKENIZER = (
    "num_words|nb_words=None, filters='', lower=True, split=' ', char_level=False, oov_token=None, "
    "analyzer=None, document_count=0"
)

_OTHERS: tuple[tuple[str, str, str, str], ...] = (
    ("preprocessing.image.ImageDataGenerator", "generator", "image_generator", _IMAGE_GENERATOR),
    ("preprocessing.image.ImageDataGenerator.flow", "function", "image_flow", _IMAGE_FLOW),
    ("preprocessing.image.ImageDataGenerator.flow_from_directory", "function", "image_directory", _IMAGE_DIRECTORY),
    ("preprocessing.image.ImageDataGenerator.flow_from_dataframe", "function", "image_frame", _IMAGE_FRAME),
    ("preprocessing.text.Tokenizer", "object", "tokenizer", _TOKENIZER),
    ("preprocessing.text.one_hot", "function", "hashed_words", "input_text|text, n, filters='', lower=True, split=' '"),
    ("utils.image_dataset_from_directory", "dataset", "image_directory", _IMAGE_DATASET),
    ("utils.text_dataset_from_directory", "dataset", "text_directory", _TEXT_DATASET),
    ("utils.timeseries_dataset_from_array", "dataset", "timeseries", _SERIES_DATASET),
    (
        "utils.pad_sequences",
        "function",
        "pad_sequences",
        "sequences, maxlen=None, dtype='int32', padding='pre', truncating='pre', value=0.0",
    ),
    ("utils.to_categorical", "function", "one_hot", "x|y, num_classes|nb_classes=None"),
    ("utils.normalize", "function", "normalize", "x, axis=-1, order=2"),
    (
        "utils.load_img",
        "function",
        "load_image",
        "path, color_mode='rgb', target_size=None, interpolation='nearest', keep_aspect_ratio=False, *, grayscale=False",
    ),
    ("utils.img_to_array", "function", "image_to_array", "img, data_format|dim_ordering=None, dtype=None"),
    ("utils.array_to_img", "function", "array_to_image", "x, data_format|dim_ordering=None, scale=True, dtype=None"),
    ("utils.Sequence", "base", "sequence", "workers=1, use_multiprocessing=False, max_queue_size=10"),
    ("utils.set_random_seed", "function", "seed", "seed"),
    ("utils.plot_model", "function", "plot_model", "model, to_file='model.png', show_shapes=False"),
    ("utils.multi_gpu_model", "function", "multi_gpu_model", "model, gpus=None, cpu_merge=True, cpu_relocation=False"),
)

ROWS: tuple[Row, ...] = (
    *layer_rows(PREPROCESSING),
    *layer_rows(tuple((name, "augmentation", signature) for name, signature in _AUGMENTATION)),
    *(
        Row(f"keras.datasets.{name}.load_data", "function", name, signature, source=f"{_DOCS}/datasets")
        for name, signature in _DATASETS
    ),
    *(Row(f"keras.{name}", makes, kind, signature, source=_DOCS) for name, makes, kind, signature in _OTHERS),
)
