"""Training loops: events, optimizers, schedules, losses, updates by hand."""

import pytest

from tests.interpret.helpers import follow, plain
from trainlint.interpret.values import Array, Object

HEADER = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"


def events(script, *kinds):
    found = follow(HEADER + script).events
    return [event for event in found if not kinds or event.kind in kinds]


def kinds(script):
    return [event.kind for event in events(script) if event.kind not in ("dropped", "made")]


def test_an_ordinary_loop_in_order():
    script = """
x, y = torch.zeros(8, 3), torch.zeros(8, 1)
model = nn.Linear(3, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5)
for epoch in range(20):
    model.train()
    optimizer.zero_grad()
    loss = criterion(model(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
    scheduler.step()
"""
    assert kinds(script) == ["schedule", "mode", "zero_grad", "forward", "loss", "backward", "clip", "step", "scheduler_step"]
    by_kind = {event.kind: event for event in events(script)}
    optimizer = by_kind["step"].values["optimizer"]
    assert optimizer.row.kind == "sgd"
    assert {name: plain(optimizer.arguments[name]) for name in ("learning_rate", "momentum")} == {
        "learning_rate": 0.1,
        "momentum": 0.9,
    }
    assert optimizer.arguments["params"].cells["model"] is by_kind["forward"].values["model"]
    assert by_kind["schedule"].values["optimizer"] is optimizer
    assert by_kind["backward"].values["loss"] is by_kind["loss"].values["output"]
    assert by_kind["loss"].values["output"].inputs[0] is by_kind["forward"].values["output"]
    assert (plain(by_kind["clip"].values["maximum"]), plain(by_kind["clip"].values["by"])) == (1.0, "norm")
    assert [frame.trips for frame in by_kind["step"].frames if frame.kind == "loop"] == [20]


UPDATES = {
    "w -= 0.1 * w.grad": 0.1,
    "w.data -= 0.1 * w.grad.data": 0.1,
    "w.data = w.data - 0.1 * w.grad.data": 0.1,
    "w.data.sub_(0.1 * w.grad)": 0.1,
    "w.data.sub_(w.grad, alpha=0.1)": 0.1,
    "w.data.add_(-0.1, w.grad.data)": 0.1,
    "w.data.add_(w.grad, alpha=-0.1)": 0.1,
    "w += -0.1 * w.grad": 0.1,
    "w -= w.grad * 0.1": 0.1,
    "w -= w.grad / 10": 0.1,
    "w -= 0.5 * (0.2 * w.grad)": 0.1,
    "w.copy_(w - 0.1 * w.grad)": 0.1,
    "w += 0.1 * w.grad": -0.1,
}


@pytest.mark.parametrize(("update", "rate"), UPDATES.items())
def test_an_update_by_hand_is_one_step(update, rate):
    script = f"""
w = torch.zeros(3, requires_grad=True)
for i in range(100):
    loss = ((w - 1) ** 2).sum()
    loss.backward()
    with torch.no_grad():
        {update}
        w.grad.zero_()
"""
    backward, step, zeroed = events(script, "backward", "step", "zero_grad")
    assert (backward.kind, step.kind, zeroed.kind) == ("backward", "step", "zero_grad")
    assert plain(step.values["learning_rate"]) == pytest.approx(rate)
    assert step.values["parameter"].op == "parameter"
    assert zeroed.values["target"].attributes["state"] is step.values["parameter"].attributes["state"]
    assert [frame.name for frame in step.frames if frame.kind == "with"] == ["no_grad"]


def test_a_rate_that_is_a_name_keeps_its_place():
    step = events("lr = 1e-3\nw = torch.zeros(3, requires_grad=True)\nw.data -= lr * w.grad", "step")[0]
    assert step.values["learning_rate"].place.span.row == 4


def test_updates_through_autograd_grad_and_a_new_tensor():
    script = """
w = torch.zeros(3, requires_grad=True)
loss = (w ** 2).sum()
g, = torch.autograd.grad(loss, [w])
w = w - 0.2 * g
w = w.detach().requires_grad_()
"""
    found = follow(HEADER + script)
    assert [event.kind for event in found.events] == ["backward", "step", "wants_gradient"]
    assert plain(found.events[1].values["learning_rate"]) == 0.2
    assert found.module.scope.cells["w"].op == "parameter"


def test_updates_of_every_parameter_of_a_model():
    script = """
model = nn.Linear(3, 1)
for p in model.parameters():
    p.data.add_(p.grad.data, alpha=-0.05)
    p.grad = None
"""
    step, zeroed = events(script, "step", "zero_grad")
    assert plain(step.values["learning_rate"]) == 0.05
    assert step.values["parameter"].attributes["model"].row.kind == "dense"
    assert zeroed.kind == "zero_grad"


def test_momentum_by_hand_has_the_rate_of_the_sum_and_keeps_the_expression():
    script = """
w = torch.zeros(3, requires_grad=True)
v = torch.zeros(3)
v = 0.9 * v + w.grad
w.data -= 0.1 * v
"""
    step = events(script, "step")[0]
    assert plain(step.values["learning_rate"]) == 0.1
    assert step.values["update"].inputs[1].op == "add"


