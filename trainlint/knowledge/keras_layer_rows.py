"""Layers of Keras, of all releases: signatures are today's, with the names that Keras 1 gave the same parameters as aliases.

Kinds are operations of `facts.graph`; what that has no operation for keeps a kind of its own. Parameters that only older
releases had are keyword-only and listed in `keras_eras`.
"""

from __future__ import annotations

from typing import Any

from trainlint.knowledge.rows import Row

_DOCS = "https://keras.io/api/layers"

LAYER_KEYWORDS = (
    "*, name=None, trainable=True, dtype=None, input_shape=None, batch_input_shape|batch_shape=None, input_dim=None, "
    "input_length=None, weights=None, batch_size=None, dynamic=False, input_dtype=None, autocast=True"
)
"""What every layer takes through `**kwargs`."""

_FINAL = (
    "bias_initializer='zeros', kernel_regularizer|W_regularizer=None, bias_regularizer|b_regularizer=None, "
    "activity_regularizer=None"
)
_CONSTRAINTS = "kernel_constraint|W_constraint=None, bias_constraint|b_constraint=None"
_KERNEL = f"activation=None, use_bias|bias=True, kernel_initializer|init='glorot_uniform', {_FINAL}, {_CONSTRAINTS}"
_PADDING = "padding|border_mode='valid', data_format|dim_ordering=None"


def _steps(rank: int) -> str:
    return "1" if rank == 1 else str((1,) * rank)


def _conv(rank: int) -> str:
    strides = f"strides|subsample|subsample_length={_steps(rank)}"
    dilation = f"dilation_rate|atrous_rate={_steps(rank)}"
    return f"filters|nb_filter, kernel_size|filter_length, {strides}, {_PADDING}, {dilation}, groups=1, {_KERNEL}"


def _conv_transpose(rank: int) -> str:
    size = f"filters|nb_filter, kernel_size, strides|subsample={_steps(rank)}"
    dilation = f"dilation_rate={_steps(rank)}"
    if rank == 3:
        return f"{size}, {_PADDING}, output_padding=None, {dilation}, {_KERNEL}"
    padding = "padding|border_mode='valid', output_padding=None, data_format|dim_ordering=None"
    return f"{size}, {padding}, {dilation}, {_KERNEL}"


def _separable(rank: int) -> str:
    return (
        f"filters|nb_filter, kernel_size, strides|subsample={_steps(rank)}, {_PADDING}, dilation_rate={_steps(rank)}, "
        "depth_multiplier=1, activation=None, use_bias|bias=True, depthwise_initializer|init='glorot_uniform', "
        "pointwise_initializer='glorot_uniform', bias_initializer='zeros', depthwise_regularizer=None, "
        "pointwise_regularizer=None, bias_regularizer|b_regularizer=None, activity_regularizer=None, depthwise_constraint=None, "
        "pointwise_constraint=None, bias_constraint=None"
    )


def _depthwise(rank: int) -> str:
    return (
        f"kernel_size, strides={_steps(rank)}, padding|border_mode='valid', depth_multiplier=1, data_format=None, "
        f"dilation_rate={_steps(rank)}, activation=None, use_bias=True, depthwise_initializer='glorot_uniform', "
        "bias_initializer='zeros', depthwise_regularizer=None, bias_regularizer=None, activity_regularizer=None, "
        "depthwise_constraint=None, bias_constraint=None"
    )


def _pool(rank: int, *, maximum: bool) -> str:
    size = f"={2 if rank == 1 else (2,) * rank}" if maximum else ""
    alias = "|pool_length" if rank == 1 else ""
    stride = "|stride" if rank == 1 else ""
    return f"pool_size{alias}{size}, strides{stride}=None, padding|border_mode='valid', data_format|dim_ordering=None, name=None"


