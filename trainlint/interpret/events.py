"""What a script does to its training, in the order in which it would do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from trainlint.core import Place, dataclass
from trainlint.interpret.values import Value

TRAINING = "training mode"
"""The note of a Literal that says whether a model trains: what stands behind `if self.training` is guarded by it."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One enclosing construct of an event.

    kind: "loop" (`trips` passes where that is known; `over` is what is iterated), "branch" (undecided; `trips`: the k of a test
    that holds on every k-th pass), "call" (`name` of the function; `over` is the first argument of a method), "guard" (`name`
    "training": behind `if self.training`), "with" (`name`: no_grad, autocast, tape, ...; "" if unknown),
    "search" (a tuner fits one of many models), "uncalled" (entered with unknown arguments because nobody calls it), "forward"
    (a PyTorch module is being called; `over` is the module; only the outermost one is an event).
    """

    kind: str
    place: Place | None = None
    name: str = ""
    trips: int | None = None
    over: Value | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One act of the script.

    `kind` and the roles in `values`:
      compile      model, optimizer, loss, metrics, ... as the script gave them, resolved_optimizer (an object for a string),
                   extra:* (arguments no parameter takes), twice (a first argument beside `optimizer=`)
      fit          model, x, y, batch_size, epochs, steps_per_epoch, validation_data, callbacks, shuffle, ..., extra:*, method;
                   optimizer, loss, metrics (what the model was compiled with, strings resolved), output (the model applied to x),
                   loss_output (what a loss of the script computes), loss_outputs (the same for each of several outputs),
                   batch (of a data set: inputs and targets),
                   validation_batch (the same of the validation data),
                   batches (how many a pass over the data set gives)
      evaluate, predict  model, x, ..., method
      adapt        target, data                     (a Normalization layer)
      assign       parameter, value                 (`variable.assign(value)`)
      forward      model, output, inputs            (a script's call of a module or model)
      loss         loss, output                     (output: the loss Array)
      backward     loss                             (an Array; target, the variables, and tape for `tape.gradient(loss, vars)`;
                   context where the gradients go to a context of their own: distributed autograd; returned: the tensors whose
                   gradients are given back and added up nowhere, `torch.autograd.grad(loss, tensors)`; gradient: what
                   `backward` was given to start with; retained: whether a tensor's `backward` keeps its graph)
      zero_grad    target                           (optimizer or model)
      step         optimizer (and scaler; closure: what `step` was given, or None; gradient: the first one applied, as the script
                   changed it); or for updates by hand: parameter, update (the expression that is subtracted or added),
                   learning_rate (the factor of the gradient in what is subtracted); session where one of TensorFlow 1
                   runs it, counter: its `global_step`
      maybe_step   receiver                         (`x.step()` of something unknown: an optimizer or a schedule); or parameter:
                   `w += x` where no gradient is seen in x
      schedule     schedule, optimizer              (a schedule is tied to an optimizer)
      set_learning_rate  optimizer, learning_rate   (`optimizer.param_groups[0]["lr"] = x`)
      scale, unscale, scaler_update  scaler; loss; optimizer   (mixed precision)
      scheduler_step  schedule, metric              (metric: what ReduceLROnPlateau is told, None otherwise)
      clip         target, maximum, by              (by: "norm" or "value")
      mode         model, mode                      ("train" or "eval")
      shuffle      array, by                        (in place: `random.shuffle(x)`)
      seed         seed, of                         (`np.random.seed(0)`, `torch.manual_seed(0)`: `of` names the function)
      index_by_item  array, name, item              (`for v in y: y[v] = ...`)
      score        name, true, predicted            (scores of scikit-learn in which the order of the two counts)
      labels_read  generator                        (`.classes` of an image generator)
      split        arrays, parts                    (`train_test_split`: parts are train and test of each array in turn)
      scaler_fit   scaler, array                    (a scaler or encoder of scikit-learn)
      scaled       scaler, array, output
      set_weights  target, weights
      initialize   operation                        (a session of TensorFlow 1 initialises the weights; Unknown: it may)
      session_run  fetched, feed, trains            (a session of TensorFlow 1 is fed: all that it fetches in a Tuple, its
                   `feed_dict`, and whether a training operation is among what it fetches)
      iterator     iterator                         (an iterator of `tf.data` that has to be initialised)
      initialize_iterator  operation                (a session runs its `initializer`)
      array        output                           (an operation that some rule looks at: `arrays.functions.RECORDED`)
      scaled_again  scaled, divisor                 (`x / r / r`: what is divided was divided by the same thing before)
      preprocess   output, family                   (`preprocess_input` of a family of pretrained networks)
      dataset      object                           (a data set of a library is made)
      augment      transform, image                 (a random transform of torchvision is applied)
      taken        container, index                 (rows of something unknown in a random order)
      constructed  object, arguments                (an instance of a class whose `__init__` is that of a base that is not known)
      made         object, unconstructed            (a layer, loss, module, optimizer, schedule or instance of a class with a
                   library base; unconstructed: the `__init__` of it or of a base that never calls that of its own base)
      unbound      name, later                      (a name that is bound nowhere is read, or only from a later row on)
      misspelt     name, meant                      (a call of what a library has in other capitals only)
      unpack       value, targets                   (a tuple of another length than the targets it is unpacked to)
      set_attribute  target, name, value, before    (an attribute of a library object is set; of a tensor: one that it lacks)
      set_member   target, name, value, before      (the same of an instance with a library base, outside its `__init__`)
      history_read  fit, key                        (`history.history["loss"]`; fit is what `fit` gave)
      misfit       layer, input, expected, found, what  (a layer is called on a shape that it cannot take)
      functional_dropout  rate, training            (`F.dropout`; training only if it is passed; off: only by `self.training`)
      positional_stride   layer, kernel, stride     (`Conv2D(32, 3, 3)` where the third number is the stride)
      called_container  container                   (a ModuleList is called like a layer)
      accumulated  value, before, result            (an array is added up or kept: `total += value`, `values.append(value)`;
                   before is the total or list that it joins, result what comes of it)
      lossless     value                            (a dict without "loss", or None, which Lightning's `training_step` returns)
      kept         value, name                      (what has a name gets another one that says it is the best)
      carried      before, after                    (a pass in which a loss goes backward leaves other tensors in a name or an
                   attribute of a module than it found there)
      detached     value                            (`x.detach_()`: cut off in place)
      dropped      value, method                    (an array that a statement computes and nobody keeps; method: the one called)
      drawn        iterator, over, result           (`next(iter(loader))`: iterator is a list that stands for what `iter` gave)
      moved        model, device                    (`model.to(device)`, `.cuda()`, `.cpu()`)
      moved_tensor value                            (the same of a tensor that is no mini-batch)
      wrapped      model, by, devices               (DataParallel, DistributedDataParallel, FSDP take a module)
      saved        value                            (`torch.save`)
      spelled      name, makes, argument, value, legacy   (an argument, or with makes "method" a method of a model, that not every
                   era of Keras has; name and makes are those of the row that is called, legacy: by way of `optimizers.legacy`)
      bound_output value, name                      (what the call of a layer gave is bound to a name)
      wants_gradient  target                        (`x.requires_grad_()` of a tensor outside the graph; it is changed in place)
      exit                                          (a statement of the file behind which nothing runs: `sys.exit()`, `raise`)
      not_called   method                           (a bound method as a statement, without parentheses; of the unknown
                   only `backward`, `zero_grad`, `step`, `eval`, `train`)
      call         callee, result, ...              (any other library call whose row asks to be recorded)
    """

    kind: str
    place: Place | None
    frames: tuple[Frame, ...] = ()
    values: Mapping[str, Value] = field(default_factory=dict)
    argument_places: Mapping[str, Place] = field(default_factory=dict)
    order: int = 0

    def in_loop(self) -> bool:
        """Whether some loop of the script surrounds the event."""
        return any(frame.kind == "loop" for frame in self.frames)
