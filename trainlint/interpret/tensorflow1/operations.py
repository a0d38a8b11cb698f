"""What sessions run besides training operations: initialisation, restored weights, groups of operations."""

from __future__ import annotations

from trainlint.core import Place
from trainlint.interpret.dispatch import Call, Interpreter, function, method
from trainlint.interpret.keras.common import listed, named
from trainlint.interpret.keras.loops import fetched, run_fetches
from trainlint.interpret.tensorflow1.pipelines import ITERATOR_INITIALIZER
from trainlint.interpret.values import NONE, List, Literal, Object, Symbol, Tuple, Unknown, Value
from trainlint.knowledge.rows import Row

UPDATES = Row("tensorflow.updates", "object", "update_operations")
UPDATE_OPS = ("tensorflow.GraphKeys.UPDATE_OPS", "update_ops")


@function("tensorflow.group")
def _group(call: Call) -> Value:
    """`tf.group(init, local_init)`: running it runs them all."""
    return Tuple(call.arguments.positional, call.place)


@function("tensorflow.get_collection")
def _collection(call: Call) -> Value:
    """`tf.get_collection(tf.GraphKeys.UPDATE_OPS)` is noted: the moving averages of batch normalisation are taken care of."""
    key = call.argument(0, "key")
    if isinstance(key, Symbol | Literal) and named(key) in UPDATE_OPS:
        made = Object(UPDATES, place=call.place)
        call.interpreter.emit("call", call.place, callee=Symbol("tensorflow.get_collection", call.spelled), result=made)
        return made
    return call.unknown("a collection of the graph")


def initialized(interpreter: Interpreter, fetches: Value | None, place: Place | None) -> None:
    """The event "initialize" where a session runs the initialisation of the weights, or something that may be it."""
    for one in fetched(fetches):
        if isinstance(one, Unknown) or (isinstance(one, Object) and one.row.kind == "initialization"):
            interpreter.emit("initialize", place, operation=one)
        if isinstance(one, Object) and one.row is ITERATOR_INITIALIZER:
            interpreter.emit("initialize_iterator", place, operation=one)


def _run(call: Call) -> Value:
    """`session.run(fetches, feed_dict)`: initialisation and training operations; what it computes is not followed."""
    fetches = call.argument(0, "fetches")
    initialized(call.interpreter, fetches, call.place)
    run_fetches(call.interpreter, fetches, call.argument(1, "feed_dict"), call.place, call.receiver)
    items = listed(fetches) if isinstance(fetches, Tuple | List) else ()
    if not items:
        return call.unknown("what a session computes")
    return List({"items": Tuple(tuple(call.unknown("what a session computes") for _ in items))}, call.place)


@method("array", "eval")
def _evaluated(call: Call) -> Value:
    """`accuracy.eval(feed_dict)` in the default session."""
    run_fetches(call.interpreter, call.receiver, call.argument(0, "feed_dict"), call.place)
    return call.unknown("what a session computes")


for _kind in ("object:session", "object:managed_session"):
    method(_kind, "run")(_run)


@method("object:managed_session", "managed_session", "prepare_or_wait_for_session", "prepare_session", "__enter__")
def _managed(call: Call) -> Value:
    """`with supervisor.managed_session() as session`."""
    return call.receiver or NONE


@method("object:initialization", "run")
def _run_initialization(call: Call) -> Value:
    """`tf.global_variables_initializer().run()`."""
    initialized(call.interpreter, call.receiver, call.place)
    return NONE


@method("object:saver", "restore")
@method("object:saver", "recover_last_checkpoints")
def _restore(call: Call) -> Value:
    """`saver.restore(session, path)` gives the weights their values too."""
    call.interpreter.emit("initialize", call.place, operation=call.unknown("weights of a checkpoint"))
    return NONE
