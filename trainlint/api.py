"""All that a rule may import."""

from __future__ import annotations

from trainlint.core import Edit, Evidence, Fact, Origin, Place, Severity, Unknown
from trainlint.facts.graph import Node, Parameter, walk
from trainlint.facts.run import (
    DataFacts,
    LayerFacts,
    LossFacts,
    ModelFacts,
    OptimizerFacts,
    ScheduleFacts,
    Script,
    TrainingRun,
)
from trainlint.interpret.events import Event
from trainlint.registry import Report, Rule, insert_before, replace, rule
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound

__all__ = [
    "DataFacts",
    "Edit",
    "Event",
    "Evidence",
    "Fact",
    "LayerFacts",
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
    "insert_before",
    "replace",
    "rule",
    "stability",
    "walk",
]
