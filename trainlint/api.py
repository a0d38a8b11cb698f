"""All that a rule may import."""

from __future__ import annotations

from trainlint.core import Edit, Evidence, Fact, Origin, Place, Severity, Unknown
from trainlint.facts.bindings import failed_unpackings, unbound_names
from trainlint.facts.chains import redundant_chains
from trainlint.facts.compiling import compile_problem
from trainlint.facts.dropout import dropouts_always_on, dropped, idle_recurrent_dropout, positional_strides
from trainlint.facts.drawing import never_shuffled, seeds_in_step_loops
from trainlint.facts.graph import Node, Parameter, walk
from trainlint.facts.input_scaling import other_scales, scaled_twice, unused_scalings
from trainlint.facts.leakage import (
    fitted_before_split,
    fitted_on_test_part,
    repeated_before_split,
    shuffled_answers,
    validated_on_training_data,
)
from trainlint.facts.loop_faults import forwards_without_gradients, left_in_eval, missing_acts, rebuilt
from trainlint.facts.optimized import idle_attributes, idle_schedules, weights_kept_by_reference, weights_without_optimizer
from trainlint.facts.pace import few_updates, known_layers, known_weights, made_up_data, reach_of_adam
from trainlint.facts.passes import every_event, loop_passes, lowers_rate_later, rate_is_replaced, steps_parameters_of, text_of
from trainlint.facts.provenance import is_positions
from trainlint.facts.queries import (
    RESHAPING,
    array_rank,
    layer_name,
    library_loss_of,
    line_of,
    loss_is_negated,
    planned_updates,
    raw_leaf,
    reversed_loss,
    root_of,
    skip_upwards,
    summed_at_the_end,
)
from trainlint.facts.recorded import names_not_recorded, scheduled_plateaus
from trainlint.facts.registration import made_in_forward, unconstructed, unregistered
from trainlint.facts.rescaling import rescalings, weights_are_set
from trainlint.facts.row_order import shuffled_apart
from trainlint.facts.run import (
    DataFacts,
    LayerFacts,
    LossFacts,
    ModelFacts,
    OptimizerFacts,
    ScheduleFacts,
    Script,
    TrainingRun,
    UnusedSuppression,
)
from trainlint.facts.scaling import (
    BYTE_RMS,
    column_sizes,
    first_layer_on_raw_inputs,
    initial_output_scale,
    layers_of,
    reachable_output,
)
from trainlint.facts.sessions import left_out_updates, uninitialized_steps
from trainlint.facts.shapes import (
    channel_is_misplaced,
    channels_first_inputs,
    merged_batches,
    misfits,
    open_output,
    shape_in_words,
)
from trainlint.facts.starting import constant_starts, signal_scale
from trainlint.interpret.events import Event
from trainlint.interpret.values import LibraryMethod
from trainlint.judged import why_not_judged
from trainlint.registry import Report, Rule, insert_before, replace, rule
from trainlint.scheduled import change_in_run, scheduled, share_of_run_below
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.step_reports import exceeded_bound_report, rescaled_step, schedule_report, shrunken_bound_report, spikes_late
from trainlint.suggestions import (
    insert_after,
    insert_argument,
    insert_statement_before,
    receiver_text,
    set_learning_rate,
    text_at,
)
from trainlint.voices import loss_reports, metric_reports
from trainlint.wording import (
    ADAM_FAMILY,
    SGD_FAMILY,
    exact,
    figure,
    inputs_in_words,
    optimizer_label,
    optimizer_name,
    powers_of_ten,
    root_mean_square,
    round_down_1_2_5,
    run_cause,
    site_cause,
    stability_numbers,
    step_size,
    step_size_place,
)

__all__ = [
    "ADAM_FAMILY",
    "BYTE_RMS",
    "RESHAPING",
    "SGD_FAMILY",
    "DataFacts",
    "Edit",
    "Event",
    "Evidence",
    "Fact",
    "LayerFacts",
    "LibraryMethod",
    "LossFacts",
    "ModelFacts",
    "Node",
    "OptimizerFacts",
    "Origin",
    "Parameter",
    "Place",
    "Report",
    "Rule",
    "ScheduleFacts",
    "Script",
    "Severity",
    "StabilityBound",
    "TrainingRun",
    "Unknown",
    "UnusedSuppression",
    "array_rank",
    "channel_is_misplaced",
    "channels_first_inputs",
    "change_in_run",
    "column_sizes",
    "compile_problem",
    "constant_starts",
    "dropouts_always_on",
    "dropped",
    "every_event",
    "exact",
    "exceeded_bound_report",
    "failed_unpackings",
    "few_updates",
    "figure",
    "first_layer_on_raw_inputs",
    "fitted_before_split",
    "fitted_on_test_part",
    "forwards_without_gradients",
    "idle_attributes",
    "idle_recurrent_dropout",
    "idle_schedules",
    "initial_output_scale",
    "inputs_in_words",
    "insert_after",
    "insert_argument",
    "insert_before",
    "insert_statement_before",
    "is_positions",
    "known_layers",
    "known_weights",
    "layer_name",
    "layers_of",
    "left_in_eval",
    "left_out_updates",
    "library_loss_of",
    "line_of",
    "loop_passes",
    "loss_is_negated",
    "loss_reports",
    "lowers_rate_later",
    "made_in_forward",
    "made_up_data",
    "merged_batches",
    "metric_reports",
    "misfits",
    "missing_acts",
    "names_not_recorded",
    "open_output",
    "never_shuffled",
    "optimizer_label",
    "optimizer_name",
    "other_scales",
    "planned_updates",
    "positional_strides",
    "powers_of_ten",
    "rate_is_replaced",
    "raw_leaf",
    "reach_of_adam",
    "reachable_output",
    "rebuilt",
    "receiver_text",
    "redundant_chains",
    "repeated_before_split",
    "replace",
    "rescaled_step",
    "rescalings",
    "root_mean_square",
    "root_of",
    "reversed_loss",
    "round_down_1_2_5",
    "rule",
    "run_cause",
    "scaled_twice",
    "schedule_report",
    "scheduled",
    "scheduled_plateaus",
    "seeds_in_step_loops",
    "set_learning_rate",
    "shape_in_words",
    "shrunken_bound_report",
    "share_of_run_below",
    "shuffled_answers",
    "shuffled_apart",
    "signal_scale",
    "site_cause",
    "skip_upwards",
    "spikes_late",
    "stability",
    "stability_numbers",
    "step_size",
    "step_size_place",
    "steps_parameters_of",
    "summed_at_the_end",
    "text_at",
    "text_of",
    "unbound_names",
    "unconstructed",
    "uninitialized_steps",
    "unregistered",
    "unused_scalings",
    "validated_on_training_data",
    "walk",
    "weights_are_set",
    "weights_kept_by_reference",
    "weights_without_optimizer",
    "why_not_judged",
]
