"""Which loss fits which output, units and labels: one table, read from the top; the first row that matches decides.

`losses`: CCE, SCCE, BCE are cross-entropies on probabilities (Keras' with from_logits=False; PyTorch's BCELoss is BCE). CE is the
categorical cross-entropy on logits, CE-dense and CE-sparse its Keras forms, BCEL the binary one on logits. REG is squared,
absolute, Huber, log-cosh and relative errors; SQUARED and ABSOLUTE are parts of it. `outputs` are activations between the last
weights and the loss. `units` compares the output's width K with 1, 2, 3 and the number of classes C. `labels` are kinds of
`DataFacts.labels`; "any" also stands for unknown ones, no other word does.

`keras` and `torch` say what the library then does; None: the row says nothing for it. No code: the combination is right.
Placeholders: {k}, {c}, {floor} = ln(1 + (K-1)/e), {loss}, {output}, {low}, {high}.
"""

from __future__ import annotations

from typing import NamedTuple

from trainlint.core import Severity

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


class Row(NamedTuple):
    """One decision. `preview` rows speak only under `--preview`; `keras_severity` where Keras on TensorFlow softens it."""

    number: int
    losses: str
    outputs: str
    units: str
    labels: str
    keras: str | None
    torch: str | None
    code: str = ""
    severity: Severity = ERROR
    advice: str = ""
    keras_severity: Severity | None = None


OUTPUTS: dict[str, tuple[str, ...]] = {
    "relu&co": ("relu", "relu6", "softplus", "exp"),
    "leaky&co": ("leaky_relu", "elu", "selu", "gelu", "swish", "silu", "mish", "celu"),
    "not-log": ("linear", "softmax", "sigmoid", "relu", "relu6", "softplus", "leaky_relu", "elu", "selu", "gelu", "tanh"),
}
"""Groups of output activations."""

_UNIT = "softmax over one unit is the constant 1: every prediction is 1.0"
_SIGMOID = "use sigmoid with binary cross-entropy, a linear unit for a regression, or one unit for each class"
_CLIP = "values are clipped to [1e-7, 1 - 1e-7]: the gradient is 0 outside of (0, 1) and the loss starts near 6 to 9"
_RAISES_P = "BCELoss raises once a value leaves [0, 1]"
_FLOOR = "the loss applies softmax again: with {k} classes it cannot fall below {floor}"
_CACHED = "Keras on TensorFlow recovers the logits and warns, other backends apply it twice: the loss cannot fall below {floor}"
_CACHED_2 = "Keras on TensorFlow recovers the logits and warns, other backends apply sigmoid twice: the loss stays above 0.313"
_ONE_ROW = "a row for each class is expected and integer labels come: raises at the first batch"
_TOO_FEW = "labels reach {c} classes and the output has {k} units"
_SPARSE = "sparse_categorical_crossentropy takes integers, or convert with to_categorical"
_REACH = "targets from {low} to {high} lie outside of what {output} can give"
_DROP = "drop the activation, or use the loss on probabilities"
_EXCLUSIVE = "use softmax for exclusive classes, or sigmoid with binary cross-entropy for independent ones"

