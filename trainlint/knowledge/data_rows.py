"""Where data comes from and what prepares it: scikit-learn, pandas, SciPy, torchvision."""

from __future__ import annotations

from trainlint.knowledge.data_sets import SKLEARN, TORCHVISION
from trainlint.knowledge.picture_rows import ROWS as PICTURE_ROWS
from trainlint.knowledge.rows import Row

_SKLEARN = "https://scikit-learn.org/stable/modules/generated"
_PANDAS = "https://pandas.pydata.org/docs/reference/api"
_VISION = "https://docs.pytorch.org/vision/stable"

SCALERS: dict[str, tuple[str, str]] = {
    "StandardScaler": ("standard", "*, copy=True, with_mean=True, with_std=True"),
    "MinMaxScaler": ("range", "feature_range=(0, 1), *, copy=True, clip=False"),
    "MaxAbsScaler": ("largest", "copy=True, clip=False"),
    "RobustScaler": (
        "robust",
        "*, with_centering=True, with_scaling=True, quantile_range=(25.0, 75.0), copy=True, unit_variance=False",
    ),
    "Normalizer": ("rows", "norm='l2', *, copy=True"),
    "PowerTransformer": ("power", "method='yeo-johnson', *, standardize=True, copy=True"),
    "QuantileTransformer": (
        "quantile",
        "*, n_quantiles=1000, output_distribution='uniform', ignore_implicit_zeros=False, subsample=10000, random_state=None",
    ),
}
"""Scaler of `sklearn.preprocessing`, its kind and signature."""

FITTED: dict[str, tuple[str, str]] = {
    "decomposition.PCA": ("components", "n_components=None, *, copy=True, whiten=False"),
    "decomposition.TruncatedSVD": ("components", "n_components=2, *"),
    "impute.SimpleImputer": ("imputed", "*, missing_values=None, strategy='mean', fill_value=None, copy=True"),
    "impute.KNNImputer": ("imputed", "*, missing_values=None, n_neighbors=5, weights='uniform', copy=True"),
    "feature_selection.SelectKBest": ("selected", "score_func=None, *, k=10"),
    "feature_selection.VarianceThreshold": ("selected", "threshold=0.0"),
    "feature_extraction.text.TfidfVectorizer": ("terms", "*, max_features=None"),
    "compose.ColumnTransformer": ("composed", "transformers, *, remainder='drop'"),
    "compose.make_column_transformer": ("composed", "*transformers, remainder='drop'"),
}
"""What else of scikit-learn is fitted on data and then transforms them, its kind and signature."""

RESAMPLERS = ("RandomOverSampler", "SMOTE", "BorderlineSMOTE", "SVMSMOTE", "ADASYN", "SMOTENC", "SMOTETomek", "SMOTEENN")
"""Classes of imbalanced-learn that add rows."""

ENCODERS: dict[str, tuple[str, str]] = {
    "LabelEncoder": ("labels", ""),
    "OrdinalEncoder": ("ordinals", "*, categories='auto', dtype=None, handle_unknown='error', unknown_value=None"),
    "OneHotEncoder": (
        "one_hot",
        "*, categories='auto', drop=None, sparse_output|sparse=True, dtype=None, handle_unknown='error', min_frequency=None",
    ),
    "LabelBinarizer": ("binarizer", "*, neg_label=0, pos_label=1, sparse_output=False"),
    "MultiLabelBinarizer": ("indicators", "*, classes=None, sparse_output=False"),
}
"""Encoder of `sklearn.preprocessing`, its kind and signature."""

SCALING_FUNCTIONS: dict[str, tuple[str, str]] = {
    "scale": ("standard", "x|X, *, axis=0, with_mean=True, with_std=True, copy=True"),
    "minmax_scale": ("range", "x|X, feature_range=(0, 1), *, axis=0, copy=True"),
    "maxabs_scale": ("largest", "x|X, *, axis=0, copy=True"),
    "robust_scale": ("robust", "x|X, *, axis=0, with_centering=True, with_scaling=True"),
    "normalize": ("rows", "x|X, norm='l2', *, axis=1, copy=True, return_norm=False"),
}