_GLOBAL = "data_format|dim_ordering=None, keepdims=False"
_SCALE_SHIFT = (
    "center=True, scale=True, beta_initializer|beta_init='zeros', gamma_initializer|gamma_init='ones', {moving}"
    "beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None"
)
_MOVING = "moving_mean_initializer='zeros', moving_variance_initializer='ones', "
_BATCH_NORM = (
    f"axis=-1, momentum=0.99, epsilon=0.001, {_SCALE_SHIFT.format(moving=_MOVING)}, renorm=False, renorm_clipping=None, "
    "renorm_momentum=0.99, synchronized=False"
)
_CELL = (
    "units|output_dim, activation='tanh', {gate}use_bias=True, kernel_initializer|init='glorot_uniform', "
    "recurrent_initializer|inner_init='orthogonal', bias_initializer='zeros', {forget}kernel_regularizer|W_regularizer=None, "
    "recurrent_regularizer|U_regularizer=None, bias_regularizer|b_regularizer=None, {activity}kernel_constraint=None, "
    "recurrent_constraint=None, bias_constraint=None, dropout|dropout_W=0.0, recurrent_dropout|dropout_U=0.0"
)
_GATE = "recurrent_activation|inner_activation='sigmoid', "
_FORGET = "unit_forget_bias|forget_bias_init=True, "
_ACTIVITY = "activity_regularizer=None, "
_STATES = "return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False"
_LSTM = f"{_CELL.format(gate=_GATE, forget=_FORGET, activity=_ACTIVITY)}, seed=None, {_STATES}, use_cudnn='auto'"
_GRU = f"{_CELL.format(gate=_GATE, forget='', activity=_ACTIVITY)}, seed=None, {_STATES}, reset_after=True, use_cudnn='auto'"
_SIMPLE_RNN = f"{_CELL.format(gate='', forget='', activity=_ACTIVITY)}, {_STATES}, seed=None"
_CONV_LSTM = (
    "filters|nb_filter, kernel_size, strides|subsample=1, padding|border_mode='valid', data_format|dim_ordering=None, "
    "dilation_rate=1, " + _CELL.format(gate=_GATE, forget=_FORGET, activity=_ACTIVITY).partition(", ")[2] + ", seed=None, "
    "return_sequences=False, return_state=False, go_backwards=False, stateful=False"
)
_CUDNN = (
    "units, kernel_initializer='glorot_uniform', recurrent_initializer='orthogonal', bias_initializer='zeros', {forget}"
    "kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, "
    "kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, return_sequences=False, return_state=False, "
    "stateful=False"
)
_ATTENTION_TAIL = (
    "kernel_initializer='glorot_uniform', bias_initializer='zeros', kernel_regularizer=None, bias_regularizer=None, "
    "activity_regularizer=None, kernel_constraint=None, bias_constraint=None, use_gate=False, seed=None"
)
_HARD_GATE = (("keras1", (("recurrent_activation", "hard_sigmoid"),)), ("keras2", (("recurrent_activation", "hard_sigmoid"),)))
_GRU_ERAS = (
    ("keras1", (("recurrent_activation", "hard_sigmoid"), ("reset_after", False))),
    ("keras2", (("recurrent_activation", "hard_sigmoid"), ("reset_after", False))),
)

Entry = tuple[str, str, str]
"""Class, kind, signature without `LAYER_KEYWORDS`."""