def test_starting_values_and_trainable_tensors():
    cells = follow(
        HEADER
        + """
from torch.autograd import Variable
a = torch.tensor([1.0, 2.0], requires_grad=True)
b = torch.zeros(2)
b.requires_grad = True
c = Variable(torch.ones(2), requires_grad=True)
d = nn.Parameter(torch.ones(2))
e = torch.ones(2).requires_grad_()
f = nn.Parameter(torch.ones(2), requires_grad=False)
g = Variable(torch.ones(2))
frozen, trained, shown = f.requires_grad, d.requires_grad, a.data
"""
    ).module.scope.cells
    assert [cells[name].op for name in "abcdef"] == ["parameter"] * 6
    assert cells["g"].op != "parameter"
    start = cells["a"].attributes["state"].cells["initializer"]
    assert start.data.tolist() == [1.0, 2.0]
    assert (plain(cells["frozen"]), plain(cells["trained"])) == (False, True)
    assert cells["shown"].detached
    assert cells["shown"].attributes["state"] is cells["a"].attributes["state"]


LOSSES = {
    "nn.MSELoss()(p, t)": ("mean_squared_error", ()),
    "nn.MSELoss(reduction='sum')(p, t)": ("mean_squared_error", ()),
    "nn.MSELoss(reduction='none')(p, t)": ("mean_squared_error", (8, 3)),
    "nn.MSELoss(reduce=False)(p, t)": ("mean_squared_error", (8, 3)),
    "nn.L1Loss()(p, t)": ("mean_absolute_error", ()),
    "nn.CrossEntropyLoss(reduction='none')(p, t[:, 0].long())": ("cross_entropy", (8,)),
    "nn.BCEWithLogitsLoss()(p, t)": ("binary_cross_entropy_with_logits", ()),
    "nn.BCELoss()(torch.sigmoid(p), t)": ("binary_crossentropy", ()),
    "F.mse_loss(p, t, reduction='sum')": ("mean_squared_error", ()),
    "F.cross_entropy(input=p, target=t[:, 0].long())": ("cross_entropy", ()),
    "F.nll_loss(F.log_softmax(p, dim=1), t[:, 0].long())": ("nll", ()),
    "F.kl_div(p, t, reduction='batchmean')": ("kl_divergence", ()),
    "nn.HuberLoss(delta=0.5)(p, t)": ("huber", ()),
}


@pytest.mark.parametrize(("loss", "expected"), LOSSES.items())
def test_losses(loss, expected):
    cells = follow(HEADER + f"p, t = nn.Linear(3, 3)(torch.zeros(8, 3)), torch.zeros(8, 3)\ny = {loss}").module.scope.cells
    made = cells["y"]
    assert (made.op, made.attributes["loss"].row.kind, made.shape) == ("loss", *expected)
    assert len(made.inputs) == 2
    assert made.symbolic


@pytest.mark.framework
@pytest.mark.parametrize("loss", [one for one in LOSSES if "CrossEntropy" not in one])
def test_the_shape_of_a_loss_is_that_of_the_library(loss):
    import torch
    from torch import nn

    scope = {"torch": torch, "nn": nn, "F": nn.functional, "p": torch.zeros(8, 3), "t": torch.zeros(8, 3)}
    assert tuple(eval(loss, scope).shape) == LOSSES[loss][1]


def test_parameter_groups_and_the_rate_set_later():
    script = """
a, b = nn.Linear(1, 1), nn.Linear(1, 1)
optimizer = torch.optim.Adam([{"params": a.parameters(), "lr": 0.5}, {"params": b.parameters()}], lr=0.1)
rates = [g["lr"] for g in optimizer.param_groups]
for group in optimizer.param_groups:
    group["lr"] = 0.01
after = optimizer.param_groups[1]["lr"]
"""
    found = follow(HEADER + script)
    cells = found.module.scope.cells
    assert plain(cells["rates"]) == [0.5, 0.1]
    assert plain(cells["after"]) == 0.01
    changes = [event for event in found.events if event.kind == "set_learning_rate"]
    assert [plain(event.values["learning_rate"]) for event in changes] == [0.01, 0.01]
    assert changes[0].values["optimizer"] is cells["optimizer"]


def test_an_optimizer_written_by_hand():
    script = """
class Descent(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.data.add_(p.grad.data, alpha=-group["lr"])
model = nn.Linear(3, 1)
optimizer = Descent(model.parameters(), lr=0.3)
optimizer.zero_grad()
optimizer.step()
"""
    zeroed, step = events(script, "zero_grad", "step")
    assert zeroed.values["target"].cls.name == "Descent"
    assert plain(step.values["learning_rate"]) == 0.3
    assert step.values["parameter"].attributes["model"].row.kind == "dense"


