"""The ways in which people build PyTorch models, and what of the output a reader finds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.facts.idioms import CLASSIFY, FIT, LOOP, SGD, TENSORS, check, idiom, runs

IMAGES = """
images_in, labels_in = torch.rand(64, 3, 32, 32), torch.randint(0, 10, (64,))
loader = DataLoader(TensorDataset(images_in, labels_in), batch_size=16)
"""
FIRST = "        super().__init__()\n"


def net(init: str, forward: str, base: str = "nn.Module") -> str:
    inside = "".join(f"        {line}\n" for line in init.splitlines())
    after = "".join(f"        {line}\n" for line in forward.splitlines())
    return f"class Net({base}):\n    def __init__(self):\n{FIRST}{inside}    def forward(self, x):\n{after}model = Net()\n"


def small(name: str, *model: str, **expected: Any) -> tuple[str, str, dict[str, Any]]:
    return idiom(name, TENSORS, *model, SGD, LOOP, **{**FIT, **expected})


def pictures(name: str, *model: str, **expected: Any) -> tuple[str, str, dict[str, Any]]:
    known = {"optimizer": "sgd", "rate": 0.1, "loss": "cross_entropy", "batch": 16, "scale": "unit"}
    return idiom(
        name, "import torchvision\nimport torchvision.models as models\n", IMAGES, *model, SGD, CLASSIFY, **{**known, **expected}
    )


SCRIPTS = [
    small("ModuleList in a loop", net("self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])\nself.out = nn.Linear(4, 1)", "for layer in self.layers:\n    x = torch.relu(layer(x))\nreturn self.out(x)"), activation="linear", parameters=3 * 20 + 5),
    small("ModuleList by index", net("self.layers = nn.ModuleList()\nfor i in range(2):\n    self.layers.append(nn.Linear(4, 4))\nself.out = nn.Linear(4, 1)", "for i in range(len(self.layers)):\n    x = self.layers[i](x)\nreturn torch.sigmoid(self.out(x))"), activation="sigmoid", parameters=45),
    small("ModuleDict", net("self.parts = nn.ModuleDict({'body': nn.Linear(4, 4), 'head': nn.Linear(4, 1)})", "return self.parts['head'](F.relu(self.parts['body'](x)))"), activation="linear", parameters=25),
    small("list of layers given to Sequential", "layers = []\nfor width in (4, 8):\n    layers += [nn.Linear(4 if width == 4 else 4, 4), nn.ReLU()]\nlayers.append(nn.Linear(4, 1))\nmodel = nn.Sequential(*layers)\n", activation="linear", parameters=45),
    small("OrderedDict given to Sequential", "from collections import OrderedDict\nmodel = nn.Sequential(OrderedDict([('body', nn.Linear(4, 4)), ('act', nn.Tanh()), ('head', nn.Linear(4, 1)), ('out', nn.Sigmoid())]))\n", activation="sigmoid", parameters=25),
    small("add_module", "model = nn.Sequential()\nmodel.add_module('body', nn.Linear(4, 4))\nmodel.add_module('head', nn.Linear(4, 1))\n", activation="linear", parameters=25),
    small("append to a Sequential", "model = nn.Sequential(nn.Linear(4, 4))\nmodel.append(nn.Linear(4, 1))\n", activation="linear", parameters=25),
    small("a block used twice shares its weights", net("self.block = nn.Linear(4, 4)\nself.out = nn.Linear(4, 1)", "return self.out(self.block(self.block(x)))"), activation="linear", parameters=25),
    small("a class of blocks", "class Block(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n        self.inner = nn.Linear(width, width)\n    def forward(self, x):\n        return x + torch.relu(self.inner(x))\n" + net("self.blocks = nn.Sequential(Block(4), Block(4))\nself.out = nn.Linear(4, 1)", "return self.out(self.blocks(x))"), activation="linear", parameters=45),
    small("inheritance", "class Base(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n        self.body = nn.Linear(4, width)\n        self.head = nn.Linear(width, 1)\n    def features(self, x):\n        return torch.relu(self.body(x))\n    def forward(self, x):\n        return self.head(self.features(x))\nclass Net(Base):\n    def __init__(self):\n        super(Net, self).__init__(width=4)\n    def features(self, x):\n        return torch.tanh(self.body(x))\nmodel = Net()\n", activation="linear", parameters=25),
    small("forward of the base class", "class Base(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.head = nn.Linear(4, 1)\n    def forward(self, x):\n        return self.head(x)\nclass Net(Base):\n    def forward(self, x):\n        return torch.sigmoid(super().forward(x))\nmodel = Net()\n", activation="sigmoid", parameters=5),
    small("a subclass of Sequential", "class Net(nn.Sequential):\n    def __init__(self):\n        super().__init__(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))\nmodel = Net()\n", activation="linear", parameters=25),
    small("a mixin", "class Saves:\n    def save(self, path):\n        torch.save(self.state_dict(), path)\n" + net("self.head = nn.Linear(4, 1)", "return self.head(x)", "Saves, nn.Module"), activation="linear", parameters=5),
    small("static method that builds layers", "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.body = self.block(4, 4)\n        self.head = nn.Linear(4, 1)\n    @staticmethod\n    def block(a, b):\n        return nn.Sequential(nn.Linear(a, b), nn.ReLU())\n    def forward(self, x):\n        return self.head(self.body(x))\nmodel = Net()\n", activation="linear", parameters=25),
    small("activation by name", net("self.head = nn.Linear(4, 1)\nself.act = getattr(nn, 'Sigmoid')()", "return self.act(self.head(x))"), activation="sigmoid"),
    small("activation passed as a class", "class Net(nn.Module):\n    def __init__(self, act=nn.ReLU):\n        super().__init__()\n        self.body = nn.Sequential(nn.Linear(4, 1), act())\n    def forward(self, x):\n        return self.body(x)\nmodel = Net(act=nn.Tanh)\n", activation="tanh"),
    small("activation passed as a function", "class Net(nn.Module):\n    def __init__(self, act=F.relu):\n        super().__init__()\n        self.head, self.act = nn.Linear(4, 1), act\n    def forward(self, x):\n        return self.act(self.head(x))\nmodel = Net(act=torch.sigmoid)\n", activation="sigmoid"),
    small("lazy layers", "model = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(1))\n", activation="linear", parameters=25),
    small("weights written by hand", net("self.w = nn.Parameter(torch.randn(4, 1))\nself.b = nn.Parameter(torch.zeros(1))", "return x @ self.w + self.b"), activation="linear", parameters=5),
    small("two outputs of which one is used", net("self.head, self.other = nn.Linear(4, 1), nn.Linear(4, 2)", "return self.head(x), self.other(x)"), SGD, LOOP.replace("F.mse_loss(model(inputs), targets)", "F.mse_loss(model(inputs)[0], targets)"), activation="linear"),
    small("class method that builds a model", "class Net(nn.Module):\n    def __init__(self, width):\n        super().__init__()\n        self.head = nn.Linear(width, 1)\n    @classmethod\n    def small(cls):\n        return cls(4)\n    def forward(self, x):\n        return self.head(x)\nmodel = Net.small()\n", activation="linear", parameters=5),
    small("model from a registry of classes", "class Small(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.head = nn.Linear(4, 1)\n    def forward(self, x):\n        return self.head(x)\nMODELS = {'small': Small}\nmodel = MODELS['small']()\n", activation="linear", parameters=5),
    small("model by default or from a checkpoint", "parser = argparse.ArgumentParser()\nparser.add_argument('--resume', default='')\nargs = parser.parse_args()\nif args.resume:\n    model = torch.load(args.resume)\nelse:\n    model = nn.Linear(4, 1)\n", activation="linear"),
    small("checkpoint loaded into the model", "model = nn.Linear(4, 1)\nmodel.load_state_dict(torch.load('m.pt')['model'])\n", activation="linear"),
    small("deep copy", "import copy\nmodel = copy.deepcopy(nn.Linear(4, 1))\n", activation="linear", parameters=5),
    small("frozen body", "model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))\nfor p in model[0].parameters():\n    p.requires_grad = False\n", activation="linear", parameters=25),
    small("forward hook of the name `net`", "net = nn.Sequential(nn.Linear(4, 1)).to('cuda' if torch.cuda.is_available() else 'cpu')\nmodel = net\n", activation="linear", parameters=5),
    pictures("torchvision network", "model = models.resnet18()\n", activation="linear"),
    pictures("torchvision network with classes", "model = torchvision.models.resnet50(weights=None, num_classes=10)\n", activation="linear"),
    pictures("torchvision network with weights", "from torchvision.models import resnet18, ResNet18_Weights\nmodel = resnet18(weights=ResNet18_Weights.DEFAULT)\n", activation="linear"),
    pictures("replaced fc", "model = models.resnet18(pretrained=True)\nmodel.fc = nn.Linear(model.fc.in_features, 10)\n", activation="linear"),
    pictures("replaced fc with an activation", "model = models.resnet18(pretrained=True)\nmodel.fc = nn.Sequential(nn.Linear(512, 10), nn.Softmax(dim=1))\n", activation="softmax"),
    pictures("replaced last of the classifier", "model = models.vgg16(pretrained=True)\nmodel.classifier[6] = nn.Linear(4096, 10)\n", activation="linear"),
    pictures("replaced classifier", "model = models.mobilenet_v2(pretrained=True)\nmodel.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 10))\n", activation="linear"),
    pictures("frozen network with a new head", "model = models.resnet18(pretrained=True)\nfor p in model.parameters():\n    p.requires_grad = False\nmodel.fc = nn.Linear(512, 10)\n", activation="linear"),
    pictures("network inside of a model", net("self.net = models.resnet18()\nself.net.fc = nn.Identity()\nself.head = nn.Linear(512, 10)", "return self.head(self.net(x))"), activation="linear"),
    pictures("children of a network", net("self.body = nn.Sequential(*list(models.resnet18().children())[:-1])\nself.head = nn.Linear(512, 10)", "return self.head(self.body(x).flatten(1))"), activation="linear"),
    pictures("network by name", "model = getattr(models, 'resnet18')(num_classes=10)\n", activation="linear"),
    pictures("network from the hub", "model = torch.hub.load('pytorch/vision', 'resnet18', pretrained=True)\n"),
    pictures("timm", "import timm\nmodel = timm.create_model('resnet50', pretrained=True, num_classes=10)\n", activation="linear"),
    pictures("timm with a replaced head", "import timm\nmodel = timm.create_model('efficientnet_b0')\nmodel.classifier = nn.Linear(1280, 10)\n", activation="linear"),
    pictures("timm without a head", "import timm\n" + net("self.body = timm.create_model('resnet18', num_classes=0)\nself.head = nn.Linear(512, 10)", "return self.head(self.body(x))"), activation="linear"),
    pictures("convolutions and pooling", "model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))\n", activation="linear", parameters=3 * 8 * 9 + 8 + 16 + 90),
    pictures("flattened size computed in forward", net("self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4 * 30 * 30, 10)", "x = F.relu(self.conv(x))\nreturn self.head(x.view(x.size(0), -1))"), activation="linear", parameters=4 * 27 + 4 + 36010),
    pictures("squeeze and permute", net("self.head = nn.Linear(3, 10)", "return self.head(x.permute(0, 2, 3, 1).mean(dim=(1, 2)))"), activation="linear", parameters=40),
    pictures("log-softmax by a layer", net("self.head, self.out = nn.Linear(3072, 10), nn.LogSoftmax(dim=-1)", "return self.out(self.head(x.flatten(1)))"), activation="log_softmax"),
    pictures("attention", net("self.embed = nn.Linear(96, 16)\nself.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, batch_first=True), 2)\nself.head = nn.Linear(16, 10)", "x = self.embed(x.reshape(x.shape[0], 32, 96))\nreturn self.head(self.encoder(x).mean(1))"), activation="linear"),
    pictures("recurrent", net("self.rnn = nn.LSTM(96, 16, batch_first=True)\nself.head = nn.Linear(16, 10)", "out, (h, c) = self.rnn(x.reshape(x.shape[0], 32, 96))\nreturn self.head(out[:, -1])"), activation="linear"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "expected"), [one[1:] for one in SCRIPTS], ids=[one[0] for one in SCRIPTS])
def test_model(script: str, expected: dict[str, Any]) -> None:
    check(runs(script), expected)