GENERATORS: tuple[tuple[str, str, str], ...] = (
    (
        "make_classification",
        "classification",
        "rows|n_samples=100, columns|n_features=20, *, classes|n_classes=2, n_informative=2, random_state=None",
    ),
    (
        "make_regression",
        "regression",
        "rows|n_samples=100, columns|n_features=100, *, n_informative=10, noise=0.0, targets|n_targets=1, more|coef=False",
    ),
    (
        "make_blobs",
        "blobs",
        "rows|n_samples=100, columns|n_features=2, *, centers=None, cluster_std=1.0, more|return_centers=False",
    ),
    ("make_moons", "moons", "rows|n_samples=100, *, shuffle=True, noise=None, random_state=None"),
    ("make_circles", "circles", "rows|n_samples=100, *, shuffle=True, noise=None, random_state=None, factor=0.8"),
    (
        "make_gaussian_quantiles",
        "quantiles",
        "*, mean=None, cov=1.0, rows|n_samples=100, columns|n_features=2, classes|n_classes=3",
    ),
    ("make_friedman1", "friedman", "rows|n_samples=100, columns|n_features=10, *, noise=0.0, random_state=None"),
)
"""`sklearn.datasets` makers of random data."""

READERS: dict[str, str] = {
    "pandas.read_csv": "source|filepath_or_buffer, *, sep=None, header='infer', names=None, index_col=None, usecols=None",
    "pandas.read_table": "source|filepath_or_buffer, *, sep=None, header='infer', names=None",
    "pandas.read_excel": "source|io, sheet_name=0",
    "pandas.read_json": "source|path_or_buf",
    "pandas.read_parquet": "source|path",
    "pandas.read_pickle": "source|filepath_or_buffer",
    "pandas.read_hdf": "source|path_or_buf, key=None",
    "scipy.io.loadmat": "source|file_name",
    "joblib.load": "source|filename",
    "cv2.imread": "source|filename, flags=1",
    "imageio.imread": "source|uri",
    "PIL.Image.open": "source|fp, mode='r', formats=None",
    "matplotlib.image.imread": "source|fname, format=None",
    "skimage.io.imread": "source|fname, as_gray=False",
    "matplotlib.pyplot.imread": "source|fname, format=None",
}

FRAME_METHODS: tuple[tuple[str, str, str], ...] = (
    ("to_numpy", "frame_values", "dtype=None"),
    ("as_matrix", "frame_values", "columns=None"),
    ("filter", "frame_rest", "items=None, like=None, regex=None, axis=None"),
    ("select_dtypes", "frame_rest", "include=None, exclude=None"),
    ("toarray", "frame_values", ""),
    ("todense", "frame_values", ""),
    ("drop", "frame_rest", "labels=None, axis=0, columns=None, inplace=False"),
    ("pop", "frame_column", "item"),
    ("astype", "frame_same", "dtype"),
    ("copy", "frame_same", "deep=True"),
    ("dropna", "frame_part", "axis=0"),
    ("fillna", "frame_same", "value=None"),
    ("ffill", "frame_same", "*, axis=None"),
    ("bfill", "frame_same", "*, axis=None"),
    ("interpolate", "frame_same", "method='linear', *, axis=0"),
    ("drop_duplicates", "frame_part", "subset=None"),
    ("resample", "frame_groups", "rule"),
    ("rolling", "frame_groups", "window"),
    ("head", "frame_part", "n=5"),
    ("tail", "frame_part", "n=5"),
    ("sample", "frame_shuffled", "n=None, frac=None, replace=False"),
    ("reset_index", "frame_same", "level=None, drop=False, inplace=False"),
    ("sort_values", "frame_sorted", "by=None"),
    ("sort_index", "frame_same", "axis=0"),
    ("map", "frame_mapped", "by|arg|func, na_action=None"),
    ("apply", "frame_mapped", "by|func, axis=0"),
    ("replace", "frame_mapped", "by|to_replace, value=None, inplace=False"),
    ("mean", "mean", "axis=0"),
    ("std", "std", "axis=0"),
    ("min", "min", "axis=0"),
    ("max", "max", "axis=0"),
)
"""Methods of `pandas.DataFrame` and `Series`."""

