"""Where events stand: loops with their passes, branches, calls, functions that nobody calls."""

from __future__ import annotations

from tests.interpret.helpers import follow
from trainlint.interpret.events import Event

MODEL = "import torch\nfrom torch import nn\nm = nn.Linear(2, 1)\no = torch.optim.SGD(m.parameters(), lr=0.1)\n"
STEP = "o.zero_grad()\nloss = m(torch.zeros(4, 2)).mean()\nloss.backward()\no.step()\n"


def indented(text: str, levels: int = 1) -> str:
    return "".join(f"{'    ' * levels}{line}\n" for line in text.splitlines())


def steps(script: str) -> list[Event]:
    return [event for event in follow(script).events if event.kind == "step"]


def test_an_epoch_loop_is_followed_once_and_knows_its_passes() -> None:
    (step,) = steps(MODEL + "for epoch in range(7):\n" + indented(STEP))
    assert [(frame.kind, frame.trips) for frame in step.frames] == [("loop", 7)]


def test_nested_loops() -> None:
    script = MODEL + "for epoch in range(3):\n    for batch in range(5):\n" + indented(STEP, 2)
    (step,) = steps(script)
    assert [frame.trips for frame in step.frames if frame.kind == "loop"] == [3, 5]


def test_a_loop_over_settings_trains_once_for_each() -> None:
    script = "import torch\nfor rate in (0.1, 0.01):\n" + indented(MODEL.replace("0.1", "rate") + STEP)
    found = steps(script)
    assert len(found) == 2
    assert all([frame.kind for frame in step.frames] == ["pass"] for step in found)


BATCHES = "for x in (torch.zeros(4, 2), torch.ones(4, 2), torch.rand(4, 2)):\n"


def test_a_loop_over_arrays_goes_over_mini_batches() -> None:
    script = MODEL + "for epoch in range(7):\n" + indented(BATCHES + indented(STEP.replace("torch.zeros(4, 2)", "x")))
    (step,) = steps(script)
    assert [(frame.kind, frame.trips) for frame in step.frames] == [("loop", 7), ("loop", 3)]


def test_a_loop_over_arrays_with_a_model_for_each_trains_once_for_each() -> None:
    found = steps("import torch\nfrom torch import nn\n" + BATCHES + indented(MODEL + STEP.replace("torch.zeros(4, 2)", "x")))
    assert len(found) == 3
    assert all([frame.kind for frame in step.frames] == ["pass"] for step in found)


def test_the_events_of_a_pass_are_in_order() -> None:
    script = MODEL + "for epoch in range(3):\n" + indented(STEP)
    order = [event.kind for event in follow(script).events if event.kind in ("zero_grad", "backward", "step")]
    assert order == ["zero_grad", "backward", "step"]


def test_an_undecided_branch_is_a_frame() -> None:
    script = MODEL + "import os\nif os.getenv('TRAIN'):\n" + indented(STEP)
    (step,) = steps(script)
    assert [(frame.kind, frame.name) for frame in step.frames] == [("branch", "then")]


def test_a_decided_branch_is_none() -> None:
    (step,) = steps(MODEL + "train = True\nif train:\n" + indented(STEP) + "else:\n    o.step()\n")
    assert step.frames == ()


def test_a_called_function_is_a_frame_and_is_followed_at_each_call() -> None:
    script = MODEL + "def fit():\n" + indented(STEP) + "fit()\nfit()\n"
    found = steps(script)
    assert [[frame.name for frame in step.frames] for step in found] == [["fit"], ["fit"]]


def test_an_uncalled_function_is_marked() -> None:
    (step,) = steps(MODEL + "def fit():\n" + indented(STEP))
    assert [frame.kind for frame in step.frames] == ["uncalled", "call"]


def test_a_method_named_without_call_is_an_event() -> None:
    kinds = [event.kind for event in follow(MODEL + "o.step\n").events]
    assert "not_called" in kinds
