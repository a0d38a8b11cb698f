"""The report as a page: whole, self-contained, and safe whatever the script called its things."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from tests.probe.samples import FULL, measurement
from tests.probe.test_text import judged
from trainlint.probe.charts import Scale, bars, course, of_run
from trainlint.probe.host import Ending, ProbeResult
from trainlint.probe.page import page
from trainlint.probe.protocol import LayerState, Measurement, Spectrum, Trial

VOID = {"meta", "br", "line", "circle", "rect", "polyline"}


class Reader(HTMLParser):
    """Collects the tags and the text of a page, and sees that what is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def made(result: ProbeResult, *measurements: Measurement) -> tuple[Reader, str]:
    check, pairs = judged(*measurements)
    text = page(result, check, pairs, ["/usr/bin/python", "train.py", "--name", "a b"])
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader, text


def test_the_page_shows_all_pictures() -> None:
    reader, _ = made(ProbeResult(Ending.MEASURED), FULL)
    words = "".join(reader.words)
    for heading in (
        "Learning rate and bound",
        "Spectrum of the Hessian",
        "λ of each batch",
        "Loss in the first real steps",
        "Loss on one batch, repeated",
        "Sweep",
        "First step of each tensor",
        "Gradient of each tensor",
        "Dead or saturated units",
    ):
        assert heading in words
    assert "python train.py --name 'a b'" in words
    assert "no gradient reaches lost.weight" in words
    assert len([tag for tag, _ in reader.tags if tag == "svg"]) == 9


def test_the_page_needs_nothing_from_outside() -> None:
    reader, text = made(ProbeResult(Ending.MEASURED), FULL)
    assert {tag for tag, _ in reader.tags} & {"script", "link", "img", "iframe", "object", "base"} == set()
    assert [
        one for _, attributes in reader.tags for one in attributes if one in ("src", "href", "style") or one.startswith("on")
    ] == []
    assert re.findall(r"url\(|@import|https?:", text) == []
    assert "@media (prefers-color-scheme:dark)" in text


def test_names_of_the_script_are_text_only() -> None:
    nasty = '<script>alert("x")</script>&\x1b[2J\u202e'
    seen = replace(
        FULL,
        loss_name=nasty,
        notes=(nasty,),
        device=nasty,
        layers=(LayerState(nasty, 1, 1.0, 1.0, 0.5),) * 3,
        without_gradient=(nasty,),
    )
    reader, text = made(ProbeResult(Ending.FAILED, exit_code=1, traceback=nasty, stdout=nasty, faults=(nasty,)), seen)
    assert "script" not in {tag for tag, _ in reader.tags}
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "&lt;script&gt;" in text


def test_a_probe_without_measurements_has_a_page() -> None:
    reader, _ = made(ProbeResult(Ending.FAILED, exit_code=1, traceback="Traceback (most recent call last):\nValueError: no"))
    words = "".join(reader.words)
    assert "The script failed before its training could be measured (exit code 1):" in words
    assert "ValueError: no" in words


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf, 0.0, -1.0, 1e300, 5e-324])
def test_no_figure_breaks_a_picture(figure: float) -> None:
    seen = replace(
        FULL,
        spectrum=Spectrum(figure, figure, 3, "m", (figure,), figure, (figure, 1.0), None, figure, figure),
        losses=(figure, 1.0, figure),
        overfit=(figure, figure),
        layers=(LayerState("a", 1, figure, figure, figure), LayerState("b", 1, 1.0, 1e-3, 1e-3)),
        sweep=(Trial(figure, (figure, 1.0), True), Trial(0.1, (1.0, figure), False)),
    )
    _, pairs = judged(seen)
    for _, picture in of_run(*pairs[0]):
        root = ElementTree.fromstring(picture)
        for one in root.iter():
            for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height"):
                assert math.isfinite(float(one.get(name, "0")))


def test_pictures_stay_inside() -> None:
    _, pairs = judged(FULL)
    for heading, picture in of_run(*pairs[0]):
        root = ElementTree.fromstring(picture)
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        for one in root.iter():
            across = [float(one.get(name, "0")) for name in ("x", "x1", "x2", "cx")]
            down = [float(one.get(name, "0")) for name in ("y", "y1", "y2", "cy")]
            assert all(0 <= x <= width for x in across), heading
            assert all(0 <= y <= height for y in down), heading


def test_a_rate_above_its_bound_is_marked() -> None:
    _, pairs = judged(measurement(spectrum=Spectrum(100.0, 0.1, 3, "m")))
    [gauge] = [picture for heading, picture in of_run(*pairs[0]) if heading == "Learning rate and bound"]
    rate = next(one for one in ElementTree.fromstring(gauge).iter() if one.tag == "circle")
    limit = next(one for one in ElementTree.fromstring(gauge).iter() if one.get("class") == "limit")
    assert float(rate.get("cx", "0")) > float(limit.get("x1", "0"))
    assert rate.get("class") == "bad"


def test_many_bars_are_cut_and_counted() -> None:
    picture = bars([(f"layer{number}", 1.0) for number in range(100)], "layers")
    assert picture.count("<rect") == 60
    assert "and 40 more" in picture


def test_one_loss_is_no_course() -> None:
    assert course([1.0], "loss") == ""


def test_scales_are_monotone_and_their_ticks_lie_on_them() -> None:
    for log in (False, True):
        scale = Scale([0.001, 5.0, 80.0], 0.0, 100.0, log=log)
        assert 0 < scale(0.001) < scale(5.0) < scale(80.0) < 100
        assert all(0 <= scale(one) <= 100 for one in scale.ticks())
        assert 2 <= len(scale.ticks()) <= 8