TRANSFORMS: tuple[tuple[str, str, str], ...] = (
    ("Compose", "compose", "transforms"),
    ("ToTensor", "to_tensor", ""),
    ("PILToTensor", "to_byte_tensor", ""),
    ("ToImage", "to_byte_tensor", ""),
    ("ConvertImageDtype", "convert_dtype", "dtype"),
    ("ToDtype", "to_dtype", "dtype, scale=False"),
    ("Normalize", "normalize", "mean, std, inplace=False"),
    ("Resize", "resize", "size, interpolation=None, max_size=None, antialias=True"),
    ("CenterCrop", "crop", "size"),
    ("RandomCrop", "crop", "size, padding=None, pad_if_needed=False, fill=0, padding_mode='constant'"),
    ("RandomResizedCrop", "crop", "size, scale=(0.08, 1.0), ratio=None, interpolation=None, antialias=True"),
    ("Grayscale", "grayscale", "num_output_channels=1"),
    ("Lambda", "lambda", "lambd"),
    ("RandomApply", "same", "transforms, p=0.5"),
    ("ToPILImage", "to_picture", "mode=None"),
    *(
        (name, "same", "*args, **kwargs")
        for name in (
            *("RandomHorizontalFlip", "RandomVerticalFlip", "RandomRotation", "RandomAffine", "RandomPerspective", "ColorJitter"),
            *(
                "RandomErasing",
                "RandomGrayscale",
                "RandAugment",
                "AutoAugment",
                "TrivialAugmentWide",
                "GaussianBlur",
            ),
            *(
                "RandomAdjustSharpness",
                "RandomAutocontrast",
                "RandomEqualize",
                "RandomInvert",
                "RandomPosterize",
                "RandomSolarize",
            ),
        )
    ),
)
"""`torchvision.transforms`, and what each does to shape and scale."""

RANDOM_TRANSFORMS = frozenset(
    name
    for name, _, _ in TRANSFORMS
    if name.startswith("Rand") or name in ("ColorJitter", "AutoAugment", "TrivialAugmentWide", "GaussianBlur")
)
"""Transforms that change each picture in another way every time."""

_VISION_BY_SPLIT = "root=None, split='train', *, train=None, transform=None, target_transform=None, download=False, **kwargs"
_VISION_FOLDER = "root, transform=None, target_transform=None, loader=None, is_valid_file=None, allow_empty=False"


SPLITS = frozenset({"SVHN", "STL10", "ImageNet", "Flowers102", "Food101", "OxfordIIITPet", "Places365", "GTSRB", "Imagenette"})
"""Data sets that take `split="train"` rather than `train=True`."""


def _vision_signature(name: str) -> str:
    if name.endswith("Folder"):
        return _VISION_FOLDER
    if name == "FakeData":
        return "size=1000, image_size=(3, 224, 224), num_classes=10, transform=None, target_transform=None, random_offset=0"
    if name == "LSUN":
        return "root, classes='train', transform=None, target_transform=None"
    if name == "EuroSAT":
        return "root, transform=None, target_transform=None, download=False"
    if name in SPLITS:
        return _VISION_BY_SPLIT
    return "root, train=True, transform=None, target_transform=None, download=False, **kwargs"


def _reader_aliases(name: str) -> tuple[str, ...]:
    """Where pandas defines its readers, which older scripts import them from."""
    library, _, function = name.partition(".")
    return (f"pandas.io.parsers.{function}", f"pandas.io.excel.{function}") if library == "pandas" else ()


