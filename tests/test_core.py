"""The dataclass of the house: frozen to the type checker, plain at run time, and alike in all else."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from trainlint.core import Edit, Span, dataclass


@dataclass(frozen=True, slots=True)
class Ours:
    number: int
    name: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Usual:
    number: int
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Itself:
    number: int


def test_equal_values_are_equal_and_have_the_hash_of_a_frozen_dataclass() -> None:
    assert Ours(1, "a") == Ours(1, "a") != Ours(2, "a")
    assert hash(Ours(1, "a")) == hash(Usual(1, "a"))
    assert len({Span("x", 1, 2, 3, 4), Span("x", 1, 2, 3, 4)}) == 1
    assert min(Span("x", 2, 1, 2, 1), Span("x", 1, 9, 1, 9)).row == 1


def test_without_equality_a_value_is_only_itself() -> None:
    one = Itself(1)
    assert one != Itself(1)
    assert len({one, one, Itself(1)}) == 2


def test_it_has_slots_can_be_replaced_and_goes_to_another_process() -> None:
    edit = Edit(Span("x", 1, 2, 3, 4), "text")
    assert dataclasses.replace(edit, content="") == Edit(Span("x", 1, 2, 3, 4), "")
    assert pickle.loads(pickle.dumps(edit)) == edit
    with pytest.raises(AttributeError):
        edit.other = 1  # type: ignore[attr-defined]
