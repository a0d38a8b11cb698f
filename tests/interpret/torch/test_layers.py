"""Layers and modules: what they give, how shapes go through them, what containers hold."""

import pytest

from tests.interpret.helpers import follow, plain
from trainlint.interpret.values import Array, Literal, Unknown

HEADER = "import torch\nfrom torch import nn\nimport torch.nn.functional as F\n"


def names(script):
    return follow(HEADER + script).module.scope.cells


def shape_in_torch(script):
    import torch
    from torch import nn

    scope = {"torch": torch, "nn": nn, "F": nn.functional}
    exec(compile(script, "script", "exec"), scope)
    return tuple(scope["y"].shape)


LAYERS = [
    ((5, 4), "nn.Linear(4, 3)"),
    ((5, 2, 4), "nn.Linear(in_features=4, out_features=3, bias=False)"),
    ((2, 3, 17), "nn.Conv1d(3, 6, 5, stride=2, padding=1)"),
    ((2, 4, 17, 19), "nn.Conv2d(4, 6, (3, 5), stride=(2, 1), padding=(1, 0), dilation=2, groups=2)"),
    ((2, 3, 8, 8), "nn.Conv2d(3, 6, 3, padding='same')"),
    ((3, 8, 8), "nn.Conv2d(3, 6, 3, padding='valid')"),
    ((2, 3, 5, 6, 7), "nn.Conv3d(3, 2, 2)"),
    ((2, 3, 7, 9), "nn.ConvTranspose2d(3, 5, 4, stride=2, padding=1, output_padding=1, dilation=2)"),
    ((2, 3, 9, 10), "nn.MaxPool2d(2)"),
    ((2, 3, 9, 10), "nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)"),
    ((2, 3, 9, 10), "nn.MaxPool2d(2, 2, ceil_mode=True)"),
    ((2, 3, 9), "nn.AvgPool1d(4, 3)"),
    ((2, 3, 9, 10), "nn.AdaptiveAvgPool2d(1)"),
    ((2, 3, 9, 10), "nn.AdaptiveMaxPool2d((None, 4))"),
    ((2, 3, 9, 10), "nn.Flatten()"),
    ((2, 3, 9, 10), "nn.Flatten(2, 3)"),
    ((2, 12), "nn.Unflatten(1, (3, -1))"),
    ((2, 3, 9, 10), "nn.BatchNorm2d(3)"),
    ((2, 8), "nn.LayerNorm(8)"),
    ((2, 8), "nn.Dropout(0.1)"),
    ((2, 3, 9, 10), "nn.ZeroPad2d((1, 2, 3, 4))"),
    ((2, 3, 9, 10), "nn.Upsample(scale_factor=2)"),
    ((2, 8, 3, 5), "nn.PixelShuffle(2)"),
    ((2, 8), "nn.GLU()"),
    ((2, 8), "nn.Softmax(dim=1)"),
    ((2, 8), "nn.PReLU()"),
]


@pytest.mark.framework
@pytest.mark.parametrize(("shape", "layer"), LAYERS)
def test_output_shape_is_that_of_the_library(shape, layer):
    script = f"y = {layer}(torch.zeros{shape})"
    assert names(script)["y"].shape == shape_in_torch(script)


@pytest.mark.framework
@pytest.mark.parametrize(
    "made",
    [
        "nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True)(torch.zeros(3, 7, 4))[0]",
        "nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True)(torch.zeros(3, 7, 4))[1][0]",
        "nn.LSTM(4, 5)(torch.zeros(7, 3, 4))[1][1]",
        "nn.LSTM(4, 5, proj_size=2)(torch.zeros(7, 3, 4))[0]",
        "nn.LSTM(4, 5, proj_size=2)(torch.zeros(7, 3, 4))[1][0]",
        "nn.LSTM(4, 5, proj_size=2)(torch.zeros(7, 3, 4))[1][1]",
        "nn.GRU(4, 5)(torch.zeros(7, 3, 4))[1]",
        "nn.RNN(4, 5)(torch.zeros(7, 4))[0]",
        "F.linear(torch.zeros(6, 4), torch.zeros(3, 4))",
        "F.conv2d(torch.zeros(2, 3, 9, 9), torch.zeros(6, 3, 5, 5), stride=2)",
        "nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))(torch.zeros(5, 1, 8, 8))",
        "nn.MultiheadAttention(8, 2)(torch.zeros(3, 2, 8), torch.zeros(3, 2, 8), torch.zeros(3, 2, 8))[0]",
        "nn.Linear(4, 3).weight",
        "nn.Linear(4, 3).bias",
        "nn.Conv2d(4, 6, 3, groups=2).weight",
        "nn.ConvTranspose2d(4, 6, 3, groups=2).weight",
        "nn.BatchNorm1d(4).weight",
        "nn.LayerNorm((3, 4)).bias",
    ],
)
def test_shapes_of_several_results_functions_and_parameters(made):
    assert names(f"y = {made}")["y"].shape == shape_in_torch(f"y = {made}")


