"""Training that is spread over a project: settings in files, models and loops in other modules, functions that nobody calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.facts.idioms import FIT, IMPORTS, LOOP, MODEL, SGD, TENSORS, check, idiom, project_runs, runs

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = {"optimizer": "adam", "rate": 0.03, "origin": "config"}
OPTION = {"optimizer": "adam", "rate": 0.03, "origin": "argument-default"}
YAML = "train:\n  lr: 0.03\n  epochs: 7\n"


def train(before: str, rate: str) -> str:
    return IMPORTS + before + TENSORS + MODEL + f"optimizer = optim.Adam(model.parameters(), lr={rate})\n" + LOOP


def command(decorator: str, rate: str, before: str = "") -> str:
    body = TENSORS + MODEL + f"optimizer = optim.Adam(model.parameters(), lr={rate})\n" + LOOP
    inside = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{IMPORTS}import hydra\n{before}{decorator}\ndef main(cfg):\n{inside}if __name__ == '__main__':\n    main()\n"


HYDRA = "@hydra.main(version_base=None, config_path='conf', config_name='config')"
TRAINER = """
import torch.nn.functional as F
class Trainer:
    def __init__(self, model, optimizer, loader):
        self.model, self.optimizer, self.loader = model, optimizer, loader
    def fit(self, epochs):
        for _ in range(epochs):
            for inputs, targets in self.loader:
                self.optimizer.zero_grad()
                F.mse_loss(self.model(inputs), targets).backward()
                self.optimizer.step()
