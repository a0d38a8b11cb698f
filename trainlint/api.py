"""All that a rule may import: each name is passed on as it is."""

from __future__ import annotations

from trainlint.core import (
    Edit as Edit,
    Evidence as Evidence,
    Fact as Fact,
    Origin as Origin,
    Place as Place,
    Severity as Severity,
    Unknown as Unknown,
)
from trainlint.facts.adversaries import unfrozen_adversaries as unfrozen_adversaries
from trainlint.facts.augmentation import augmented_evaluations as augmented_evaluations, mirrored_digits as mirrored_digits
from trainlint.facts.averages import divided_twice as divided_twice
from trainlint.facts.axes import wrong_axes as wrong_axes
from trainlint.facts.backbones import scaled_before_backbone as scaled_before_backbone, wrong_statistics as wrong_statistics
from trainlint.facts.bindings import (
    failed_unpackings as failed_unpackings,
    misspelt_calls as misspelt_calls,
    unbound_names as unbound_names,
)
from trainlint.facts.carried import carried_states as carried_states
from trainlint.facts.chains import only_pooled as only_pooled, redundant_chains as redundant_chains
from trainlint.facts.clipping import idle_clips as idle_clips
from trainlint.facts.closures import refused_steps as refused_steps
from trainlint.facts.compiling import compile_problem as compile_problem, fit_problem as fit_problem
from trainlint.facts.cuts import cut_losses as cut_losses
from trainlint.facts.devices import (
    apart as apart,
    dropped_copies as dropped_copies,
    left_behind as left_behind,
    misordered_wrappers as misordered_wrappers,
)
from trainlint.facts.divergences import signs_left_out as signs_left_out
from trainlint.facts.drawing import (
    classes_held_back as classes_held_back,
    never_shuffled as never_shuffled,
    seeds_in_step_loops as seeds_in_step_loops,
)
from trainlint.facts.dropout import (
    dropouts_always_on as dropouts_always_on,
    dropped as dropped,
    idle_recurrent_dropout as idle_recurrent_dropout,
    positional_strides as positional_strides,
)
from trainlint.facts.evaluating import (
    evaluations_in_training_mode as evaluations_in_training_mode,
    kept_graphs as kept_graphs,
    kept_outputs as kept_outputs,
    steps_of_an_evaluation as steps_of_an_evaluation,
)
from trainlint.facts.evaluation import (
    selections_by_test_set as selections_by_test_set,
    shuffled_series as shuffled_series,
    tests_on_seen_rows as tests_on_seen_rows,
)
from trainlint.facts.fitting import (
    callbacks_left_out as callbacks_left_out,
    frozen_after_fit as frozen_after_fit,
    labels_of_folders as labels_of_folders,
    optimizers_left_out as optimizers_left_out,
    wrong_steps as wrong_steps,
)
from trainlint.facts.graph import Node as Node, Parameter as Parameter, walk as walk
from trainlint.facts.guards import summed_over_batch as summed_over_batch, unguarded as unguarded
from trainlint.facts.habits import (
    architecture_habits as architecture_habits,
    incomplete_checkpoints as incomplete_checkpoints,
    is_seeded as is_seeded,
    loaders_without_workers as loaders_without_workers,
    missing_aids as missing_aids,
)
from trainlint.facts.input_scaling import (
    divided_again as divided_again,
    other_scales as other_scales,
    scaled_twice as scaled_twice,
    table_read_raw as table_read_raw,
    unused_scalings as unused_scalings,
)
from trainlint.facts.leakage import (
    repeated_before_split as repeated_before_split,
    shuffled_answers as shuffled_answers,
    validated_on_training_data as validated_on_training_data,
)
from trainlint.facts.left_out import lossless_steps as lossless_steps, weights_left_out as weights_left_out
from trainlint.facts.loop_faults import (
    gradients_not_applied as gradients_not_applied,
    left_in_eval as left_in_eval,
    lost_gradients as lost_gradients,
    missing_acts as missing_acts,
    rebuilt as rebuilt,
)
from trainlint.facts.loss_calls import wrong_loss_calls as wrong_loss_calls
from trainlint.facts.optimized import (
    idle_attributes as idle_attributes,
    idle_schedules as idle_schedules,
    kept_by_reference as kept_by_reference,
    uncounted_schedule as uncounted_schedule,
    weights_without_optimizer as weights_without_optimizer,
)
from trainlint.facts.outdated import ignored_arguments as ignored_arguments, refused_arguments as refused_arguments
from trainlint.facts.pace import (
    exact_data as exact_data,
    few_updates as few_updates,
    known_layers as known_layers,
    known_weights as known_weights,
    made_up_data as made_up_data,
    reach_of_adam as reach_of_adam,
    reach_of_clipped as reach_of_clipped,
)
from trainlint.facts.partial_cuts import layers_cut_off as layers_cut_off
from trainlint.facts.partial_epochs import (
    first_batches_only as first_batches_only,
    last_batches_only as last_batches_only,
    lost_batches as lost_batches,
    not_averaged as not_averaged,
)
from trainlint.facts.passes import (
    clip_place as clip_place,
    every_event as every_event,
    loop_passes as loop_passes,
    lowers_rate_later as lowers_rate_later,
    rate_is_replaced as rate_is_replaced,
    steps_parameters_of as steps_parameters_of,
    text_of as text_of,
)
from trainlint.facts.penalties import initial_penalty as initial_penalty, shrinking as shrinking
from trainlint.facts.policy import breaches as breaches
from trainlint.facts.precision import (
    lost_update as lost_update,
    misused_scalers as misused_scalers,
    refused_losses as refused_losses,
    samplers_without_epoch as samplers_without_epoch,
    unscaled_half_precision as unscaled_half_precision,
)
from trainlint.facts.predictions import idle_argmaxes as idle_argmaxes
from trainlint.facts.pretrained import pretrained_network as pretrained_network
from trainlint.facts.provenance import is_positions as is_positions
from trainlint.facts.queries import (
    RESHAPING as RESHAPING,
    array_rank as array_rank,
    clips as clips,
    in_line as in_line,
    layer_name as layer_name,
    library_loss_of as library_loss_of,
    line_of as line_of,
    loss_is_negated as loss_is_negated,
    planned_updates as planned_updates,
    raw_leaf as raw_leaf,
    reversed_loss as reversed_loss,
    root_of as root_of,
    skip_upwards as skip_upwards,
    summed_at_the_end as summed_at_the_end,
)
from trainlint.facts.recorded import names_not_recorded as names_not_recorded, scheduled_plateaus as scheduled_plateaus
from trainlint.facts.refitting import fitted_on_held_back as fitted_on_held_back, leak_in_words as leak_in_words
from trainlint.facts.registration import (
    made_in_forward as made_in_forward,
    unconstructed as unconstructed,
    unregistered as unregistered,
)
from trainlint.facts.rescaling import rescalings as rescalings, weights_are_set as weights_are_set
from trainlint.facts.reused_graphs import reused_graphs as reused_graphs
from trainlint.facts.row_order import reordered_alone as reordered_alone, shuffled_apart as shuffled_apart
from trainlint.facts.run import (
    DataFacts as DataFacts,
    LayerFacts as LayerFacts,
    LossFacts as LossFacts,
    ModelFacts as ModelFacts,
    OptimizerFacts as OptimizerFacts,
    ScheduleFacts as ScheduleFacts,
    Script as Script,
    TrainingRun as TrainingRun,
    UnusedSuppression as UnusedSuppression,
)
from trainlint.facts.scaling import (
    BYTE_RMS as BYTE_RMS,
    column_sizes as column_sizes,
    first_layer_on_raw_inputs as first_layer_on_raw_inputs,
    initial_output_scale as initial_output_scale,
    layers_of as layers_of,
    outputs_in_words as outputs_in_words,
    reachable_output as reachable_output,
    recurrent_or_attention as recurrent_or_attention,
    where_inputs_enter as where_inputs_enter,
)
from trainlint.facts.sessions import (
    dropout_in_scores as dropout_in_scores,
    iterators_without_start as iterators_without_start,
    left_out_updates as left_out_updates,
    uninitialized_steps as uninitialized_steps,
)
from trainlint.facts.shapes import (
    channel_is_misplaced as channel_is_misplaced,
    channels_first_inputs as channels_first_inputs,
    merged_batches as merged_batches,
    misfit_in_words as misfit_in_words,
    misfits as misfits,
    of_a_batch as of_a_batch,
    open_output as open_output,
    shape_in_words as shape_in_words,
)
from trainlint.facts.starting import constant_starts as constant_starts, signal_scale as signal_scale
from trainlint.facts.stepping import misstepped as misstepped, stepped_at_wrong_rate as stepped_at_wrong_rate
from trainlint.facts.structure import (
    TO_FALL as TO_FALL,
    all_is_frozen as all_is_frozen,
    ascends as ascends,
    batch_taken_for_time as batch_taken_for_time,
    dropout_on_output as dropout_on_output,
    never_adapted as never_adapted,
    samples_taken_for_steps as samples_taken_for_steps,
    saturating_stack as saturating_stack,
    softmax_inside as softmax_inside,
)
from trainlint.facts.swapped_scores import swapped_scores as swapped_scores
from trainlint.facts.tables import (
    category_codes as category_codes,
    labels_scaled_with_inputs as labels_scaled_with_inputs,
    target_among_inputs as target_among_inputs,
)
from trainlint.facts.tapes import calls_without_training as calls_without_training, losses_outside_tape as losses_outside_tape
from trainlint.facts.tensors import (
    never_filled as never_filled,
    refused_types as refused_types,
    scrambling_reshapes as scrambling_reshapes,
)
from trainlint.facts.thresholds import (
    classes_compared_with_half as classes_compared_with_half,
    logits_compared_with_half as logits_compared_with_half,
)
from trainlint.facts.tokens import outside_embeddings as outside_embeddings, tokens_as_numbers as tokens_as_numbers
from trainlint.facts.unrecorded import (
    forwards_without_gradients as forwards_without_gradients,
    steps_without_gradients as steps_without_gradients,
)
from trainlint.facts.unused import unused_layers as unused_layers
from trainlint.interpret.events import Event as Event
from trainlint.interpret.values import LibraryMethod as LibraryMethod
from trainlint.judged import why_not_judged as why_not_judged
from trainlint.registry import Report as Report, Rule as Rule, insert_before as insert_before, replace as replace, rule as rule
from trainlint.remedies import layer_fixes as layer_fixes
from trainlint.remedies.data import (
    divide_bytes as divide_bytes,
    keep_order as keep_order,
    scale_alike as scale_alike,
    seed_before_loop as seed_before_loop,
    shuffle_loader as shuffle_loader,
    shuffle_rows as shuffle_rows,
    shuffle_together as shuffle_together,
    split_first as split_first,
    standardize as standardize,
    transform_only as transform_only,
    use_scaled as use_scaled,
)
from trainlint.remedies.loops import (
    ask_for_recorded as ask_for_recorded,
    descend as descend,
    exchange as exchange,
    mend_compile as mend_compile,
    mend_scaler as mend_scaler,
    move_before as move_before,
    move_behind as move_behind,
    move_to_end as move_to_end,
    pass_callback as pass_callback,
    read_attribute as read_attribute,
    scale_loss as scale_loss,
    set_epoch as set_epoch,
    step_scheduler as step_scheduler,
    swap_betas as swap_betas,
    train_mode_at_head as train_mode_at_head,
)
from trainlint.remedies.suggestions import (
    assign_to_receiver as assign_to_receiver,
    divide_loss as divide_loss,
    evaluate_in_eval_mode as evaluate_in_eval_mode,
    indent_into as indent_into,
    insert_after as insert_after,
    insert_argument as insert_argument,
    insert_statement_before as insert_statement_before,
    receiver_text as receiver_text,
    rename_argument as rename_argument,
    rename_method as rename_method,
    set_argument as set_argument,
    set_epsilon as set_epsilon,
    set_learning_rate as set_learning_rate,
    take_the_number as take_the_number,
    text_at as text_at,
)
from trainlint.remedies.unscaling import without_scaling as without_scaling
from trainlint.scheduled import change_in_run as change_in_run, scheduled as scheduled, share_of_run_below as share_of_run_below
from trainlint.stability import stability as stability
from trainlint.stability.bound import StabilityBound as StabilityBound
from trainlint.step_reports import (
    clipped_step_report as clipped_step_report,
    distant_targets_report as distant_targets_report,
    epsilon_without_effect as epsilon_without_effect,
    exceeded_bound_report as exceeded_bound_report,
    half_precision_step as half_precision_step,
    near_bound_report as near_bound_report,
    penalty_report as penalty_report,
    rate_fits_start as rate_fits_start,
    relative_step_report as relative_step_report,
    rescaled_step as rescaled_step,
    schedule_report as schedule_report,
    short_reach_report as short_reach_report,
    shrinking_report as shrinking_report,
    shrunken_bound_report as shrunken_bound_report,
    slow_descent_report as slow_descent_report,
    spikes_late as spikes_late,
    steep_targets_report as steep_targets_report,
)
from trainlint.voices import loss_reports as loss_reports, metric_reports as metric_reports
from trainlint.wording import (
    ADAM_FAMILY as ADAM_FAMILY,
    SGD_FAMILY as SGD_FAMILY,
    exact as exact,
    figure as figure,
    inputs_in_words as inputs_in_words,
    optimizer_label as optimizer_label,
    optimizer_name as optimizer_name,
    powers_of_ten as powers_of_ten,
    root_mean_square as root_mean_square,
    round_down_1_2_5 as round_down_1_2_5,
    row_in_words as row_in_words,
    run_cause as run_cause,
    site_cause as site_cause,
    stability_numbers as stability_numbers,
    step_size as step_size,
    step_size_place as step_size_place,
)
