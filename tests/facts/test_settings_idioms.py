"""Where people's settings come from: every way of giving a rate, and the fact with its origin that a reader finds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.facts.idioms import LOOP, MODEL, TENSORS, check, idiom, runs

ADAM = "optimizer = optim.Adam(model.parameters(), lr={})\n"
USER = {"optimizer": "adam", "rate": 0.03, "origin": "argument-default", "said": "default of `--lr`"}
WRITTEN = {"optimizer": "adam", "rate": 0.03, "origin": "literal"}
BODY = TENSORS + MODEL


def script(settings: str, rate: str, before: str = "") -> tuple[str, ...]:
    return before, settings, BODY, ADAM.format(rate), LOOP


PARSER = "parser = argparse.ArgumentParser()\n"
LR = 'parser.add_argument("--lr", type=float, default=0.03)\n'

SCRIPTS = [
    idiom("argparse", *script(PARSER + LR + "args = parser.parse_args()\n", "args.lr"), **USER),
    idiom("argparse, default as text", *script(PARSER + 'parser.add_argument("--lr", type=float, default="3e-2")\nargs = parser.parse_args()\n', "args.lr"), **USER),
    idiom("argparse, dest", *script(PARSER + 'parser.add_argument("-l", "--lr", dest="rate", type=float, default=3e-2)\nargs = parser.parse_args()\n', "args.rate"), **USER),
    idiom("argparse, no default", *script(PARSER + 'parser.add_argument("--lr", type=float)\nargs = parser.parse_args()\n', "args.lr"), optimizer="adam", rate=None),
    idiom("argparse, required", *script(PARSER + 'parser.add_argument("--lr", type=float, required=True)\nargs = parser.parse_args()\n', "args.lr"), optimizer="adam", rate=None, why="`--lr` must be given on the command line"),
    idiom("argparse, positional", *script(PARSER + 'parser.add_argument("lr", type=float)\nargs = parser.parse_args()\n', "args.lr"), optimizer="adam", rate=None, why="`lr` must be given on the command line"),
    idiom("argparse, nargs=?", *script(PARSER + 'parser.add_argument("lr", type=float, nargs="?", default=0.03)\nargs = parser.parse_args()\n', "args.lr"), optimizer="adam", rate=0.03, origin="argument-default", said="default of `lr`"),
    idiom("argparse, list", *script(PARSER + 'parser.add_argument("--lr", type=float, nargs="+", default=[0.03, 0.01])\nargs = parser.parse_args()\n', "args.lr[0]"), **USER),
    idiom("argparse in a function", *script("def get_args():\n    parser = argparse.ArgumentParser()\n    parser.add_argument('--lr', type=float, default=0.03)\n    return parser.parse_args()\nargs = get_args()\n", "args.lr"), **USER),
    idiom("argparse filled by a function", *script("def add(parser):\n    group = parser.add_argument_group('training')\n    group.add_argument('--lr', type=float, default=0.03)\n    return parser\nargs = add(argparse.ArgumentParser()).parse_args()\n", "args.lr"), **USER),
    idiom("argparse parents", *script("base = argparse.ArgumentParser(add_help=False)\nbase.add_argument('--lr', type=float, default=0.03)\nargs = argparse.ArgumentParser(parents=[base]).parse_args()\n", "args.lr"), **USER),
    idiom("argparse sub-parsers", *script(PARSER + "sub = parser.add_subparsers(dest='command')\ntrain = sub.add_parser('train')\ntrain.add_argument('--lr', type=float, default=0.03)\nargs = parser.parse_args()\n", "args.lr"), **USER),
    idiom("argparse, known and unknown", *script(PARSER + LR + "args, rest = parser.parse_known_args()\n", "args.lr"), **USER),
    idiom("argparse, vars", *script(PARSER + LR + "args = vars(parser.parse_args())\n", 'args["lr"]'), **USER),
    idiom("argparse, keywords from vars", PARSER + LR + "def make(model, lr=1.0, **rest):\n    return optim.Adam(model.parameters(), lr=lr)\nargs = parser.parse_args()\n", BODY, "optimizer = make(model, **vars(args))\n", LOOP, **USER),
    idiom("argparse, set_defaults", *script(PARSER + 'parser.add_argument("--lr", type=float)\nparser.set_defaults(lr=0.03)\nargs = parser.parse_args()\n', "args.lr"), optimizer="adam", rate=0.03, origin="argument-default"),
    idiom("argparse, changed afterwards", *script(PARSER + LR + "args = parser.parse_args()\nargs.lr = args.lr * 2\n", "args.lr"), optimizer="adam", rate=0.06, origin="argument-default", said="default of `--lr`"),
    idiom("argparse, choices", PARSER + "parser.add_argument('--optimizer', choices=['sgd', 'adam'], default='adam')\nargs = parser.parse_args()\n", BODY, "if args.optimizer == 'sgd':\n    optimizer = optim.SGD(model.parameters(), lr=1.0)\nelif args.optimizer == 'adam':\n    optimizer = optim.Adam(model.parameters(), lr=0.03)\nelse:\n    raise ValueError(args.optimizer)\n", LOOP, **WRITTEN),
    idiom("argparse, a type of the script's own", *script("def rate(text):\n    return float(text)\n" + PARSER + 'parser.add_argument("--lr", type=rate, default="0.03")\nargs = parser.parse_args()\n', "args.lr"), **USER),
    idiom("argparse, literal arguments", *script(PARSER + LR + 'args = parser.parse_args(["--lr", "0.5"])\n', "args.lr"), optimizer="adam", rate=0.5, origin="literal"),
    idiom("argparse, empty arguments of a notebook", *script(PARSER + LR + "args = parser.parse_args([])\n", "args.lr"), optimizer="adam", rate=0.03),
    idiom("argparse, namespace by hand", *script("args = argparse.Namespace(lr=0.03)\n", "args.lr"), **WRITTEN),
    idiom("argparse, getattr", *script(PARSER + LR + "args = parser.parse_args()\n", 'getattr(args, "lr", 1.0)'), **USER),
    idiom("argparse inside a class", *script("class Options:\n    def __init__(self):\n        self.parser = argparse.ArgumentParser()\n        self.parser.add_argument('--lr', type=float, default=0.03)\n    def parse(self):\n        self.opt = self.parser.parse_args()\n        return self.opt\nopt = Options().parse()\n", "opt.lr"), **USER),
    idiom("click", "import click\n", "@click.command()\n@click.option('--lr', default=0.03, type=float)\ndef main(lr):\n    x, y = torch.randn(96, 4), torch.randn(96, 1)\n    model = nn.Linear(4, 1)\n    optimizer = optim.Adam(model.parameters(), lr=lr)\n    for epoch in range(7):\n        optimizer.zero_grad()\n        F.mse_loss(model(x), y).backward()\n        optimizer.step()\nif __name__ == '__main__':\n    main()\n", **USER),
    idiom("click, another name", "import click\n", "@click.command()\n@click.option('--lr', 'rate', default=0.03)\n@click.option('--epochs', '-e', default=7)\ndef main(rate, epochs):\n    x, y = torch.randn(96, 4), torch.randn(96, 1)\n    model = nn.Linear(4, 1)\n    optimizer = optim.Adam(model.parameters(), lr=rate)\n    for epoch in range(epochs):\n        optimizer.zero_grad()\n        F.mse_loss(model(x), y).backward()\n        optimizer.step()\nmain()\n", **USER, epochs=7),
    idiom("click group", "import click\n", "@click.group()\ndef cli():\n    pass\n@cli.command()\n@click.option('--lr', default=0.03)\ndef train(lr):\n    x, y = torch.randn(96, 4), torch.randn(96, 1)\n    model = nn.Linear(4, 1)\n    optimizer = optim.Adam(model.parameters(), lr=lr)\n    for epoch in range(7):\n        optimizer.zero_grad()\n        F.mse_loss(model(x), y).backward()\n        optimizer.step()\nif __name__ == '__main__':\n    cli()\n", **USER),
    idiom("typer", "import typer\napp = typer.Typer()\n", "@app.command()\ndef main(lr: float = typer.Option(0.03, '--lr'), epochs: int = 7):\n    x, y = torch.randn(96, 4), torch.randn(96, 1)\n    model = nn.Linear(4, 1)\n    optimizer = optim.Adam(model.parameters(), lr=lr)\n    for epoch in range(epochs):\n        optimizer.zero_grad()\n        F.mse_loss(model(x), y).backward()\n        optimizer.step()\nif __name__ == '__main__':\n    app()\n", optimizer="adam", rate=0.03, origin="argument-default", epochs=7),
    idiom("fire", "import fire\n", "def train(lr=0.03, epochs=7):\n    x, y = torch.randn(96, 4), torch.randn(96, 1)\n    model = nn.Linear(4, 1)\n    optimizer = optim.Adam(model.parameters(), lr=lr)\n    for epoch in range(epochs):\n        optimizer.zero_grad()\n        F.mse_loss(model(x), y).backward()\n        optimizer.step()\nif __name__ == '__main__':\n    fire.Fire(train)\n", **USER, epochs=7),
    idiom("absl flags", "from absl import app, flags\nFLAGS = flags.FLAGS\nflags.DEFINE_float('lr', 0.03, 'rate')\n", "def main(argv):\n    x, y = torch.randn(96, 4), torch.randn(96, 1)\n    model = nn.Linear(4, 1)\n    optimizer = optim.Adam(model.parameters(), lr=FLAGS.lr)\n    for epoch in range(7):\n        optimizer.zero_grad()\n        F.mse_loss(model(x), y).backward()\n        optimizer.step()\nif __name__ == '__main__':\n    app.run(main)\n", **USER),
    idiom("absl flag holder", *script("from absl import flags\nrate = flags.DEFINE_float('lr', 0.03, 'rate')\n", "rate.value"), **USER),
    idiom("tyro", *script("import tyro\nfrom dataclasses import dataclass\n@dataclass\nclass Args:\n    lr: float = 0.03\n    epochs: int = 7\nargs = tyro.cli(Args)\n", "args.lr"), **USER),
    idiom("tyro on a function", "import tyro\n", "def train(lr: float = 0.03):\n    x, y = torch.randn(96, 4), torch.randn(96, 1)\n    model = nn.Linear(4, 1)\n    optimizer = optim.Adam(model.parameters(), lr=lr)\n    for epoch in range(7):\n        optimizer.zero_grad()\n        F.mse_loss(model(x), y).backward()\n        optimizer.step()\nif __name__ == '__main__':\n    tyro.cli(train)\n", **USER),
    idiom("simple_parsing", *script("from simple_parsing import ArgumentParser\nfrom dataclasses import dataclass\n@dataclass\nclass Options:\n    lr: float = 0.03\nparser = ArgumentParser()\nparser.add_arguments(Options, dest='options')\nargs = parser.parse_args()\n", "args.options.lr"), **USER),
    idiom("simple_parsing.parse", *script("import simple_parsing\nfrom dataclasses import dataclass\n@dataclass\nclass Options:\n    lr: float = 0.03\noptions = simple_parsing.parse(Options)\n", "options.lr"), **USER),
    idiom("HfArgumentParser", *script("from dataclasses import dataclass, field\nfrom transformers import HfArgumentParser\n@dataclass\nclass ModelArgs:\n    width: int = field(default=4)\n@dataclass\nclass TrainArgs:\n    lr: float = field(default=0.03, metadata={'help': 'rate'})\nmodel_args, train_args = HfArgumentParser((ModelArgs, TrainArgs)).parse_args_into_dataclasses()\n", "train_args.lr"), **USER),
    idiom("HfArgumentParser of one class", *script("from dataclasses import dataclass\nfrom transformers import HfArgumentParser\n@dataclass\nclass TrainArgs:\n    lr: float = 0.03\nparser = HfArgumentParser(TrainArgs)\nargs = parser.parse_args_into_dataclasses()[0]\n", "args.lr"), **USER),
    idiom("tap", *script("from tap import Tap\nclass Args(Tap):\n    lr: float = 0.03\nargs = Args().parse_args()\n", "args.lr"), **USER),
    idiom("environment with a default", *script("import os\n", "float(os.environ.get('LR', '0.03'))"), optimizer="adam", rate=0.03, origin="argument-default", said="default of `os.environ['LR']`"),
    idiom("getenv with a default", *script("import os\n", "float(os.getenv('LR', 0.03))"), optimizer="adam", rate=0.03, origin="argument-default"),
    idiom("environment without a default", *script("import os\n", "float(os.environ['LR'])"), optimizer="adam", rate=None, why="it comes from `os.environ['LR']`"),
    idiom("environment or", *script("import os\n", "float(os.environ.get('LR') or 0.03)"), optimizer="adam", rate=None),
    idiom("input", *script("", "float(input('rate: '))"), optimizer="adam", rate=None),
    idiom("sys.argv", *script("import sys\n", "float(sys.argv[1])"), optimizer="adam", rate=None),
    idiom("sys.argv with a default", *script("import sys\n", "float(sys.argv[1]) if len(sys.argv) > 1 else 0.03"), optimizer="adam", rate=None),
    idiom("nested dicts", *script("config = {'training': {'optimizer': {'lr': 0.03}}}\n", "config['training']['optimizer']['lr']"), **WRITTEN),
    idiom("dict.get", *script("config = {'lr': 0.03}\n", "config.get('lr', 1.0)"), **WRITTEN),
    idiom("dict.get of a missing key", *script("config = {}\n", "config.get('lr', 0.03)"), **WRITTEN),
    idiom("dict that is updated", *script("config = dict(lr=1.0)\nconfig.update({'lr': 0.03})\n", "config['lr']"), **WRITTEN),
    idiom("merged dicts", *script("defaults = {'lr': 1.0, 'wd': 0}\nconfig = {**defaults, 'lr': 0.03}\n", "config['lr']"), **WRITTEN),
    idiom("dict of experiments", *script("CONFIGS = {'small': {'lr': 0.03}, 'large': {'lr': 0.01}}\nconfig = CONFIGS['small']\n", "config['lr']"), **WRITTEN),
    idiom("SimpleNamespace", *script("from types import SimpleNamespace\ncfg = SimpleNamespace(lr=0.03, epochs=7)\n", "cfg.lr"), **WRITTEN),
    idiom("EasyDict", *script("from easydict import EasyDict\ncfg = EasyDict()\ncfg.train = EasyDict()\ncfg.train.lr = 0.03\n", "cfg.train.lr"), **WRITTEN),
    idiom("yacs", *script("from yacs.config import CfgNode as CN\n_C = CN()\n_C.SOLVER = CN()\n_C.SOLVER.LR = 0.03\ncfg = _C.clone()\ncfg.freeze()\n", "cfg.SOLVER.LR"), **WRITTEN),
    idiom("class attributes", *script("class Config:\n    lr = 0.03\n    epochs = 7\n", "Config.lr"), **WRITTEN),
    idiom("instance of a class of settings", *script("class Config:\n    base = 0.3\n    def __init__(self):\n        self.lr = self.base / 10\nconfig = Config()\n", "config.lr"), optimizer="adam", rate=0.03, origin="literal"),
    idiom("inherited settings", *script("class Base:\n    lr = 1.0\nclass Config(Base):\n    lr = 0.03\n", "Config().lr"), **WRITTEN),
    idiom("dataclass in a dataclass", *script("from dataclasses import dataclass, field\n@dataclass\nclass Opt:\n    lr: float = 0.03\n@dataclass\nclass Config:\n    opt: Opt = field(default_factory=Opt)\nconfig = Config()\n", "config.opt.lr"), **WRITTEN),
    idiom("dataclass that is replaced", *script("import dataclasses\n@dataclasses.dataclass\nclass Config:\n    lr: float = 1.0\nconfig = dataclasses.replace(Config(), lr=0.03)\n", "config.lr"), **WRITTEN),
    idiom("named tuple of settings", *script("from typing import NamedTuple\nclass Config(NamedTuple):\n    lr: float = 0.03\n", "Config().lr"), **WRITTEN),
    idiom("enumeration", *script("from enum import Enum\nclass Rate(Enum):\n    SMALL = 0.03\n", "Rate.SMALL.value"), **WRITTEN),
    idiom("arithmetic", *script("base, batch = 0.03, 256\n", "base * batch / 256"), optimizer="adam", rate=0.03, origin="literal"),
    idiom("power of ten", *script("", "3 * 10 ** -2"), optimizer="adam", rate=0.03, origin="literal"),
    idiom("random rate", *script("import random\n", "random.uniform(1e-4, 1e-2)"), optimizer="adam", rate=None),
    idiom("loop over rates", BODY, "for lr in [0.03, 0.01]:\n    model = nn.Linear(4, 1)\n    optimizer = optim.Adam(model.parameters(), lr=lr)\n    for epoch in range(7):\n        optimizer.zero_grad()\n        F.mse_loss(model(x), y).backward()\n        optimizer.step()\n", optimizer="adam", rate=0.03, runs=2),
    idiom("partial", "from functools import partial\n", BODY, "make = partial(optim.Adam, lr=0.03)\noptimizer = make(model.parameters())\n", LOOP, **WRITTEN),
    idiom("partial with more settings", "from functools import partial\n", BODY, "make = partial(optim.SGD, momentum=0.9)\noptimizer = make(model.parameters(), lr=0.03)\n", LOOP, optimizer="sgd", rate=0.03, momentum=0.9),
    idiom("getattr by a setting", BODY, "config = {'name': 'Adam', 'lr': 0.03}\noptimizer = getattr(torch.optim, config['name'])(model.parameters(), lr=config['lr'])\n", LOOP, **WRITTEN),
    idiom("getattr by an argument", PARSER + LR + "parser.add_argument('--opt', default='Adam')\nargs = parser.parse_args()\n", BODY, "optimizer = getattr(optim, args.opt)(model.parameters(), lr=args.lr)\n", LOOP, **USER),
    idiom("table of classes", BODY, "OPTIMIZERS = {'sgd': optim.SGD, 'adam': optim.Adam}\noptimizer = OPTIMIZERS['adam'](model.parameters(), lr=0.03)\n", LOOP, **WRITTEN),
    idiom("table of lambdas", BODY, "OPTIMIZERS = {'adam': lambda p: optim.Adam(p, lr=0.03)}\noptimizer = OPTIMIZERS['adam'](model.parameters())\n", LOOP, **WRITTEN),
    idiom("registry by decorator", "REGISTRY = {}\ndef register(name):\n    def wrap(function):\n        REGISTRY[name] = function\n        return function\n    return wrap\n@register('adam')\ndef make_adam(parameters):\n    return optim.Adam(parameters, lr=0.03)\n", BODY, "optimizer = REGISTRY['adam'](model.parameters())\n", LOOP, **WRITTEN),
    idiom("names in an if-chain", "def make(name, parameters, lr):\n    name = name.lower()\n    if name == 'sgd':\n        return optim.SGD(parameters, lr=lr)\n    if name == 'adam':\n        return optim.Adam(parameters, lr=lr)\n    raise ValueError(name)\n", BODY, "optimizer = make('Adam', model.parameters(), 0.03)\n", LOOP, **WRITTEN),
    idiom("names in a match", "def make(name, parameters, lr):\n    match name:\n        case 'sgd':\n            return optim.SGD(parameters, lr=lr)\n        case 'adam' | 'Adam':\n            return optim.Adam(parameters, lr=lr)\n", BODY, "optimizer = make('adam', model.parameters(), 0.03)\n", LOOP, **WRITTEN),
    idiom("globals", BODY, "def adam(parameters):\n    return optim.Adam(parameters, lr=0.03)\noptimizer = globals()['adam'](model.parameters())\n", LOOP, optimizer="adam", rate=0.03),
    idiom("eval of a text", BODY, "optimizer = eval('optim.Adam(model.parameters(), lr=0.03)')\n", LOOP, optimizer=None),
    idiom("OmegaConf", *script("from omegaconf import OmegaConf\ncfg = OmegaConf.create({'train': {'lr': 0.03}})\n", "cfg.train.lr"), **WRITTEN),
    idiom("OmegaConf merged with the command line", *script("from omegaconf import OmegaConf\ncfg = OmegaConf.merge(OmegaConf.create({'lr': 0.03}), OmegaConf.from_cli())\n", "cfg.lr"), optimizer="adam", rate=0.03, origin="argument-default"),
    idiom("OmegaConf structured", *script("from dataclasses import dataclass\nfrom omegaconf import OmegaConf\n@dataclass\nclass Config:\n    lr: float = 0.03\ncfg = OmegaConf.structured(Config)\n", "cfg.lr"), **WRITTEN),
    idiom("wandb config", *script("import wandb\nwandb.init(project='p', config={'lr': 0.03})\n", "wandb.config.lr"), optimizer="adam", rate=0.03),
    idiom("ml_collections", *script("import ml_collections\ndef get_config():\n    config = ml_collections.ConfigDict()\n    config.lr = 0.03\n    return config\nconfig = get_config()\n", "config.lr"), **WRITTEN),
    idiom("pydantic", *script("from pydantic import BaseModel\nclass Settings(BaseModel):\n    lr: float = 0.03\nsettings = Settings()\n", "settings.lr"), **WRITTEN),
    idiom("attrs", *script("import attr\n@attr.s(auto_attribs=True)\nclass Settings:\n    lr: float = 0.03\nsettings = Settings()\n", "settings.lr"), **WRITTEN),
]  # fmt: skip


@pytest.mark.parametrize(("script", "expected"), [one[1:] for one in SCRIPTS], ids=[one[0] for one in SCRIPTS])
def test_setting(script: str, expected: dict[str, Any]) -> None:
    check(runs(script), expected)