"""
NETS = "import torch.nn as nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.head = nn.Linear(4, 1)\n    def forward(self, x):\n        return self.head(x)\n"
DATA = "import torch\nfrom torch.utils.data import DataLoader, TensorDataset\nfrom settings import BATCH\ndef loader():\n    return DataLoader(TensorDataset(torch.randn(96, 4), torch.randn(96, 1)), batch_size=BATCH)\n"
MAIN = "import torch\n{}\noptimizer = torch.optim.SGD(model.parameters(), lr=settings.RATE)\nTrainer(model, optimizer, loader()).fit(settings.EPOCHS)\n"
SETTINGS = "RATE = 0.1\nBATCH = 16\nEPOCHS = 7\n"

PROJECTS: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    ("model, data, loop and settings in four files", {"train.py": MAIN.format("import settings\nfrom nets import Net\nfrom data import loader\nfrom loop import Trainer\nmodel = Net()"), "nets.py": NETS, "data.py": DATA, "loop.py": TRAINER, "settings.py": SETTINGS}, {**FIT, "activation": "linear", "runs": 1}),
    ("a package with relative imports", {"train.py": "from lib import run\nrun()\n", "lib/__init__.py": "from .main import run\n", "lib/main.py": "import torch\nfrom . import nets\nfrom .loop import Trainer\nfrom torch.utils.data import DataLoader, TensorDataset\ndef run(lr=0.1):\n    model = nets.Net()\n    loader = DataLoader(TensorDataset(torch.randn(96, 4), torch.randn(96, 1)), batch_size=16)\n    Trainer(model, torch.optim.SGD(model.parameters(), lr=lr), loader).fit(7)\n", "lib/nets.py": NETS, "lib/loop.py": TRAINER}, {**FIT, "activation": "linear"}),
    ("a package without __init__", {"train.py": MAIN.format("from lib import settings\nfrom lib.nets import Net\nfrom lib.loop import Trainer\nfrom torch.utils.data import DataLoader, TensorDataset\ndef loader():\n    return DataLoader(TensorDataset(torch.randn(96, 4), torch.randn(96, 1)), batch_size=16)\nmodel = Net()"), "lib/nets.py": NETS, "lib/loop.py": TRAINER, "lib/settings.py": SETTINGS}, FIT),
    ("imports in a circle", {"train.py": IMPORTS + "from a import RATE\n" + TENSORS + MODEL + "optimizer = optim.SGD(model.parameters(), lr=RATE)\n" + LOOP, "a.py": "import b\nRATE = 0.1\n", "b.py": "import a\n"}, FIT),
    ("a star import", {"train.py": IMPORTS + "from settings import *\n" + TENSORS + MODEL + "optimizer = optim.SGD(model.parameters(), lr=RATE)\n" + LOOP, "settings.py": SETTINGS}, FIT),
    ("arguments made in another file", {"train.py": train("from options import get_args\nargs = get_args()\n", "args.lr"), "options.py": "import argparse\ndef get_args():\n    parser = argparse.ArgumentParser()\n    parser.add_argument('--lr', type=float, default=0.03)\n    return parser.parse_args()\n"}, {**OPTION, "said": "default of `--lr`"}),
    ("YAML", {"train.py": train("import yaml\nconfig = yaml.safe_load(open('config.yaml'))\n", "config['train']['lr']"), "config.yaml": YAML}, {**CONFIG, "said": "`train.lr` in config.yaml"}),
    ("YAML named by an argument", {"train.py": train("import yaml\nparser = argparse.ArgumentParser()\nparser.add_argument('--config', default='config.yaml')\nargs = parser.parse_args()\nwith open(args.config) as f:\n    config = yaml.safe_load(f)\n", "config['train']['lr']"), "config.yaml": YAML}, CONFIG),
    ("YAML that fills the arguments", {"train.py": train("import yaml\nparser = argparse.ArgumentParser()\nparser.add_argument('--lr', type=float, default=1.0)\nparser.set_defaults(**yaml.safe_load(open('config.yaml'))['train'])\nargs = parser.parse_args()\n", "args.lr"), "config.yaml": YAML}, OPTION),
    ("YAML that is not there", {"train.py": train("import yaml\nconfig = yaml.safe_load(open('config.yaml'))\n", "config['train']['lr']")}, {"optimizer": "adam", "rate": None, "why": "it comes from `config.yaml`, which is not in the project"}),
    ("YAML into a dataclass", {"train.py": train("import yaml\nfrom dataclasses import dataclass\n@dataclass\nclass Train:\n    lr: float\n    epochs: int\nconfig = Train(**yaml.safe_load(open('config.yaml'))['train'])\n", "config.lr"), "config.yaml": YAML}, CONFIG),
    ("JSON", {"train.py": train("import json\nwith open('config.json') as f:\n    config = json.load(f)\n", "config['lr']"), "config.json": '{"lr": 0.03}'}, CONFIG),
    ("TOML", {"train.py": train("import tomllib\nwith open('config.toml', 'rb') as f:\n    config = tomllib.load(f)\n", "config['train']['lr']"), "config.toml": "[train]\nlr = 0.03\n"}, CONFIG),
    ("OmegaConf reads 3e-2 as a number", {"train.py": train("from omegaconf import OmegaConf\ncfg = OmegaConf.load('config.yaml')\n", "cfg.lr"), "config.yaml": "lr: 3e-2\n"}, CONFIG),
    ("PyYAML reads 3e-2 as a text", {"train.py": train("import yaml\ncfg = yaml.safe_load(open('config.yaml'))\n", "cfg['lr']"), "config.yaml": "lr: 3e-2\n"}, {"optimizer": "adam", "rate": None}),
    ("OmegaConf interpolation", {"train.py": train("from omegaconf import OmegaConf\ncfg = OmegaConf.load('config.yaml')\n", "cfg.opt.lr"), "config.yaml": "base: 0.03\nopt:\n  lr: ${base}\n"}, CONFIG),
    ("yacs merged from a file", {"train.py": train("from yacs.config import CfgNode as CN\ncfg = CN()\ncfg.LR = 1.0\ncfg.merge_from_file('config.yaml')\n", "cfg.LR"), "config.yaml": "LR: 0.03\n"}, CONFIG),
    ("yacs merged from a file that is not known", {"train.py": train("import sys\nfrom yacs.config import CfgNode as CN\ncfg = CN()\ncfg.LR = 1.0\ncfg.merge_from_file(sys.argv[1])\n", "cfg.LR")}, {"optimizer": "adam", "rate": None, "why": "`merge_from_file` overrides it"}),
    ("Hydra", {"train.py": command(HYDRA, "cfg.train.lr"), "conf/config.yaml": YAML}, {**OPTION, "said": "default of `train.lr=`"}),
    ("Hydra with defaults", {"train.py": command(HYDRA, "cfg.optim.lr"), "conf/config.yaml": "defaults:\n  - _self_\n  - optim: small\nseed: 1\n", "conf/optim/small.yaml": "lr: 0.03\n"}, {**OPTION, "said": "default of `optim.lr=`"}),
    ("Hydra with a class of settings", {"train.py": command("@hydra.main(version_base=None, config_name='config')", "cfg.lr", "from dataclasses import dataclass\nfrom hydra.core.config_store import ConfigStore\n@dataclass\nclass Config:\n    lr: float = 0.03\nConfigStore.instance().store(name='config', node=Config)\n")}, OPTION),
    ("a model that makes its optimizer, and a rate that is computed", {"train.py": IMPORTS + "import math\nfrom gpt import GPT\nlearning_rate, warmup, steps = 6e-4, 20, 600\nexec(open('configurator.py').read())\n" + TENSORS + "model = GPT()\noptimizer = model.configure_optimizers(0.1, learning_rate, (0.9, 0.95))\ndef rate_of(step):\n    if step < warmup:\n        return learning_rate * step / warmup\n    if step > steps:\n        return learning_rate / 10\n    return learning_rate * 0.5 * (1.0 + math.cos(math.pi * step / steps))\nstep = 0\nwhile True:\n    rate = rate_of(step)\n    for group in optimizer.param_groups:\n        group['lr'] = rate\n    for inputs, targets in loader:\n        out, loss = model(inputs, targets)\n        loss.backward()\n        optimizer.step()\n        optimizer.zero_grad(set_to_none=True)\n    step += 1\n    if step > steps:\n        break\n", "gpt.py": "import inspect\nimport torch\nimport torch.nn as nn\nfrom torch.nn import functional as F\nclass GPT(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.head = nn.Linear(4, 1)\n    def forward(self, x, targets=None):\n        out = self.head(x)\n        loss = F.mse_loss(out, targets) if targets is not None else None\n        return out, loss\n    def configure_optimizers(self, decay, rate, betas):\n        known = {n: p for n, p in self.named_parameters() if p.requires_grad}\n        groups = [{'params': [p for p in known.values() if p.dim() >= 2], 'weight_decay': decay}, {'params': [p for p in known.values() if p.dim() < 2], 'weight_decay': 0.0}]\n        fused = 'fused' in inspect.signature(torch.optim.AdamW).parameters\n        more = dict(fused=True) if fused else dict()\n        return torch.optim.AdamW(groups, lr=rate, betas=betas, **more)\n"}, {"optimizer": "adamw", "rate": None, "schedule": "assigned", "loss": "mean_squared_error", "batch": 16, "activation": "linear"}),
    ("file of settings outside of the project", {"train.py": train("import yaml\nconfig = yaml.safe_load(open('../../config.yaml'))\n", "config['train']['lr']")}, {"optimizer": "adam", "rate": None}),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), [one[1:] for one in PROJECTS], ids=[one[0] for one in PROJECTS])
def test_project(tmp_path: Path, files: dict[str, str], expected: dict[str, Any]) -> None:
    check(project_runs(tmp_path, files), expected)


LEARN = "    for inputs, targets in loader:\n        optimizer.zero_grad()\n        F.mse_loss(model(inputs), targets).backward()\n        optimizer.step()\n"
UNCALLED = [
    idiom("a function that nobody calls", "def train(model, loader, lr=0.1):\n    optimizer = optim.SGD(model.parameters(), lr=lr)\n" + LEARN, optimizer="sgd", rate=0.1, origin="argument-default", said="default of `lr`", loss="mean_squared_error", batch=None),
    idiom("a parameter without a default", "def train(model, loader, lr):\n    optimizer = optim.SGD(model.parameters(), lr=lr)\n" + LEARN, optimizer="sgd", rate=None, why="`lr` is a parameter of train()"),
    idiom("two functions that nobody calls", "def first(model, loader):\n    optimizer = optim.SGD(model.parameters(), lr=0.1)\n" + LEARN + "def second(model, loader):\n    optimizer = optim.Adam(model.parameters(), lr=0.2)\n" + LEARN, optimizer="sgd", rate=0.1, runs=2),
    idiom("settings of an annotated class", "from dataclasses import dataclass\n@dataclass\nclass Config:\n    lr: float = 0.1\ndef train(model, loader, config: Config):\n    optimizer = optim.SGD(model.parameters(), lr=config.lr)\n" + LEARN, optimizer="sgd", rate=0.1, origin="argument-default", said="default of `lr`"),
    idiom("an annotated optimizer", "def train(model, loader, optimizer: optim.Adam):\n" + LEARN, optimizer="adam", rate=None, why="`optimizer` is a parameter of train()"),
    idiom("an annotated base class says nothing", "def train(model, loader, optimizer: optim.Optimizer):\n" + LEARN, optimizer=None, loss="mean_squared_error"),
    idiom("an annotated model", "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.head = nn.Linear(4, 1)\n    def forward(self, x):\n        return torch.sigmoid(self.head(x))\ndef train(model: Net, loader, optimizer):\n" + LEARN, optimizer=None, activation="sigmoid"),
    idiom("methods of a class that nobody makes", "class Trainer:\n    def __init__(self, model, lr=0.1):\n        self.model, self.optimizer = model, optim.SGD(model.parameters(), lr=lr)\n    def fit(self, loader):\n        for inputs, targets in loader:\n            self.optimizer.zero_grad()\n            F.mse_loss(self.model(inputs), targets).backward()\n            self.optimizer.step()\n", optimizer="sgd", rate=0.1, origin="argument-default", loss="mean_squared_error"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "expected"), [one[1:] for one in UNCALLED], ids=[one[0] for one in UNCALLED])
def test_uncalled(script: str, expected: dict[str, Any]) -> None:
    check(runs(script), expected)


def test_the_same_facts_however_the_project_is_cut(tmp_path: Path) -> None:
    whole = runs(IMPORTS + TENSORS + MODEL + SGD + LOOP)
    check(whole, FIT)
    check(project_runs(tmp_path, PROJECTS[0][1]), FIT)