CORE: tuple[Entry, ...] = (
    ("Dense", "dense", f"units|output_dim, {_KERNEL}, lora_rank=None, lora_alpha=None, quantization_config=None"),
    (
        "EinsumDense",
        "einsum_dense",
        (
            "equation, output_shape, activation=None, bias_axes=None, kernel_initializer='glorot_uniform', "
            "bias_initializer='zeros', kernel_regularizer=None, bias_regularizer=None, kernel_constraint=None, "
            "bias_constraint=None, lora_rank=None, "
            "lora_alpha=None, gptq_unpacked_column_size=None, quantization_config=None, *, activity_regularizer=None"
        ),
    ),
    (
        "Embedding",
        "embedding",
        (
            "input_dim, output_dim, embeddings_initializer|init='uniform', embeddings_regularizer|W_regularizer=None, "
            "embeddings_constraint|W_constraint=None, mask_zero=False, weights=None, lora_rank=None, lora_alpha=None, "
            "quantization_config=None, *, activity_regularizer=None, dropout=None"
        ),
    ),
    ("Activation", "activation", "activation"),
    ("Dropout", "dropout", "rate|p, noise_shape=None, seed=None"),
    ("AlphaDropout", "dropout", "rate|p, noise_shape=None, seed=None"),
    ("GaussianDropout", "dropout", "rate|p, seed=None"),
    ("GaussianNoise", "gaussian_noise", "stddev|sigma, seed=None"),
    ("SpatialDropout1D", "dropout", "rate|p, seed=None"),
    ("SpatialDropout2D", "dropout", "rate|p, data_format|dim_ordering=None, seed=None"),
    ("SpatialDropout3D", "dropout", "rate|p, data_format|dim_ordering=None, seed=None"),
    ("ActivityRegularization", "activity_regularization", "l1=0.0, l2=0.0"),
    ("Lambda", "lambda", "function, output_shape=None, mask=None, arguments=None"),
    ("Identity", "identity", ""),
    ("Masking", "masking", "mask_value=0.0"),
    ("Flatten", "flatten", "data_format=None"),
    ("Reshape", "reshape", "target_shape"),
    ("Permute", "permute", "dims"),
    ("RepeatVector", "repeat_vector", "n"),
    (
        "InputLayer",
        "input",
        (
            "shape=None, batch_size=None, dtype=None, sparse=None, ragged=None, batch_shape=None, "
            "input_tensor=None, optional=False, name=None"
        ),
    ),
)

CONVOLUTION: tuple[Entry, ...] = (
    *((f"Conv{rank}D", "conv", _conv(rank)) for rank in (1, 2, 3)),
    *((f"Conv{rank}DTranspose", "conv_transpose", _conv_transpose(rank)) for rank in (1, 2, 3)),
    *((f"SeparableConv{rank}D", "separable_conv", _separable(rank)) for rank in (1, 2)),
    *((f"DepthwiseConv{rank}D", "depthwise_conv", _depthwise(rank)) for rank in (1, 2)),
    *((f"MaxPooling{rank}D", "max_pool", _pool(rank, maximum=True)) for rank in (1, 2, 3)),
    *((f"AveragePooling{rank}D", "average_pool", _pool(rank, maximum=False)) for rank in (1, 2, 3)),
    *((f"GlobalMaxPooling{rank}D", "global_max_pool", _GLOBAL) for rank in (1, 2, 3)),
    *((f"GlobalAveragePooling{rank}D", "global_average_pool", _GLOBAL) for rank in (1, 2, 3)),
    *((f"AdaptiveAveragePooling{rank}D", "adaptive_average_pool", "output_size, data_format=None") for rank in (1, 2, 3)),
    *((f"AdaptiveMaxPooling{rank}D", "adaptive_max_pool", "output_size, data_format=None") for rank in (1, 2, 3)),
    ("UpSampling1D", "upsample", "size|length=2"),
    ("UpSampling2D", "upsample", "size=(2, 2), data_format|dim_ordering=None, interpolation='nearest'"),
    ("UpSampling3D", "upsample", "size=(2, 2, 2), data_format|dim_ordering=None"),
    ("ZeroPadding1D", "zero_pad", "padding=1, data_format=None"),
    ("ZeroPadding2D", "zero_pad", "padding=(1, 1), data_format|dim_ordering=None"),
    ("ZeroPadding3D", "zero_pad", "padding=((1, 1), (1, 1), (1, 1)), data_format|dim_ordering=None"),
    ("Cropping1D", "cropping", "cropping=(1, 1)"),
    ("Cropping2D", "cropping", "cropping=((0, 0), (0, 0)), data_format|dim_ordering=None"),
    ("Cropping3D", "cropping", "cropping=((1, 1), (1, 1), (1, 1)), data_format|dim_ordering=None"),
    ("LocallyConnected1D", "locally_connected", f"filters|nb_filter, kernel_size, strides=1, {_PADDING}, {_KERNEL}"),
    ("LocallyConnected2D", "locally_connected", f"filters|nb_filter, kernel_size, strides=(1, 1), {_PADDING}, {_KERNEL}"),
)