@pytest.mark.framework
def test_embedding_shape():
    script = "y = nn.Embedding(10, 4)(torch.zeros((2, 3), dtype=torch.long))"
    assert names(script)["y"].shape == shape_in_torch(script)


def test_a_layer_that_cannot_be_told_has_no_shape():
    found = names("import os\ny = nn.Linear(4, int(os.environ['N']))(torch.zeros(5, 4))\nz = nn.Linear(4, 3)(unknown)")
    assert found["y"].shape == (5, None)
    assert found["z"].shape is None
    assert found["z"].symbolic


def test_activations_are_operations_and_identity_is_nothing():
    found = names("x = torch.zeros(5, 4)\nh = nn.Linear(4, 3)(x)\na = nn.ReLU()(h)\ni = nn.Identity()(a)")
    assert found["a"].op == "relu"
    assert found["a"].inputs == (found["h"],)
    assert found["i"] is found["a"]
    assert found["h"].op == "layer"
    assert plain(found["h"].attributes["layer"].arguments["units"]) == 3


def test_forward_of_a_script_s_module():
    run = follow(
        HEADER
        + """
class Block(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc = nn.Linear(n, n)
    def forward(self, x):
        return torch.relu(self.fc(x))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block(4) for _ in range(3))
        self.head = nn.Linear(4, 2)
    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x)

net = Net()
out = net(torch.zeros(6, 4))
"""
    )
    out = run.module.scope.cells["out"]
    assert out.shape == (6, 2)
    layers = []
    while isinstance(out, Array) and out.inputs:
        layers.append(out.attributes["layer"].row.kind if out.op == "layer" else out.op)
        out = out.inputs[0]
    assert layers == ["dense"] + ["relu", "dense"] * 3
    assert [event.kind for event in run.events if event.kind == "forward"] == ["forward"]


def test_sequential_is_a_list_and_takes_names():
    found = names(
        """
s = nn.Sequential(nn.Linear(1, 2), nn.ReLU())
s.append(nn.Linear(2, 3))
s.add_module("last", nn.Linear(3, 4))
n, first, last, tail, count = len(s), s[0], s[-1], s[1:], sum(1 for m in s)
from collections import OrderedDict
d = nn.Sequential(OrderedDict([("a", nn.Linear(1, 2)), ("b", nn.Linear(2, 5))]))
y, units = d(torch.zeros(7, 1)), d.b.out_features
p = nn.Sequential(*[nn.Linear(1, 1) for _ in range(3)])
q = len(p)
open_ended = nn.Sequential(*unknown)
z = len(open_ended)
"""
    )
    assert plain(found["n"]) == plain(found["count"]) == 4
    assert plain(found["first"].arguments["units"]) == 2
    assert plain(found["last"].arguments["units"]) == 4
    assert [plain(one.arguments["units"]) for key, one in found["tail"].cells.items() if key != "0"] == [3, 4]
    assert found["y"].shape == (7, 5)
    assert plain(found["units"]) == 5
    assert plain(found["q"]) == 3
    assert isinstance(found["z"], Unknown)


def test_module_list_and_dict():
    found = names(
        """
l = nn.ModuleList([nn.Linear(1, 2)])
l.extend([nn.Linear(2, 3), nn.Linear(3, 4)])
l.insert(0, nn.Linear(1, 1))
l[1] = nn.Linear(1, 9)
units = [m.out_features for m in l]
d = nn.ModuleDict({"a": nn.Linear(1, 2)})
d["b"] = nn.Linear(2, 6)
keys, six = list(d.keys()), d["b"].out_features
"""
    )
    assert plain(found["units"]) == [1, 9, 3, 4]
    assert plain(found["keys"]) == ["a", "b"]
    assert plain(found["six"]) == 6


def test_a_script_s_subclass_of_a_layer_keeps_the_layer_s_arguments():
    found = names(
        """
class Wide(nn.Linear):
    def __init__(self, n):
        super().__init__(n, 2 * n)
class Pair(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 3), nn.Tanh())
y, z = Wide(4)(torch.zeros(5, 4)), Pair()(torch.zeros(5, 4))
"""
    )
    assert found["y"].shape == (5, 8)
    assert found["z"].shape == (5, 3)
    assert found["z"].op == "tanh"