TABLE: tuple[Row, ...] = (
    Row(1, "CCE", "any", "1", "any", "{loss} over one unit is 0 whatever the output: nothing is learnt", None, "TRN303", ERROR, _SIGMOID),
    Row(
        2, "SCCE CE", "any", "1", "any", "{loss} over one unit: label 1 raises on the CPU and is NaN on a GPU",
        "{loss} over one unit is 0 whatever the output, and label 1 raises", "TRN303", ERROR, _SIGMOID,
    ),
    Row(3, "BCE BCEL", "softmax", "1", "any", _UNIT, _UNIT, "TRN303", ERROR, _SIGMOID),
    Row(4, "REG", "softmax", "1", "any", _UNIT + ", and the gradient is exactly 0", _UNIT + ", and the gradient is exactly 0", "TRN303",
        ERROR, _SIGMOID),
    Row(
        5, "CCE SCCE CE BCE BCEL", "any", "any", "beyond unit", "targets from {low} to {high} are no classes and no probabilities",
        "targets from {low} to {high} are no classes and no probabilities", "TRN311", ERROR,
        "for a regression use mean squared error with a linear output",
    ),
    Row(6, "CCE CE-dense", "any", ">=2", "indices", _ONE_ROW, None, "TRN305", ERROR, _SPARSE),
    Row(7, "CCE CE", "any", ">=2", "multihot", "classes that are independent compete for one unit of probability",
        "classes that are independent compete for one unit of probability", "TRN308", WARNING, _EXCLUSIVE),
    Row(8, "CCE", "softmax", "=C", "onehot prob", "right", "right"),
    Row(9, "SCCE CE-sparse", "any", ">=2", "onehot", "integers are expected and one-hot rows come: raises at the first batch", None,
        "TRN306", ERROR, "use categorical_crossentropy, or argmax of the labels"),
    Row(10, "CCE SCCE", "linear", ">=2", "any", _CLIP, None, "TRN301", ERROR, "use from_logits=True, or a softmax output"),
    Row(11, "CCE", "relu&co", ">=2", "any", "0/0 = NaN as soon as all outputs of a row are 0", None, "TRN304", ERROR, "use softmax"),
    Row(12, "SCCE", "relu&co", ">=2", "any", "values of 0 are clipped and give no gradient: the loss stays near 6 to 9", None, "TRN304",
        ERROR, "use softmax"),
    Row(13, "CCE SCCE", "tanh leaky&co", ">=2", "any", "negative values are clipped and give no gradient", None, "TRN304", ERROR,
        "use softmax"),
    Row(14, "CCE SCCE", "sigmoid", ">=2", "any", "the outputs do not sum to 1, so they are no probabilities of exclusive classes", None,
        "TRN308", WARNING, _EXCLUSIVE),
    Row(15, "SCCE", "softmax", "<C", "indices", _TOO_FEW + ": a label of {k} or more raises on the CPU and gives NaN on a GPU", None,
        "TRN307", ERROR, "use {c} units"),
    Row(15, "SCCE", "softmax", ">C", "indices", "{k} outputs for {c} classes: the others never win", None, "TRN307", WARNING,
        "use {c} units"),
    Row(16, "SCCE", "softmax", "=C", "indices", "right", "right"),
    Row(17, "CCE", "softmax", "!=C", "onehot", "rows of {c} labels against {k} outputs: raises at the first batch", None, "TRN307", ERROR,
        "use {c} units"),
    Row(18, "CE NLL", "any", ">=2", "onehot int", None, "class indices are expected and integer one-hot rows come: raises", "TRN306",
        ERROR, "use argmax(1) of the labels, or float rows"),
    Row(19, "CE", "softmax", ">=2", "any", _CACHED, _FLOOR, "TRN302", ERROR, _DROP, WARNING),
    Row(20, "CE", "sigmoid", ">=2", "any", _CACHED, "the loss applies softmax to values in (0, 1): with {k} classes it cannot fall below"
        " {floor}", "TRN302", ERROR, _DROP, WARNING),
    Row(21, "CE", "relu&co leaky&co tanh", ">=2", "any", "{output} cuts off the logits", "{output} cuts off the logits", "TRN304",
        WARNING, "drop the activation"),
    Row(22, "CE", "log_softmax", ">=2", "any", "right", "right"),
    Row(23, "CE", "linear", "<C", "indices", _TOO_FEW + ": a label of {k} or more raises on the CPU and gives NaN on a GPU",
        _TOO_FEW + ": a label of {k} or more raises", "TRN307", ERROR, "use {c} units"),
    Row(23, "CE", "linear", ">C", "indices", "{k} outputs for {c} classes: the others never win",
        "{k} outputs for {c} classes: the others never win", "TRN307", WARNING, "use {c} units"),
    Row(24, "CE", "linear", "any", "any", "right", "right"),
    Row(26, "NLL", "not-log", ">=2", "any", None, "{loss} takes log-probabilities: on {output} it is negative and does not measure the fit",
        "TRN312", ERROR, "use CrossEntropyLoss on the logits, or log_softmax"),
    Row(27, "NLL", "log_softmax", "<C", "indices", None, _TOO_FEW + ": a label of {k} or more raises", "TRN307", ERROR, "use {c} units"),
    Row(27, "NLL", "log_softmax", "any", "any", "right", "right"),
    Row(28, "BCE BCEL", "any", ">=2", "indices", _ONE_ROW, "the shapes of {k} outputs and one label a row differ: raises", "TRN305", ERROR,
        "for exclusive classes use the categorical loss, else one column for each class"),
    Row(29, "BCE BCEL", "any", "1", "pm1 classes", "labels of 0 and 1 are expected and {low} to {high} come: the loss falls below zero"
        " without end", "labels of 0 and 1 are expected and {low} to {high} come: BCELoss raises, on logits the loss falls without end",
        "TRN313", ERROR, "map the labels to 0 and 1, or give each class a unit"),
    Row(30, "BCE", "linear", "any", "any", _CLIP, _RAISES_P, "TRN301", ERROR, "use the loss on logits, or a sigmoid output"),
    Row(31, "BCE", "relu&co leaky&co tanh", "any", "any", "{output} leaves [0, 1], and " + _CLIP, "{output} leaves [0, 1]: " + _RAISES_P,
        "TRN304", ERROR, "use sigmoid"),
    Row(32, "BCEL", "sigmoid", "any", "any", _CACHED_2, "the loss applies sigmoid again: it cannot fall below 0.313 for label 1 and 0.693"
        " for label 0", "TRN302", ERROR, _DROP, WARNING),
    Row(33, "BCEL", "softmax", ">=2", "any", _CACHED_2, "the loss applies sigmoid to the softmax: it cannot fall below 0.313 for label 1"
        " and 0.693 for label 0", "TRN302", ERROR, _DROP, WARNING),
    Row(34, "BCEL", "relu&co", "any", "any", "logits that are never negative never predict below 0.5",
        "logits that are never negative never predict below 0.5", "TRN304", ERROR, "drop the activation"),
    Row(34, "BCEL", "tanh", "any", "any", "logits in (-1, 1) predict only 0.27 to 0.73", "logits in (-1, 1) predict only 0.27 to 0.73",
        "TRN304", WARNING, "drop the activation"),
    Row(35, "BCE", "sigmoid", "1", "binary", "right", None),
    Row(35, "BCE BCEL", "sigmoid linear", "1", "rank differs", None, "output {shape} and target {target} differ in shape: raises",
        "TRN314", ERROR, "bring both to one shape, as with squeeze(1)"),
    Row(36, "BCE BCEL", "sigmoid linear", "any", "multihot", "right", "right"),
    Row(37, "BCE", "sigmoid", "any", "within unit", "right", "right"),
    Row(38, "BCE", "softmax", "2", "onehot", "right", "right"),
    Row(39, "BCE", "softmax", ">=3", "onehot", "binary cross-entropy treats {k} exclusive classes one by one",
        "binary cross-entropy treats {k} exclusive classes one by one", "TRN308", INFO, "use the categorical loss"),
    Row(40, "BCE", "softmax", ">=2", "multihot", "trains as sigmoid and predicts as softmax on TensorFlow, else independent classes compete",
        "classes that are independent compete for one unit of probability", "TRN308", WARNING, _EXCLUSIVE),
    Row(41, "BCE", "sigmoid", ">=3", "onehot", "exclusive classes are trained one by one: the outputs do not sum to 1",
        "exclusive classes are trained one by one: the outputs do not sum to 1", "TRN308", INFO, _EXCLUSIVE),
    Row(41, "BCEL", "linear", ">=3", "onehot", "exclusive classes are trained one by one: the outputs do not sum to 1",
        "exclusive classes are trained one by one: the outputs do not sum to 1", "TRN308", INFO, _EXCLUSIVE),
    Row(43, "BCE BCEL", "sigmoid linear", "2", "onehot", "right", "right"),
    Row(44, "REG", "any", ">=2", "one column", "output {shape} against targets {target}: each target is compared with all {k} outputs",
        "output {shape} against targets {target}: broadcasting compares each target with all {k} outputs", "TRN314", ERROR,
        "give the output one unit, or the targets {k} columns"),
    Row(45, "REG", "any", "1", "rank differs", None, "output {shape} against target {target} broadcasts to all pairs of rows",
        "TRN314", ERROR, "bring both to one shape, as with squeeze(1)"),
    Row(46, "REG", "sigmoid tanh softmax", "any", "out of range", _REACH, _REACH, "TRN309", ERROR, "use a linear output, or scale the targets"),
    Row(47, "REG", "relu&co", "any", "out of range", _REACH, _REACH, "TRN309", ERROR, "use a linear output"),
    Row(48, "REG", "relu", "any", "continuous unknown", "a relu output that starts negative has no gradient and stays 0",
        "a relu output that starts negative has no gradient and stays 0", "TRN309", INFO, "use a linear or softplus output"),
    Row(49, "SQUARED", "softmax sigmoid", "any", "binary onehot", "squared error on probabilities learns slowly where it is most wrong",
        "squared error on probabilities learns slowly where it is most wrong", "TRN310", INFO, "use the cross-entropy"),
    Row(50, "ABSOLUTE", "softmax sigmoid", "any", "binary onehot", "absolute error is least for the majority class alone",
        "absolute error is least for the majority class alone", "TRN310", WARNING, "use the cross-entropy"),
    Row(51, "REG", "linear", "1", "classes", "class numbers become distances: class {high} is further from 0 than class 1",
        "class numbers become distances: class {high} is further from 0 than class 1", "TRN310", WARNING, "use a cross-entropy"),
    Row(53, "POISSON", "linear", "any", "any", "log of the first negative output is NaN", None, "TRN319", ERROR, "use exp or softplus"),
    Row(58, "HINGE", "sigmoid softmax", "1", "pm1 binary", "outputs in (0, 1) leave one class with a loss of 1 or more",
        "outputs in (0, 1) leave one class with a loss of 1 or more", "TRN304", WARNING, "use a linear or tanh output"),
    Row(61, "KLD", "linear", "any", "any", _CLIP, None, "TRN301", ERROR, "use softmax"),
)  # fmt: skip