NORMALIZATION: tuple[Entry, ...] = (
    ("BatchNormalization", "batch_norm", f"{_BATCH_NORM}, *, mode=0, fused=None, virtual_batch_size=None"),
    ("SyncBatchNormalization", "batch_norm", _BATCH_NORM),
    ("LayerNormalization", "layer_norm", f"axis=-1, epsilon=0.001, {_SCALE_SHIFT.format(moving='')}"),
    ("GroupNormalization", "group_norm", f"groups=32, axis=-1, epsilon=0.001, {_SCALE_SHIFT.format(moving='')}"),
    ("RMSNormalization", "rms_norm", "axis=-1, epsilon=1e-06"),
    ("UnitNormalization", "unit_norm", "axis=-1"),
    ("Normalization", "normalization", "axis=-1, mean=None, variance=None, invert=False"),
    ("SpectralNormalization", "wrapper", "layer, power_iterations=1"),
)

RECURRENT: tuple[Entry, ...] = (
    ("LSTM", "lstm", f"{_LSTM}, *, implementation|consume_less=2, time_major=False"),
    ("GRU", "gru", f"{_GRU}, *, implementation|consume_less=2, time_major=False"),
    ("SimpleRNN", "simple_rnn", f"{_SIMPLE_RNN}, *, implementation|consume_less=2"),
    ("CuDNNLSTM", "lstm", _CUDNN.format(forget="unit_forget_bias=True, ")),
    ("CuDNNGRU", "gru", _CUDNN.format(forget="")),
    ("LSTMCell", "lstm_cell", f"{_CELL.format(gate=_GATE, forget=_FORGET, activity='')}, seed=None, *, implementation=2"),
    (
        "GRUCell",
        "gru_cell",
        f"{_CELL.format(gate=_GATE, forget='', activity='')}, reset_after=True, seed=None, *, implementation=2",
    ),
    ("SimpleRNNCell", "simple_rnn_cell", f"{_CELL.format(gate='', forget='', activity='')}, seed=None"),
    ("RNN", "rnn", f"cell, {_STATES}, zero_output_for_mask=False, *, time_major=False"),
    ("StackedRNNCells", "stacked_cells", "cells"),
    *((f"ConvLSTM{rank}D", "conv_lstm", _CONV_LSTM) for rank in (1, 2, 3)),
    ("Bidirectional", "bidirectional", "layer, merge_mode='concat', weights=None, backward_layer=None"),
    ("TimeDistributed", "time_distributed", "layer"),
    ("Wrapper", "wrapper", "layer"),
)

ACTIVATION: tuple[Entry, ...] = (
    ("ReLU", "relu", "max_value=None, negative_slope=0.0, threshold=0.0"),
    ("LeakyReLU", "leaky_relu", "negative_slope|alpha=0.3"),
    ("ELU", "elu", "alpha=1.0"),
    ("PReLU", "prelu", "alpha_initializer|init='Zeros', alpha_regularizer=None, alpha_constraint=None, shared_axes=None"),
    ("ThresholdedReLU", "thresholded_relu", "theta=1.0"),
    ("Softmax", "softmax", "axis=-1"),
)

MERGING: tuple[Entry, ...] = (
    ("Add", "add", ""),
    ("Subtract", "subtract", ""),
    ("Multiply", "multiply", ""),
    ("Average", "average", ""),
    ("Maximum", "maximum", ""),
    ("Minimum", "minimum", ""),
    ("Concatenate", "concatenate", "axis=-1"),
    ("Dot", "dot", "axes, normalize=False"),
    (
        "Merge",
        "merge",
        "layers=None, mode='sum', concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None",
    ),
)

ATTENTION: tuple[Entry, ...] = (
    (
        "MultiHeadAttention",
        "attention",
        (
            "num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True, output_shape=None, attention_axes=None, "
            f"sliding_window=None, flash_attention=None, {_ATTENTION_TAIL}"
        ),
    ),
    (
        "GroupQueryAttention",
        "attention",
        (
            "head_dim, num_query_heads, num_key_value_heads, dropout=0.0, use_bias=True, sliding_window=None, "
            f"flash_attention=None, {_ATTENTION_TAIL}"
        ),
    ),
    ("Attention", "dot_attention", "use_scale=False, score_mode='dot', dropout=0.0, seed=None"),
    ("AdditiveAttention", "additive_attention", "use_scale=True, dropout=0.0"),
)