def test_closures_and_mixed_precision():
    closure = """
m, x = nn.Linear(2, 1), torch.zeros(4, 2)
optimizer = torch.optim.LBFGS(m.parameters())
def closure():
    optimizer.zero_grad()
    loss = F.mse_loss(m(x), torch.zeros(4, 1))
    loss.backward()
    return loss
optimizer.step(closure)
"""
    assert kinds(closure) == ["zero_grad", "forward", "loss", "backward", "step"]
    scaled = """
m, x = nn.Linear(2, 1), torch.zeros(4, 2)
optimizer, scaler = torch.optim.SGD(m.parameters(), 0.1), torch.cuda.amp.GradScaler()
with torch.autocast("cuda"):
    loss = F.mse_loss(m(x), torch.zeros(4, 1))
scaler.scale(loss).backward()
scaler.unscale_(optimizer)
scaler.step(optimizer)
scaler.update()
"""
    assert kinds(scaled) == ["forward", "loss", "scale", "backward", "unscale", "step", "scaler_update"]
    assert events(scaled, "backward")[0].values["loss"].op == "scaled"
    assert [frame.name for frame in events(scaled, "loss")[0].frames] == ["autocast"]


def test_modes_reach_the_modules_below():
    script = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout()
net = Net()
before = net.training
net.eval()
after, inner = net.training, net.drop.training
"""
    found = follow(HEADER + script)
    assert [plain(found.module.scope.cells[name]) for name in ("before", "after", "inner")] == [True, False, False]
    assert [plain(event.values["mode"]) for event in found.events if event.kind == "mode"] == ["eval"]


def test_a_training_function_that_nobody_calls():
    script = """
def train(model, optimizer, loader, criterion):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
"""
    found = events(script)
    assert [event.kind for event in found] == ["mode", "zero_grad", "backward", "maybe_step"]
    assert all(event.frames[0].kind == "uncalled" for event in found)


def test_parameters_stay_recognisable():
    cells = follow(
        HEADER
        + """
import itertools
a, b = nn.Linear(1, 1), nn.Linear(1, 1)
w = torch.zeros(1, requires_grad=True)
one = torch.optim.SGD(filter(lambda p: p.requires_grad, a.parameters()), 0.1)
two = torch.optim.SGD(list(a.parameters()) + [w], 0.1)
three = torch.optim.SGD(itertools.chain(a.parameters(), b.parameters()), 0.1)
four = torch.optim.SGD([w], 0.1)
"""
    ).module.scope.cells
    one = cells["one"].arguments["params"]
    assert isinstance(one, Object)
    assert one.cells["model"] is cells["a"]
    both = cells["two"].arguments["params"].cells["items"].items
    assert both[0].attributes["model"] is cells["a"]
    assert cells["w"] in both
    assert all(isinstance(value, Array) for value in both)
    assert cells["four"].arguments["params"].cells["items"].items == (cells["w"],)


@pytest.mark.parametrize(
    "script",
    [
        "w = torch.zeros(2, requires_grad=True)\nw -= None; w.data = 'x'; w.grad = 3; w.add_(); w.sub_(1, 2, 3); w.copy_()",
        "torch.autograd.grad(); torch.autograd.backward(None); torch.autograd.grad(1, 2)",
        "o = torch.optim.SGD()\no.param_groups[5]['lr'] = 1; o.add_param_group(3); o.step(4); o.param_groups[0].update(1)",
        "s = torch.optim.lr_scheduler.StepLR()\ns.step(1, 2)\ntorch.optim.lr_scheduler.OneCycleLR(None, max_lr=[])",
        "nn.MSELoss()(); nn.MSELoss()(1); F.mse_loss(); F.cross_entropy(1, 2, 3); nn.MSELoss(reduction=7)(1, 2)",
        "nn.utils.clip_grad_norm_(); torch.cuda.amp.GradScaler().scale(); torch.cuda.amp.GradScaler().step()",
    ],
)
def test_nonsense_is_followed_without_an_error(script):
    assert follow(HEADER + script).tree is not None


@pytest.mark.parametrize(
    "script",
    [
        "w = torch.zeros(2, requires_grad=True)\nw -= 10 ** 900 * (0.5 * w.grad)\nw -= w.grad / 1e-320\nw -= w.grad / 0",
        "m = nn.Sequential(nn.ReLU())\nm.add_module('²', nn.ReLU()); m.add_module('9' * 5000, nn.ReLU()); m[0]; m(1)",
        "y = nn.MaxPool1d(10 ** 500, 3, ceil_mode=True)(torch.zeros(1, 1, 10 ** 600))",
        "nn.Upsample(scale_factor=float('inf'))(torch.zeros(1, 1, 5)); nn.init.calculate_gain('leaky_relu', 1e300)",
        "import torch.utils.data as d\nd.random_split(torch.zeros(9), [float('nan'), -10 ** 400, 0.5])",
        "import torch.utils.data as d\nlen(d.DataLoader(torch.zeros(9), 10 ** 500))",
        "import torch.utils.data as d\nd.random_split(torch.zeros(10 ** 400), [0.5, 0.5])",
    ],
)
def test_enormous_numbers_are_no_error(script):
    assert follow(HEADER + script).tree is not None
