"""scikit-learn around Keras: pipelines, cross-validation and searches that build and fit a wrapped model."""

from __future__ import annotations

from trainlint.interpret.dispatch import Arguments, Call, bind, function, method
from trainlint.interpret.keras.common import items_of
from trainlint.interpret.values import NONE, Dict, Literal, Object, Tuple, Unknown, Value
from trainlint.knowledge.rows import Row

SIGNATURES = {
    "sklearn.pipeline.Pipeline": "steps, *, memory=None, verbose=False",
    "sklearn.model_selection.GridSearchCV": "estimator, parameters|param_grid, *, scoring=None, n_jobs=None, cv=None",
    "sklearn.model_selection.RandomizedSearchCV": "estimator, parameters|param_distributions, *, n_iter=10, cv=None",
}
WRAPPERS = ("classifier", "regressor")
NETS = ("skorch_classifier", "skorch_regressor", "skorch_binary", "skorch_net")


@function(*SIGNATURES, "sklearn.grid_search.GridSearchCV", "sklearn.grid_search.RandomizedSearchCV")
def _holder(call: Call) -> Value:
    """An object that holds estimators until it is fitted."""
    name = call.name.replace("grid_search", "model_selection")
    kind = "pipeline" if name.endswith("Pipeline") else "search"
    row = Row(name, "estimator", kind, SIGNATURES[name])
    return Object(row, bind(row, call.arguments).arguments, {}, {}, call.spelled, call.place)


@function("sklearn.pipeline.make_pipeline")
def _pipeline(call: Call) -> Value:
    """`make_pipeline(StandardScaler(), model)`."""
    steps = Tuple(tuple(Tuple((Literal("step"), one), call.place) for one in call.arguments.positional), call.place)
    row = Row("sklearn.pipeline.Pipeline", "estimator", "pipeline", SIGNATURES["sklearn.pipeline.Pipeline"])
    return Object(row, {"steps": steps}, {}, {}, call.spelled, call.place)


@method("sklearn.estimator", "fit")
def _fit(call: Call) -> Value:
    """`search.fit(X, y)`, `pipeline.fit(X, y)`."""
    if isinstance(call.receiver, Object):
        _train(call, call.receiver, call.argument(0, "X"), call.argument(1, "y"))
    return call.receiver or NONE


@function(
    *(f"sklearn.model_selection.{name}" for name in ("cross_val_score", "cross_val_predict", "cross_validate", "learning_curve")),
    "sklearn.cross_validation.cross_val_score",
)
def _validated(call: Call) -> Value:
    """`cross_val_score(model, X, y, cv=10)` fits the model once for each part of the data."""
    estimator = call.argument(0, "estimator")
    if isinstance(estimator, Object):
        _train(call, estimator, call.argument(1, "X"), call.argument(2, "y"))
    return call.unknown("scores of a cross-validation")


def _train(call: Call, estimator: Object, x: Value | None, y: Value | None) -> None:
    """Fit what is in a holder; what comes before the model in a pipeline is fitted on its inputs and transforms them."""
    if estimator.row.kind == "search":
        inner = estimator.arguments.get("estimator")
        if isinstance(inner, Object):
            _train(call, _varied(inner, estimator.arguments.get("parameters")), x, y)
        return
    if estimator.row.kind == "pipeline":
        pairs = [items_of(one) for one in items_of(estimator.arguments.get("steps")) or ()]
        steps = [one[1] for one in pairs if one is not None and len(one) == 2]
        if not steps or len(steps) < len(pairs) or not isinstance(steps[-1], Object):
            return
        for one in steps[:-1]:
            transform = call.interpreter.attribute(one, "fit_transform", call.place)
            x = call.interpreter.call(transform, Arguments((x or NONE,)), call.place)
        estimator = steps[-1]
    trains = estimator.row.kind in WRAPPERS if estimator.row.makes == "wrapper" else estimator.row.kind in NETS
    if trains and x is not None and y is not None:
        fit = call.interpreter.attribute(estimator, "fit", call.place)
        call.interpreter.call(fit, Arguments((x, y)), call.place)


def _varied(wrapper: Object, parameters: Value | None) -> Object:
    """A wrapped model whose searched parameters are not known."""
    if not isinstance(parameters, Dict):
        return wrapper
    searched = Unknown("it is searched for", parameters.place)
    names = [one for one in parameters.cells if isinstance(one, str)]
    if wrapper.row.kind in NETS:  # `lr`, `optimizer__momentum`: arguments of the net itself
        given = {**wrapper.arguments, **dict.fromkeys(names, searched)}
        return Object(wrapper.row, given, wrapper.extra, wrapper.cells, wrapper.spelled, wrapper.place, wrapper.argument_places)
    cells = dict(wrapper.cells)
    cells.update({("parameter", one.rpartition("__")[2]): searched for one in names})
    return Object(wrapper.row, wrapper.arguments, wrapper.extra, cells, wrapper.spelled, wrapper.place)