ROWS: tuple[Row, ...] = (
    *PICTURE_ROWS,
    *(
        Row(f"sklearn.preprocessing.{name}", "scaler", kind, text, (f"sklearn.preprocessing.data.{name}",), source=_SKLEARN)
        for name, (kind, text) in SCALERS.items()
    ),
    *(Row(f"sklearn.{name}", "scaler", kind, f"{text}, **kwargs", source=_SKLEARN) for name, (kind, text) in FITTED.items()),
    *(
        Row(
            f"imblearn.{'combine' if name in ('SMOTETomek', 'SMOTEENN') else 'over_sampling'}.{name}",
            "resampler",
            "oversampling",
            "*, sampling_strategy='auto', random_state=None, **kwargs",
            source="https://imbalanced-learn.org/stable/references",
        )
        for name in RESAMPLERS
    ),
    Row(
        "sklearn.utils.resample",
        "function",
        "resample",
        "*arrays, replace=True, n_samples=None, random_state=None, stratify=None",
        source=_SKLEARN,
    ),
    *(
        Row(f"sklearn.preprocessing.{name}", "encoder", kind, text, (f"sklearn.preprocessing.label.{name}",), source=_SKLEARN)
        for name, (kind, text) in ENCODERS.items()
    ),
    *(
        Row(f"sklearn.preprocessing.{name}", "function", kind, text, source=_SKLEARN)
        for name, (kind, text) in SCALING_FUNCTIONS.items()
    ),
    Row(
        "sklearn.model_selection.train_test_split",
        "function",
        "split",
        "*arrays, test_size=None, train_size=None, random_state=None, shuffle=True, stratify=None",
        ("sklearn.cross_validation.train_test_split",),
        source=_SKLEARN,
    ),
    Row("sklearn.utils.shuffle", "function", "shuffle", "*arrays, random_state=None, n_samples=None", source=_SKLEARN),
    *(
        Row(f"sklearn.datasets.{name}", "function", "data", "*, return_X_y=False, as_frame=False, **kwargs", source=_SKLEARN)
        for name in SKLEARN
    ),
    *(Row(f"sklearn.datasets.{name}", "function", kind, f"{text}, **kwargs", source=_SKLEARN) for name, kind, text in GENERATORS),
    *(
        Row(name, "operation", "read", f"{text}, **kwargs", _reader_aliases(name), source=_PANDAS)
        for name, text in READERS.items()
    ),
    *(
        Row(name, "operation", "frame", text, source=_PANDAS)
        for name, text in (
            ("pandas.DataFrame", "x|data=None, index=None, columns=None, dtype=None, copy=None"),
            ("pandas.Series", "x|data=None, index=None, dtype=None, name=None, copy=None"),
        )
    ),
    Row(
        "pandas.get_dummies",
        "operation",
        "dummies",
        "x|data, prefix=None, prefix_sep='_', dummy_na=False, columns=None, sparse=False, drop_first=False, dtype=None",
        source=_PANDAS,
    ),
    *(
        Row(
            f"pandas.DataFrame.{name}",
            "operation",
            kind,
            f"x, {text}, **kwargs",
            source=f"{_PANDAS}/pandas.DataFrame.{name}.html",
        )
        for name, kind, text in FRAME_METHODS
    ),
    *(
        Row(
            f"torchvision.datasets.{name}",
            "dataset",
            "images",
            _vision_signature(name),
            source=f"{_VISION}/generated/torchvision.datasets.{name}.html",
        )
        for name in TORCHVISION
    ),
    *(
        Row(
            f"torchvision.transforms.{name}",
            "transform",
            kind,
            text,
            (f"torchvision.transforms.v2.{name}", f"torchvision.transforms.transforms.{name}"),
            source=f"{_VISION}/transforms.html",
        )
        for name, kind, text in TRANSFORMS
    ),
)
