"""Which loss fits which output, units and labels: one table, read from the top; the first row that matches decides.

Columns of `TABLE`: number, losses, outputs, units, labels, what Keras does, what PyTorch does, verdict, advice.

- losses: CCE, SCCE, BCE are cross-entropies on probabilities (of Keras with from_logits=False; BCELoss is BCE). CE is the
  categorical cross-entropy on logits, CE-dense and CE-sparse its Keras forms, BCEL the binary one on logits. CCE-written and
  BCE-written are written out with `log`. REG is squared,
  absolute, Huber, log-cosh and relative errors; SQUARED and ABSOLUTE are parts of it.
- outputs: activations between the last weights and the loss, or a group of `OUTPUTS`.
  `a>b` is activation b right on activation a, with no weights between them.
- units: the output's width K compared with 1, 2, 3 or the number of classes C.
- labels: kinds of `DataFacts.labels`, or a name of `loss_fit.LABELS`. "any" also stands for unknown ones, no other word does.
- Keras, PyTorch: a key of `EFFECTS`; "-": the row does not apply there; "right": the combination is as it should be.
- verdict: code (TRN...) and severity; in brackets that of Keras, which on TensorFlow recovers the logits of a last softmax or
  sigmoid.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from trainlint.core import Severity

TABLE = """
 1 | CCE                 | any                  | 1  | any          | zero       | -          | 303 error          | sigmoid
 2 | SCCE CE             | any                  | 1  | any          | zero-keras | zero-torch | 303 error          | sigmoid
 2 | NLL                 | log_softmax          | 1  | any          | -          | zero-torch | 303 error          | sigmoid
 3 | BCE BCEL            | softmax              | 1  | any          | unit       | unit       | 303 error          | sigmoid
 4 | REG                 | softmax              | 1  | any          | unit       | unit       | 303 error          | sigmoid
 5 | CCE SCCE CE BCE BCEL| any                  | any| beyond-unit  | no-classes | no-classes | 311 error          | regression
 6 | CCE CE-dense        | any                  | >=2| indices      | one-row    | -          | 305 error          | sparse
 7 | CCE CE              | any                  | >=2| own-inputs   | given-x    | given-x    | 314 error          | labels
 7 | CCE CE              | any                  | >=2| multihot-wide| other-width| other-width| 307 error          | as-wide
 7 | CCE CE              | any                  | any| multihot     | compete    | compete    | 308 warning        | kind
20 | CCE SCCE CCE-written| sigmoid>softmax softmax>softmax| >=2| any | squeezed-in| squeezed-in| 302 error  | drop-inner
20 | BCE BCE-written     | sigmoid>softmax softmax>softmax| >=2| any | shared-in| shared-in| 302 error  | drop-inner
20 | NLL                 | sigmoid>log_softmax softmax>log_softmax| >=2| any | - | squeezed-in | 302 error | drop-inner
21 | CCE SCCE CCE-written| relu>softmax relu6>softmax tanh>softmax| >=2| any | cut-in | cut-in | 304 warning | drop-inner
21 | NLL                 | relu>log_softmax relu6>log_softmax tanh>log_softmax| >=2| any | - | cut-in | 304 warning | drop-inner
32 | BCE BCE-written     | sigmoid>sigmoid      | any| any          | half-in    | half-in    | 302 error          | drop-inner
34 | BCE BCE-written     | relu>sigmoid relu6>sigmoid| any| any     | above-in   | above-in   | 304 error          | drop-inner
34 | BCE BCE-written     | tanh>sigmoid         | any| any          | narrow-in  | narrow-in  | 304 warning        | drop-inner
 8 | CCE                 | softmax              | =C | onehot prob  | right      | right      |                    |
 9 | SCCE CE-sparse      | any                  | >=2| onehot       | rows-come  | -          | 306 error          | dense
