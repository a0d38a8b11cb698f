"""Faults of PyTorch scripts behind something that is not known: an operation, a branch, a file, another worker."""

from __future__ import annotations

import pytest

from tests.rules.checking import found_and_repaired, of
from tests.rules.torch_scripts import IMPORTS, PASS, SMALL

SPARSE = """class Sparse(nn.Module):
    def __init__(self, wide, tall):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(wide, tall) / wide)
    def forward(self, rows):
        return torch.spmm(rows, self.weight)
model = Sparse(6, 1)
"""
ADAM = "optimizer = torch.optim.Adam(model.parameters(), lr=0.001)\n"
PART = """for epoch in range(20):
    for rows, targets in loader:
        optimizer.zero_grad()
        with torch.no_grad():
            output = model(rows)  # error: TRN507
        loss = F.mse_loss(output, targets)
        loss.backward()
        optimizer.step()
"""
PAIR = """class Critic(nn.Module):
    def __init__(self, workers):
        super().__init__()
        self.workers = workers
        self.net = nn.Sequential(nn.Linear(6, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    def forward(self, rows):
        if rows.is_cuda and self.workers > 1:
            return nn.parallel.data_parallel(self.net, rows, range(self.workers))
        return self.net(rows)
critic, maker = Critic(2), nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 6))
of_critic = torch.optim.Adam(critic.parameters(), lr=0.0002, betas=(0.5, 0.999))
of_maker = torch.optim.Adam(maker.parameters(), lr=0.0002, betas=(0.5, 0.999))
judge = nn.BCEWithLogitsLoss()
for epoch in range(40):
    for real, _ in loader:
        critic.zero_grad()
        seen = critic(real)
        judge(seen, torch.ones(32, 1)).backward()
        made = maker(torch.randn(32, 4))
        judge(critic(made.detach()), torch.zeros(32, 1)).backward()
        of_critic.step()
        maker.zero_grad()
        judge(critic(made), torch.ones(32, 1)).backward()
        of_maker.step()
"""
PHOTOS = """from torchvision import datasets, models, transforms
norm = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
cut = transforms.Compose([transforms.RandomResizedCrop(224), transforms.ToTensor(), norm])
birds = datasets.ImageFolder("birds/train", cut)
"""
SHARED = (
    PHOTOS
    + """import argparse
from torch.utils.data.distributed import DistributedSampler
parser = argparse.ArgumentParser()
parser.add_argument("--many", action="store_true")
args = parser.parse_args()
def main():
    if args.many:
        share = DistributedSampler(birds)  # error: TRN805
    else:
        share = None
    photos = DataLoader(birds, batch_size=32, shuffle=share is None, sampler=share)
    model = models.resnet18()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(90):
        if args.many:
            print(epoch)
        for at, (rows, kinds) in enumerate(photos):
            optimizer.zero_grad()
            F.cross_entropy(model(rows), kinds).backward()
            optimizer.step()
main()
"""
)
OWN_PARTS = """class Coder(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 16)
        self.mean, self.spread = nn.Linear(16, 2), nn.Linear(16, 2)
        self.last = nn.Linear(2, 6)
    def forward(self, rows):
        hidden = torch.softmax(self.first(rows), dim=1)  # warning: TRN418
        mean, spread = self.mean(hidden), self.spread(hidden)
        return self.last(mean + torch.exp(spread / 2) * torch.randn_like(spread))
model = Coder()
"""
PREFETCH = """def look_ahead(model):
    for layer in model.children():
        layer.set_modules_to_backward_prefetch([model])
"""
REPEATED = """for turn in range(200):
    rows = torch.randn(32, 6)
    loss = model(rows).pow(2).sum()
    optimizer.zero_grad()
loss.backward()  # warning: TRN512
optimizer.step()
"""
REMOTE = """import torch.distributed.autograd as dist_autograd
from torch.distributed.optim import DistributedOptimizer
from torch.distributed.rpc import RRef
model = nn.Linear(6, 1)
optimizer = DistributedOptimizer(torch.optim.SGD, [RRef(one) for one in model.parameters()], lr=0.05)
for epoch in range(20):
    for rows, targets in loader:
        with dist_autograd.context() as context:
            loss = F.mse_loss(model(rows), targets)
            dist_autograd.backward(context, [loss])
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # error: TRN510
            optimizer.step(context)
"""
HEIRS = """class Body(nn.Module):
    def __init__(self, wide):
        super().__init__()
        self.wide = wide
class Net(Body):
    def __init__(self, wide):
        super().__init__(wide)
        self.last = nn.Linear(6, self.wide)
    def forward(self, rows):
        return self.last(rows)
model = Net(1)
"""
FAULTS: dict[str, tuple[str, dict[str, str]]] = {
    "an operation in a pass that is not recorded": (SPARSE + ADAM + PART, {"torch.no_grad()": "torch.enable_grad()"}),
    "a critic of two paths that is not recorded": (
        PAIR.replace(
            "        seen = critic(real)", "        with torch.no_grad():\n            seen = critic(real)  # error: TRN507"
        ),
        {"torch.no_grad()": "torch.enable_grad()"},
    ),
    "a generator that is not recorded": (
        PAIR.replace("Critic(2),", "nn.Linear(6, 1),")
        .replace("        made = maker(", "        with torch.no_grad():\n            made = maker(")
        .replace("made = maker(torch.randn(32, 4))", "made = maker(torch.randn(32, 4))  # error: TRN507"),
        {"torch.no_grad()": "torch.enable_grad()"},
    ),
    "the optimizer of a network beside one of bare weights": (
        SPARSE
        + "other = nn.Linear(6, 1)\n"
        + ADAM.replace("model.", "other.")
        + PASS.replace("optimizer.step()", "optimizer.step()  # error: TRN607"),
        {"(other.": "(model."},
    ),
    "bare weights that are frozen": (
        SPARSE + "model.requires_grad_(False)\n" + ADAM + PASS.replace("optimizer.step()", "optimizer.step()  # error: TRN424"),
        {"requires_grad_(False)": "requires_grad_(True)"},
    ),
    "the sampler of a branch that is off by default": (SHARED, {"print(epoch)": "share.set_epoch(epoch)"}),
    "the sampler behind an enumerate": (
        SHARED.replace("    if args.many:\n        share", "    if True:\n        share"),
        {"print(epoch)": "share.set_epoch(epoch)"},
    ),
    "gradients of four batches under a schedule": (
        SMALL
        + """schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.1)
for epoch in range(20):
    for at, (rows, targets) in enumerate(loader):
        loss = F.mse_loss(model(rows), targets)
        loss.backward()  # warning: TRN513
        if (at + 1) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
    schedule.step()
""",
        {"loss.backward()": "(loss / 4).backward()"},
    ),
    "doubles for a network of torchvision": (
        PHOTOS
        + """photos = DataLoader(birds, batch_size=32, shuffle=True)
model = models.resnet18()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(90):
    for rows, kinds in photos:
        optimizer.zero_grad()
        F.cross_entropy(model(rows.double()), kinds).backward()  # error: TRN224
        optimizer.step()
""",
        {"rows.double()": "rows"},
    ),
    "evaluation mode, and a model of a file": (
        """model = nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.2), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
def test(model):
    model.eval()
    with torch.no_grad():
        print(F.mse_loss(model(x), y))
for epoch in range(20):
    model.eval()  # error: TRN505
    for rows, targets in loader:
        optimizer.zero_grad()
        F.mse_loss(model(rows), targets).backward()
        optimizer.step()
    test(model)
test(torch.load("best.pt"))
""",
        {"    model.eval()  #": "    model.train()  #"},
    ),
    "a softmax that two layers read": (
        OWN_PARTS + ADAM + PASS.replace("targets)", "rows)"),
        {"torch.softmax(self.first(rows), dim=1)": "torch.relu(self.first(rows))"},
    ),
    "words of gradients elsewhere": (
        SMALL
        + PREFETCH
        + "look_ahead(model)\n"
        + PASS.replace("        loss.backward()\n", "").replace("targets)", "targets)  # error: TRN503"),
        {"        optimizer.step()": "        loss.backward()\n        optimizer.step()"},
    ),
    "two optimizers and no gradients": (
        """from helper import ask
first, second = nn.Linear(6, 8), nn.Linear(8, 1)
of_first = torch.optim.SGD(first.parameters(), lr=0.01)
of_second = torch.optim.SGD(second.parameters(), lr=0.01)
for epoch in range(20):
    for rows, targets in loader:
        loss = ask(second(first(rows).relu()), targets)
        of_first.zero_grad()
        of_second.zero_grad()
        of_first.step()  # error: TRN503
        of_second.step()
""",
        {"        of_first.step()": "        loss.backward()\n        of_first.step()"},
    ),
    "batches that the script draws by itself": (
        SMALL + REPEATED,
        {"loss.backward()": "    loss.backward()", "optimizer.step()": "    optimizer.step()"},
    ),
    "one of two losses that does not go back": (
        SMALL
        + """import random
for epoch in range(20):
    for rows, targets in loader:
        optimizer.zero_grad()
        if random.random() < 0.5:
            loss = F.mse_loss(model(rows), targets)
        else:
            loss = F.l1_loss(model(rows), targets)
        loss.backward  # error: TRN504
        optimizer.step()
""",
        {"loss.backward": "loss.backward()"},
    ),
    "gradients in a context": (REMOTE, {"            nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # error: TRN510\n": ""}),
    "a base that is not constructed": (
        HEIRS.replace(
            "(nn.Module):\n    def __init__(self, wide):\n        super().__init__()",
            "(nn.Module):\n    def __init__(self, wide):  # error: TRN413\n        pass",
        )
        + ADAM
        + PASS,
        {"        pass": "        super().__init__()"},
    ),
    "an heir that is not constructed": (
        HEIRS.replace(
            "(Body):\n    def __init__(self, wide):\n        super().__init__(wide)",
            "(Body):\n    def __init__(self, wide):  # error: TRN413\n        self.wide = wide",
        )
        + ADAM
        + PASS,
        {"        self.wide = wide\n        self.last": "        super().__init__(wide)\n        self.last"},
    ),
    "a module without layers that is called": (
        """class Twice(nn.Module):
    def __init__(self, by):  # error: TRN413
        self.by = by
    def forward(self, rows):
        return self.by * rows
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
twice = Twice(2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
"""
        + PASS.replace("model(rows)", "twice(model(rows))"),
        {"        self.by = by": "        super().__init__()\n        self.by = by"},
    ),
}
CORRECT = {
    "a target that is not recorded": SPARSE
    + "target = Sparse(6, 1)\n"
    + ADAM
    + """for epoch in range(20):
    for rows, _ in loader:
        optimizer.zero_grad()
        with torch.no_grad():
            wanted = target(rows)
        F.mse_loss(model(rows), wanted).backward()
        optimizer.step()
""",
    "samples that a generator makes for its critic": PAIR.replace(
        "        made = maker(torch.randn(32, 4))\n        judge(critic(made.detach())",
        "        with torch.no_grad():\n            made = maker(torch.randn(32, 4))\n        judge(critic(made)",
    ).replace("judge(critic(made), torch.ones", "judge(critic(maker(torch.randn(32, 4))), torch.ones"),
    "a loss that gets gradients by its scale": SPARSE
    + "scale = nn.Parameter(torch.ones(1))\noptimizer = torch.optim.Adam([scale], lr=0.001)\n"
    + PART.replace("  # error: TRN507", "").replace("mse_loss(output,", "mse_loss(output * scale,"),
    "a module that returns what it is given under no_grad": SMALL
    + """class Same(nn.Module):
    def forward(self, rows):
        return rows
same = Same()
for epoch in range(20):
    for rows, targets in loader:
        optimizer.zero_grad()
        output = model(rows)
        with torch.no_grad():
            output = same(output)
        F.mse_loss(output, targets).backward()
        optimizer.step()
""",
    "bare weights of which one is frozen": SPARSE
    + "model.weight.requires_grad_(False)\nmodel.weight.requires_grad_(True)\n"
    + ADAM
    + PASS,
    "a sampler that is told not to shuffle": SHARED.replace("  # error: TRN805", "").replace(
        "DistributedSampler(birds)", "DistributedSampler(birds, shuffle=False)"
    ),
    "a sampler of the project's own": SHARED.replace("  # error: TRN805", "").replace(
        "from torch.utils.data.distributed import", "from samplers import"
    ),
    "doubles for a network of doubles": PHOTOS
    + """photos = DataLoader(birds, batch_size=32, shuffle=True)
model = models.resnet18().double()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(90):
    for rows, kinds in photos:
        optimizer.zero_grad()
        F.cross_entropy(model(rows.double()), kinds).backward()
        optimizer.step()
""",
    "what is loaded is what trains on": """model = torch.load("best.pt")
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(20):
    model.train()
    for rows, targets in loader:
        optimizer.zero_grad()
        F.mse_loss(model(rows), targets).backward()
        optimizer.step()
    model.eval()
""",
    "shares by which two layers are mixed": """class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.share, self.one, self.other = nn.Linear(6, 2), nn.Linear(6, 1), nn.Linear(6, 1)
    def forward(self, rows):
        share = torch.softmax(self.share(rows), dim=1)
        return share[:, :1] * self.one(rows) + share[:, 1:] * self.other(rows)
model = Mixed()
"""
    + ADAM
    + PASS,
    "gradients that a function of another name takes": SMALL
    + """from helper import engine
def go(loss):
    engine.backward(loss)
def turn(take, rows, targets):
    take(F.mse_loss(model(rows), targets))
    optimizer.step()
    optimizer.zero_grad()
for epoch in range(20):
    for rows, targets in loader:
        turn(go, rows, targets)
""",
    "outputs that are kept for one loss": SMALL
    + """for epoch in range(200):
    kept = []
    for part in range(4):
        optimizer.zero_grad()
        kept.append(model(torch.randn(32, 6)))
    torch.stack(kept).pow(2).mean().backward()
    optimizer.step()
""",
    "a constructor by way of a method": HEIRS.replace(
        "        super().__init__()\n        self.wide", "        self.begin()\n        self.wide"
    ).replace("class Net", "    def begin(self):\n        nn.Module.__init__(self)\nclass Net")
    + ADAM
    + PASS,
    "a heir without a constructor": HEIRS.replace(
        "        self.wide = wide\n", "        self.wide = wide\nclass Between(Body):\n    kind = 1\n"
    ).replace("Net(Body)", "Net(Between)")
    + ADAM
    + PASS,
}
CODES = ("TRN224", "TRN413", "TRN418", "TRN424", "TRN503", "TRN504", "TRN505", "TRN507", "TRN510", "TRN512", "TRN607", "TRN805")


@pytest.mark.parametrize(("script", "repairs"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_and_repair(script: str, repairs: dict[str, str]) -> None:
    found_and_repaired(IMPORTS + script, repairs)


@pytest.mark.parametrize("script", CORRECT.values(), ids=CORRECT.keys())
def test_nothing_is_said_of_what_is_right(script: str) -> None:
    assert of(IMPORTS + script, *CODES) == set()