ALIASES: dict[str, tuple[str, ...]] = {
    **{f"Conv{rank}D": (f"Convolution{rank}D",) for rank in (1, 3)},
    "Conv2D": ("Convolution2D", "AtrousConvolution2D"),
    "Conv1DTranspose": ("Convolution1DTranspose",),
    "Conv2DTranspose": ("Deconvolution2D", "Deconv2D", "Convolution2DTranspose"),
    "Conv3DTranspose": ("Deconvolution3D", "Deconv3D", "Convolution3DTranspose"),
    "SeparableConv1D": ("SeparableConvolution1D",),
    "SeparableConv2D": ("SeparableConvolution2D",),
    "DepthwiseConv2D": ("DepthwiseConvolution2D",),
    **{
        f"{which}Pooling{rank}D": (f"{short}Pool{rank}D",)
        for which, short in (("Max", "Max"), ("Average", "Avg"))
        for rank in (1, 2, 3)
    },
    **{
        f"Global{which}Pooling{rank}D": (f"Global{short}Pool{rank}D",)
        for which, short in (("Max", "Max"), ("Average", "Avg"))
        for rank in (1, 2, 3)
    },
    "BatchNormalization": ("BatchNormalizationV1", "BatchNormalizationV2"),
}
"""Other class names of the same layer, with the same package."""

_BEFORE_KERAS_3 = ("keras1", "keras2", "tf.keras", "keras2.11")

ERA_DEFAULTS: dict[str, Any] = {
    **{
        f"AveragePooling{rank}D": tuple((era, (("pool_size", 2 if rank == 1 else (2,) * rank),)) for era in _BEFORE_KERAS_3)
        for rank in (1, 2, 3)
    },
    "LSTM": _HARD_GATE,
    "LSTMCell": _HARD_GATE,
    "GRU": _GRU_ERAS,
    "GRUCell": _GRU_ERAS,
    **{
        f"ConvLSTM{rank}D": tuple((era, (("recurrent_activation", "hard_sigmoid"),)) for era in _BEFORE_KERAS_3)
        for rank in (1, 2, 3)
    },
}


def _with_keywords(signature: str) -> str:
    """The signature with what every layer takes, less what it names itself."""
    named = {part.split("=")[0].split("|")[0].strip() for part in signature.split(",")}
    common = [part for part in LAYER_KEYWORDS.split(", ")[1:] if part.split("=")[0].split("|")[0] not in named]
    separator = "" if "*, " in signature else "*, "
    return f"{signature}, {separator}{', '.join(common)}" if signature else f"*, {', '.join(common)}"


def _row(entry: Entry) -> Row:
    name, kind, signature = entry
    aliases = tuple(f"keras.layers.{alias}" for alias in ALIASES.get(name, ()))
    return Row(f"keras.layers.{name}", "layer", kind, _with_keywords(signature), aliases, ERA_DEFAULTS.get(name, ()), _DOCS)


def layer_rows(entries: tuple[Entry, ...]) -> tuple[Row, ...]:
    """Rows of layers, with the keywords that every layer takes."""
    return tuple(map(_row, entries))


MERGE_FUNCTIONS: tuple[tuple[str, str], ...] = (
    *((name, "inputs") for name in ("add", "subtract", "multiply", "average", "maximum", "minimum")),
    ("concatenate", "inputs, axis=-1"),
    ("dot", "inputs, axes=-1, *, normalize=False"),
    ("merge", "inputs, mode='sum', concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None, name=None"),
)
"""The functions of the merging layers; `merge` is that of Keras 1."""

ROWS: tuple[Row, ...] = (
    *layer_rows((*CORE, *CONVOLUTION, *NORMALIZATION, *RECURRENT, *ACTIVATION, *MERGING, *ATTENTION)),
    *(
        Row(f"keras.layers.{name}", "function", "merge", text + (", name=None" if "*" in text else ", *, name=None"))
        for name, text in MERGE_FUNCTIONS[:-1]
    ),
    Row("keras.layers.merge", "function", "merge", MERGE_FUNCTIONS[-1][1]),
)