10 | CCE-written BCE-written| softmax           | 1  | any          | unit       | unit       | 303 error          | sigmoid
10 | CCE-written BCE-written| linear            | any| any          | log-raw    | log-raw    | 301 error          | on-logits
10 | CCE-written BCE-written| relu&co           | any| any          | log-zero   | log-zero   | 304 error          | on-logits
10 | CCE-written BCE-written| tanh leaky&co     | any| any          | log-raw    | log-raw    | 304 error          | on-logits
10 | CCE SCCE            | linear               | any| any          | clipped    | -          | 301 error          | or-softmax
11 | CCE                 | relu&co              | any| any          | zero-row   | -          | 304 error          | softmax
12 | SCCE                | relu&co              | any| any          | zero-value | -          | 304 error          | softmax
13 | CCE SCCE            | tanh leaky&co        | any| any          | negative   | -          | 304 error          | softmax
14 | CCE SCCE            | sigmoid              | any| any          | no-sum     | -          | 308 warning        | kind
15 | SCCE                | softmax              | <C | indices      | few-keras  | -          | 307 error          | units
15 | SCCE                | softmax              | >C | indices      | many       | -          | 307 warning        | units
16 | SCCE                | softmax              | any| any          | right      | right      |                    |
17 | CCE                 | softmax              | !=C| onehot       | width      | -          | 307 error          | units
17 | CCE                 | any                  | >=2| width-differs| other-width| -          | 307 error          | as-wide
18 | CE NLL              | any                  | >=2| onehot-int   | -          | int-rows   | 306 error          | argmax
18 | CE                  | any                  | !=C| onehot       | width      | width      | 307 error          | units
18 | CE                  | any                  | >=2| width-differs| other-width| other-width| 307 error          | as-wide
19 | CE                  | softmax              | any| any          | recovered  | twice      | 302 error (warning)| drop
20 | CE                  | sigmoid              | any| any          | recovered  | squeezed   | 302 error (warning)| drop
21 | CE                  | leaky_relu           | any| any          | shrunk     | shrunk     | 304 info           | drop-only
21 | CE                  | relu&co leaky&co tanh| any| any          | cut        | cut        | 304 warning        | drop-only
22 | CE                  | log_softmax          | any| any          | right      | right      |                    |
23 | CE                  | linear               | <C | indices      | few-keras  | few-torch  | 307 error          | units
23 | CE                  | linear               | >C | indices      | many       | many       | 307 warning        | units
24 | CE                  | linear               | any| any          | right      | right      |                    |
26 | NLL                 | not-log              | any| any          | -          | no-log     | 312 error          | cross-entropy
27 | NLL                 | log_softmax          | <C | indices      | -          | few-torch  | 307 error          | units
27 | NLL                 | log_softmax          | >C | indices      | -          | many       | 307 warning        | units
27 | NLL                 | log_softmax          | any| any          | -          | right      |                    |
28 | BCE BCEL            | any                  | >=2| indices      | one-row    | shapes     | 305 error          | columns
29 | BCE BCEL            | any                  | 1  | beyond-01    | below-zero | below-zero | 313 error          | map
29 | BCE BCEL            | any                  | 1  | onehot-wide  | one-unit   | shapes     | 307 error          | class-each
30 | BCE                 | linear               | any| any          | clipped    | leaves     | 301 error          | with-logits
31 | BCE                 | relu&co leaky&co tanh| any| any          | outside    | outside    | 304 error          | use-sigmoid
32 | BCEL                | sigmoid              | any| any          | recovered-2| sigmoid-2  | 302 error (warning)| drop
33 | BCEL                | softmax              | any| any          | recovered-2| sigmoid-2  | 302 error (warning)| drop
34 | BCEL                | relu&co              | any| any          | above-half | above-half | 304 error          | drop-only
34 | BCEL                | tanh                 | any| any          | narrow     | narrow     | 304 warning        | drop-only
35 | BCE BCEL            | sigmoid linear       | 1  | rank-differs | -          | shapes     | 314 error          | one-shape
36 | BCE BCEL            | sigmoid linear       | any| multihot     | right      | right      |                    |
37 | BCE                 | sigmoid              | any| within-unit  | right      | right      |                    |
38 | BCE                 | softmax              | 2  | onehot       | right      | right      |                    |
39 | BCE                 | softmax              | >=3| onehot       | one-by-one | one-by-one | 308 info           | categorical
40 | BCE                 | softmax              | any| multihot     | compete    | compete    | 308 warning        | kind
40 | BCE                 | softmax              | >=3| unknown      | both-kinds | both-kinds | 308 info           | kind
41 | BCE                 | sigmoid              | >=3| onehot       | one-by-one | one-by-one | 308 info           | kind
41 | BCEL                | linear               | >=3| onehot       | one-by-one | one-by-one | 308 info           | kind
43 | BCE BCEL            | sigmoid linear       | 2  | onehot       | right      | right      |                    |
44 | REG                 | any                  | =C | class-numbers| class-rows | class-rows | 314 error          | numbered
44 | REG                 | any                  | >=2| one-column   | each-column| each-column| 314 error          | width
44 | REG                 | any                  | >=2| one-number   | one-each   | -          | 314 error          | width
45 | REG                 | any                  | 1  | rank-differs | -          | all-pairs  | 314 error          | one-shape
46 | REG                 | sigmoid tanh softmax | any| out-of-range | reach      | reach      | 309 error          | linear
47 | REG                 | relu&co              | any| out-of-range | reach      | reach      | 309 error          | linear
48 | REG                 | relu                 | any| real-or-open | dies       | dies       | 309 info           | linear
49 | SQUARED             | softmax sigmoid      | any| binary onehot| slow       | slow       | 310 info           | class-loss
49 | SQUARED             | softmax              | >=2| unknown      | slow       | slow       | 310 info           | class-loss
50 | ABSOLUTE            | softmax sigmoid      | any| binary onehot| majority   | majority   | 310 warning        | class-loss
51 | REG                 | linear               | 1  | classes      | distance   | distance   | 310 warning        | class-loss
53 | POISSON             | linear               | any| any          | log-nan    | -          | 319 error          | positive
54 | PNLL                | exp softplus         | any| any          | -          | exp-twice  | 319 warning        | log-input
55 | KLDIV               | not-log              | any| any          | -          | no-log-q   | 319 error          | log-first
56 | CTC                 | not-log              | any| any          | -          | no-log     | 319 error          | log-first
57 | GNLL                | linear tanh leaky&co | any| any          | -          | variance   | 319 error          | positive
58 | HINGE               | sigmoid softmax      | 1  | pm1 binary   | one-sided  | one-sided  | 304 warning        | linear
61 | KLD                 | linear               | any| any          | clipped    | -          | 301 error          | softmax
"""

OUTPUTS: dict[str, tuple[str, ...]] = {
    "relu&co": ("relu", "relu6", "softplus", "exp", "exponential"),
    "leaky&co": ("leaky_relu", "elu", "selu", "gelu", "swish", "silu", "mish", "celu"),
    "not-log": ("linear", "softmax", "sigmoid", "relu", "relu6", "softplus", "leaky_relu", "elu", "selu", "gelu", "tanh"),
}
"""Groups of output activations."""

EFFECTS: dict[str, str] = {
    "above-in": "sigmoid of {inner} values, which are never negative, never predicts below 0.5",
    "cut-in": "{inner} in front of {output} cuts off the logits",
    "half-in": "sigmoid of a sigmoid predicts only 0.5 to 0.73",
    "narrow-in": "sigmoid of tanh values predicts only 0.27 to 0.73",
    "squeezed-in": "{output} is taken of {inner} values in (0, 1): with {k} classes the loss cannot fall below {floor}",
    "above-half": "logits that are never negative never predict below 0.5",
    "all-pairs": "output {shape} against target {target} broadcasts to all pairs of rows",
    "below-zero": "labels of 0 and 1 are expected and {low} to {high} come: the loss falls below zero without end, or raises",
    "both-kinds": "the output divides one unit of probability among {k} classes, and the loss takes each of them for itself",
    "class-rows": "class numbers from {low} to {high} are compared with all {k} outputs, one for each class, or the shapes raise",
    "clipped": "values are clipped to [1e-7, 1 - 1e-7]: outside of (0, 1) the gradient is 0, and the loss starts near 6 to 9",
    "compete": "classes that are independent compete for one unit of probability",
    "cut": "{output} cuts off the logits",
    "dies": "a relu output that starts negative has no gradient and stays 0",
    "distance": "class numbers become distances: class {high} is further from 0 than class 1",
    "each-column": "output {shape} against targets {target} compares each target with all {k} outputs",
    "exp-twice": "with log_input=True the loss takes the exponential again: the rate becomes exp({output}(z))",
    "few-keras": "labels reach {c} classes and the output has {k} units: a label of {k} or more raises, or gives NaN on a GPU",
    "few-torch": "labels reach {c} classes and the output has {k} units: a label of {k} or more raises",
    "given-x": "the targets are the very inputs of the model: output {shape} against targets {target} raises at the first batch",
    "int-rows": "class numbers are expected and integer one-hot rows come: raises",
    "leaves": "BCELoss raises once a value leaves [0, 1]",
    "log-raw": "the logarithm of an output that is not positive is NaN, and where it is clipped the gradient is 0",
    "log-zero": "the logarithm of an output of 0 is infinite, and 0 times that NaN",
    "log-nan": "the logarithm of the first negative output is NaN",
    "majority": "absolute error is least for the majority class alone",
    "many": "{k} outputs for {c} classes: the others never win",
    "narrow": "logits in (-1, 1) predict only 0.27 to 0.73",
    "negative": "negative values are clipped and give no gradient",
    "no-classes": "targets from {low} to {high} are no classes and no probabilities",
    "no-log": "log-probabilities are expected: on {output} values the loss is negative and does not measure the fit",
    "no-log-q": "log-probabilities are expected: on {output} values the divergence goes below 0 without measuring the fit",
    "no-sum": "the outputs do not sum to 1, so they are no probabilities of exclusive classes",
    "one-by-one": "{k} exclusive classes are trained one by one, and their outputs need not sum to 1",
    "one-each": "output {shape} and targets {target} do not fit: raises, or each target is compared with all {k} outputs",
    "one-row": "a row for each class is expected and class numbers come: raises at the first batch",
    "one-sided": "outputs in (0, 1) leave one class with a loss of 1 or more",
    "one-unit": "rows of one-hot labels against a single output: raises at the first batch",
    "outside": "{output} leaves [0, 1], where BCELoss raises and Keras clips: the gradient is 0 there",
    "reach": "targets from {low} to {high} lie outside of what {output} can give",
    "recovered": "Keras on TensorFlow recovers the logits and warns, elsewhere the loss cannot fall below {floor}",
    "recovered-2": "Keras on TensorFlow recovers the logits and warns, elsewhere the loss cannot fall below 0.313",
    "rows-come": "class numbers are expected and one-hot rows come: raises at the first batch",
    "shared-in": "{output} is taken of {inner} values in (0, 1): none of {k} classes can be given more than {most}",
    "shapes": "output {shape} and target {target} differ in shape: raises",
    "shrunk": "{output} shrinks the negative logits and their gradients",
    "sigmoid-2": "the loss applies sigmoid again: it cannot fall below 0.313 for label 1 and 0.693 for label 0",
    "slow": "squared error on probabilities learns slowly where it is most wrong",
    "squeezed": "the loss applies softmax to values in (0, 1): with {k} classes it cannot fall below {floor}",
    "twice": "the loss applies softmax again: with {k} classes it cannot fall below {floor}",
    "unit": "softmax over one unit is the constant 1: every prediction is 1.0 and the gradient through it 0",
    "other-width": "output {shape} against targets {target}: raises at the first batch",
    "variance": "the variance must be positive: raises at the first entry below 0",
    "width": "rows of {c} labels against {k} outputs: raises at the first batch",
    "zero": "over one unit the loss is 0 whatever the output: nothing is learnt",
    "zero-keras": "over one unit the loss is 0 whatever the output, and label 1 raises, or gives NaN on a GPU",
    "zero-row": "0/0 = NaN as soon as all outputs of a row are 0",
    "zero-torch": "over one unit the loss is 0 whatever the output, and label 1 raises",
    "zero-value": "values of 0 are clipped and give no gradient: the loss stays near 6 to 9",
}
"""What happens. Placeholders: {k}, {c}, {floor} = ln(1 + (K-1)/e), {most} = e/(e + K-1), {output},
{inner} (of `a>b` the a), {low}, {high}, {shape}, {target}."""

ADVICE: dict[str, str] = {
    "argmax": "use argmax(1) of the labels, or float rows",
    "categorical": "use the categorical loss",
    "class-loss": "use a cross-entropy",
    "class-each": "keep the labels as one column of 0 and 1, or give the output one unit for each class and a softmax",
    "columns": "use the categorical loss for exclusive classes, else one column for each class",
    "cross-entropy": "use CrossEntropyLoss on the logits, or log_softmax",
    "dense": "use categorical_crossentropy, or argmax of the labels",
    "drop": "drop the activation, or use the loss on probabilities",
    "drop-inner": "drop the {inner}",
    "drop-only": "drop the activation",
    "kind": "use softmax for exclusive classes, sigmoid with binary cross-entropy for independent ones",
    "labels": "pass the labels",
    "linear": "use a linear output, or scale the targets",
    "with-logits": "use the loss on logits, or a sigmoid output",
    "or-softmax": "use from_logits=True, or a softmax output",
    "numbered": "use a cross-entropy that takes class numbers",
    "on-logits": "use the library's cross-entropy on the logits, or a softmax (one unit: sigmoid) output",
    "log-first": "apply log_softmax to the logits",
    "log-input": "pass the linear output, or log_input=False",
    "map": "map the labels to 0 and 1, or give each class a unit",
    "one-shape": "bring both to one shape, as with squeeze(1)",
    "positive": "use exp or softplus",
    "regression": "use mean squared error with a linear output",
    "sigmoid": "use sigmoid with binary cross-entropy, a linear unit for a regression, or one unit for each class",
    "softmax": "use softmax",
    "sparse": "use sparse_categorical_crossentropy, or convert the labels with to_categorical",
    "units": "use {c} units",
    "use-sigmoid": "use sigmoid",
    "as-wide": "give the output one unit for each column of the targets",
    "width": "give the output one unit, or the targets {k} columns",
}


class Row(NamedTuple):
    """One decision; `keras` and `torch` say what happens there (None: the row does not apply). No code: all is right."""

    number: int
    losses: tuple[str, ...]
    outputs: tuple[str, ...]
    units: str
    labels: tuple[str, ...]
    keras: str | None
    torch: str | None
    code: str
    severity: Severity
    keras_severity: Severity
    advice: str


@cache
def rows() -> tuple[Row, ...]:
    """The rows of the table, in order."""
    return tuple(row_of(line) for line in TABLE.strip().splitlines())


def row_of(line: str) -> Row:
    """One line of a table as a row."""
    number, losses, outputs, units, labels, keras, torch, verdict, advice = (cell.strip() for cell in line.split("|"))
    code, severity, *softened = verdict.split() or ("", "info")
    return Row(
        int(number),
        tuple(losses.split()),
        tuple(one for group in outputs.split() for one in OUTPUTS.get(group, (group,))),
        units,
        tuple(labels.split()),
        None if keras == "-" else EFFECTS.get(keras, keras),
        None if torch == "-" else EFFECTS.get(torch, torch),
        f"TRN{code}" if code else "",
        Severity(severity),
        Severity(softened[0].strip("()") if softened else severity),
        ADVICE.get(advice, advice),
    )
