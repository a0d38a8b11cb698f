"""The types every stage shares: places, evidence, facts and findings. Standard library only."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 (mypy wants the alias of what is passed on)
else:

    def dataclass(cls: type | None = None, /, *, frozen: bool = False, **options: Any) -> Any:
        """A dataclass that is frozen to the type checker, and plain at run time: it is made in a third of the time."""
        if cls is None:
            return lambda one: dataclass(one, frozen=frozen, **options)
        hashed = frozen and options.get("eq", True)
        return dataclasses.dataclass(cls, unsafe_hash=hashed, **options)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Where something stands: rows and columns start at 1, count code points, and the end is exclusive.

    `filename` is the path as the user named it; rows of a notebook are rows of its joined cells
    (`Source.cell_position` maps them back).
    """

    filename: str
    row: int
    column: int
    end_row: int
    end_column: int


class Place(Protocol):
    """Something that knows its span; computing it is put off until it is asked for."""

    @property
    def span(self) -> Span:
        """The span in the source text."""
        ...


@dataclass(frozen=True, slots=True)
class At:
    """A place whose span is already known (tests, files that do not parse)."""

    span: Span


class Evidence(Enum):
    """How a number is known. The order is the order of trust: combine with `weakest`."""

    PROVED = "proved"
    SIMULATED = "simulated"
    MEASURED = "measured"
    ESTIMATED = "estimated"

    @staticmethod
    def weakest(*evidence: Evidence) -> Evidence:
        """The least trustworthy of several: what follows from all of them is known no better."""
        order = list(Evidence)
        return max(evidence, key=order.index)


class Severity(Enum):
    """`error` only for what is proved, simulated, measured or sure to fail at run time."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Origin(Enum):
    """Where a scalar in the script came from. A later member overrides an earlier one when they are combined."""

    LITERAL = "literal"
    LIBRARY_DEFAULT = "default"
    ARGUMENT_DEFAULT = "argument-default"
    CONFIG = "config"
    SCHEDULE = "schedule"

    @staticmethod
    def combine(*origins: Origin) -> Origin:
        """The origin of a value computed from several."""
        order = list(Origin)
        return max(origins, key=order.index, default=Origin.LITERAL)


@dataclass(frozen=True, slots=True)
class Fact(Generic[T_co]):
    """A known value with how, where and from what it is known.

    `why` holds the assumptions in words ("default of `--lr`", "MNIST images are bytes 0..255").
    """

    value: T_co
    place: Place | None = None
    evidence: Evidence = Evidence.PROVED
    origin: Origin = Origin.LITERAL
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be known, and why ("lr comes from `os.environ['LR']`"). Never None, never a guess."""

    reason: str
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `span` by `content`; an empty span inserts."""

    span: Span
    content: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that silences its finding. `safe` only when the behaviour is identical."""

    message: str
    edits: tuple[Edit, ...]
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that takes part in a finding."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a rule says about one place. `cause` identifies the root cause: one cause, one finding."""

    code: str
    name: str
    severity: Severity
    message: str
    span: Span
    evidence: Evidence = Evidence.PROVED
    numbers: Mapping[str, float] = field(default_factory=dict)
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    cause: tuple[str, str] | None = None
    url: str = ""
