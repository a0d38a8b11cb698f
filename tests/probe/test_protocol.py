"""Messages between host and child."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from tests.probe.samples import FULL
from trainlint.probe.protocol import Line, Measurement, Request, Spectrum, from_json, to_json, write


def test_a_measurement_reads_as_it_was_written() -> None:
    again = from_json(to_json(FULL), Measurement)
    assert to_json(again) == to_json(FULL)
    assert again.sweep[0] == FULL.sweep[0]
    assert again.places == FULL.places
    assert math.isnan(again.sweep[1].losses[1])
    assert again.losses[2] == math.inf


def test_a_request_reads_as_it_was_written() -> None:
    request = Request("/tmp/x", runs=3, sweep=(0.5, 1.0), overfit=7, deadline=12.5, stop=False)
    assert from_json(to_json(request), Request) == request


def test_json_is_strict() -> None:
    text = to_json(Measurement("torch", loss=math.nan, losses=(math.inf, -math.inf)))
    values = json.loads(text, parse_constant=pytest.fail)
    assert (values["loss"], values["losses"]) == ("nan", ["inf", "-inf"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "null",
        "1",
        "{}",
        '{"framework": 1}',
        '{"framework": "torch", "other": 1}',
        '{"framework": "torch", "loss": "high"}',
        '{"framework": "torch", "loss": true}',
        '{"framework": "torch", "losses": 1}',
        '{"framework": "torch", "places": {"fit": 3}}',
        '{"framework": "torch", "places": {"fit": {"file": "a", "line": "1"}}}',
        '{"framework": "torch", "layers": [{"name": "w"}]}',
        '{"framework": "torch", "batch_size": 1.5}',
        '{"framework": "torch", "spectrum": {"largest": 1}}',
        "[" * 100_000,
    ],
)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_json(text, Measurement)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["framework", "loss", "places", "layers", "spectrum"]), inner, max_size=3)
        ),
    )
)
def test_nothing_but_a_value_error_is_raised(value: object) -> None:
    try:
        found = from_json(json.dumps(value), Measurement)
    except ValueError:
        return
    assert isinstance(found, Measurement)


def test_a_message_is_written_whole(tmp_path: Path) -> None:
    write(Measurement("torch", number=4, spectrum=Spectrum(1.0, 0.1, 3, "m"), places={"fit": Line("/a.py", 2)}), tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["run-4.json"]
    assert from_json((tmp_path / "run-4.json").read_text(encoding="utf-8"), Measurement).places["fit"].line == 2