def test_pretrained_network_with_a_new_last_layer():
    found = names(
        """
from torchvision import models
x = torch.zeros(4, 3, 224, 224)
old = models.resnet18(pretrained=True)(x)
net = models.resnet18(pretrained=True)
net.fc = nn.Linear(net.fc.in_features, 2)
new = net(x)
vgg = models.vgg16()
vgg.classifier[6] = nn.Linear(4096, 5)
other = vgg(x)
cut = nn.Sequential(*list(net.children())[:-1])(x)
"""
    )
    assert [found[name].shape for name in ("old", "new", "other")] == [(4, 1000), (4, 2), (4, 5)]
    assert found["cut"].shape == (None, 512, 1, 1)  # the features of a ResNet-18, pooled


def test_wrappers_are_the_module_itself():
    found = names("m = nn.Linear(1, 1)\np = nn.DataParallel(m).to('cuda')\nq = torch.compile(p)\nr = p.module")
    assert found["p"] is found["q"] is found["r"] is found["m"]


def test_initialisation_of_layers_with_apply():
    found = names(
        """
net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Conv2d(1, 1, 3))
def init(m):
    if isinstance(m, nn.Linear):
        nn.init.xavier_uniform_(m.weight, gain=2.0)
        m.bias.data.fill_(0.01)
net.apply(init)
w, b, c = net[0].weight, net[0].bias, net[2].weight
"""
    )
    weight = found["w"].attributes["state"].cells["initializer"]
    assert weight.row.kind == "glorot_uniform"
    assert plain(weight.arguments["gain"]) == 2.0
    bias = found["b"].attributes["state"].cells["initializer"]
    assert (bias.row.kind, plain(bias.arguments["value"])) == ("constant", 0.01)
    assert "initializer" not in found["c"].attributes["state"].cells


def test_the_older_initialisation_by_hand():
    cells = names(
        """
import math
net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
for m in net.modules():
    if isinstance(m, nn.Conv2d):
        n = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
        m.weight.data.normal_(0, math.sqrt(2.0 / n))
w = net[0].weight
"""
    )
    start = cells["w"].attributes["state"].cells["initializer"]
    assert start.row.kind == "normal"
    assert plain(start.arguments["stddev"]) == pytest.approx((2 / (3 * 3 * 8)) ** 0.5)


def test_freezing():
    found = names(
        """
net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
for p in net.parameters():
    p.requires_grad = False
net[1].requires_grad_(True)
first, second = net[0].weight.requires_grad, net[1].weight.requires_grad
"""
    )
    assert plain(found["first"]) is False
    assert plain(found["second"]) is True


@pytest.mark.framework
@pytest.mark.parametrize("kind", ["'linear'", "'tanh'", "'relu'", "'selu'", "'conv2d'", "'leaky_relu'", "'leaky_relu', 0.2"])
def test_gain(kind):
    import torch

    gain = names(f"g = nn.init.calculate_gain({kind})")["g"]
    assert isinstance(gain, Literal)
    assert gain.value == pytest.approx(eval(f"torch.nn.init.calculate_gain({kind})", {"torch": torch}))


@pytest.mark.parametrize(
    "script",
    [
        "nn.Linear()(torch.zeros(2, 2))",
        "nn.Linear('a', None, 3, 4, 5, 6, 7)(1, 2, 3)",
        "nn.Conv2d(1, 2, (3,), stride=0)(torch.zeros(1, 1, 2, 2))",
        "nn.MaxPool2d(0)(torch.zeros(1, 1, 2, 2))",
        "nn.Unflatten(9, (1, -1, -1))(torch.zeros(2, 2))",
        "nn.Flatten(3, 1)(torch.zeros(2))",
        "nn.Sequential()['x']; nn.Sequential(1, 'a')(3); nn.Sequential(nn.ReLU())[None]",
        "nn.ModuleList(3)(4); nn.ModuleDict([1, 2]).update(5); nn.ModuleList().pop(0)",
        "nn.LSTM()(None); nn.LSTM(1)(torch.zeros(1))",
        "nn.Module()(1); nn.Module().to(); nn.ReLU()(); nn.Softmax()(None)",
        "F.linear(); F.conv2d(1, 2); F.dropout(None); F.embedding(torch.zeros(2), 3)",
        "m = nn.Sequential()\nm.add_module('m', m)\nm.eval(); m(torch.zeros(1)); m.apply(print)",
        "nn.init.zeros_(); nn.init.kaiming_normal_(3, mode=4); nn.Parameter(); nn.Parameter('x')",
    ],
)
def test_nonsense_is_followed_without_an_error(script):
    assert follow(HEADER + script).tree is not None
