"""Faults between the parts of a PyTorch script: layers and widths, optimizers and models, critics and generators, loops and steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.checking import found_and_repaired, of
from tests.rules.torch_scripts import IMPORTS, PASS, SMALL, at_once, by_batches, in_turns
from trainlint.engine import check_source
from trainlint.settings import Settings
from trainlint.source.read import read
from trainlint.workspace import Project

PAIR = """critic = nn.Sequential(nn.Linear(6, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
maker = nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 6))
"""
RATES = """of_maker = torch.optim.RMSprop(maker.parameters(), lr=5e-5)
of_critic = torch.optim.RMSprop(critic.parameters(), lr=5e-5)
"""
ROUNDS = """for epoch in range(40):
    for real, _ in loader:
        of_critic.zero_grad()
        answer = critic(maker(torch.randn(32, 4)).detach()).mean() - critic(real).mean()
        answer.backward()
        of_critic.step()
        of_maker.zero_grad()
        praise = critic(maker(torch.randn(32, 4))).mean()  # error: TRN317
        praise.backward()
        of_maker.step()
"""
LABELLED = """bce = nn.BCEWithLogitsLoss()
for epoch in range(40):
    for real, _ in loader:
        count = real.size(0)
        made = maker(torch.randn(count, 4))
        of_critic.zero_grad()
        bce(critic(real), torch.ones(count, 1)).backward()
        bce(critic(made.detach()), torch.zeros(count, 1)).backward()
        of_critic.step()
        of_maker.zero_grad()
        bce(critic(made), torch.zeros(count, 1)).backward()  # error: TRN317
        of_maker.step()
"""
TAGS = """class Tags(Dataset):
    def __init__(self, path):
        self.rows = [line.split() for line in open(path)]
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, at):
        return torch.tensor([int(one) for one in self.rows[at][1:]]), int(self.rows[at][0])
texts = DataLoader(Tags("tags.txt"), batch_size=16, shuffle=True)
class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(5000, 32)
        self.gru = nn.GRU(32, 48, batch_first=True, bidirectional=True)
        self.head = nn.Linear(96, 4)
    def forward(self, rows):
        steps, last = self.gru(self.words(rows))
        return self.head(steps[:, -1])
model = Reader()
""" + by_batches("F.cross_entropy(model(rows), kinds)", loader="texts")
WAVES = """class Waves(Dataset):
    def __init__(self, path):
        self.rows = torch.load(path)
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, at):
        return self.rows[at]
waves = DataLoader(Waves("waves.pt"), batch_size=16, shuffle=True)
body = nn.Sequential(nn.Conv1d(1, 24, 9), nn.ReLU(), nn.MaxPool1d(4), nn.Conv1d(24, 48, 9), nn.BatchNorm1d(48), nn.ReLU())
model = nn.Sequential(body, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(48, 5))
""" + by_batches("F.cross_entropy(model(rows), kinds)", loader="waves")
PICTURES = """from torchvision import datasets, models, transforms
norm = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
cut = transforms.Compose([transforms.Resize((224, 224)), transforms.ToTensor(), norm])
photos = DataLoader(datasets.ImageFolder("birds/train", cut), batch_size=16, shuffle=True)
"""
LIGHTNING = """import lightning as L
class Lit(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
    def training_step(self, batch, index):
        rows, targets = batch
        loss = F.mse_loss(self.net(rows), targets)
        self.log("loss", loss)
        return loss
    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), lr=0.001)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "epoch"}}
L.Trainer(max_epochs=30).fit(Lit(), loader)
"""
ACTOR_AND_CRITIC = {
    "of_critic": "F.mse_loss(critic(actor(states).detach()), returns)",
    "of_actor": "(-critic(actor(states)).mean())",
}
FAULTS = {
    "a critic that two optimizers hold": (
        PAIR
        + RATES.replace(
            "RMSprop(critic.parameters(), lr=5e-5)", "RMSprop(critic.parameters(), lr=5e-5)  # error: TRN607"
        ).replace("RMSprop(maker.", "RMSprop(critic.")
        + ROUNDS.replace("  # error: TRN317", "").replace("praise = critic", "praise = -critic"),
        {"of_maker = torch.optim.RMSprop(critic.": "of_maker = torch.optim.RMSprop(maker."},
    ),
    "the optimizer of the copy that is only asked": (
        """online, slow = nn.Linear(6, 3), nn.Linear(6, 3)
optimizer = torch.optim.Adam(slow.parameters(), lr=0.001)
def learn(states, actions, rewards, following):
    if len(states) < 32:
        return
    value = online(states).gather(1, actions).squeeze(1)
    with torch.no_grad():
        wanted = rewards + 0.9 * slow(following).max(1).values
    loss = F.smooth_l1_loss(value, wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()  # error: TRN607
for game in range(100):
    rewards = torch.randn(64)
    learn(torch.randn(64, 6), torch.randint(0, 3, (64, 1)), rewards, torch.randn(64, 6))
""",
        {"slow.parameters()": "online.parameters()"},
    ),
    "a generator that lowers its critic's answer": (
        PAIR + RATES + ROUNDS,
        {"praise = critic(maker(torch.randn(32, 4))).mean()": "praise = -critic(maker(torch.randn(32, 4))).mean()"},
    ),
    "a generator that is told it is false": (
        PAIR + RATES + LABELLED,
        {"bce(critic(made), torch.zeros": "bce(critic(made), torch.ones"},
    ),
    "gradients cleared at each of four batches": (
        SMALL
        + """for epoch in range(20):
    for at, (rows, targets) in enumerate(loader):
        optimizer.zero_grad()  # error: TRN502
        (F.mse_loss(model(rows), targets) / 4).backward()
        if (at + 1) % 4 == 0:
            optimizer.step()
""",
        {
            "        optimizer.zero_grad()  # error: TRN502\n": "",
            "            optimizer.step()\n": "            optimizer.step()\n            optimizer.zero_grad()\n",
        },
    ),
    "a step behind the batches": (
        SMALL + PASS.replace("        optimizer.step()", "    optimizer.step()  # warning: TRN512"),
        {"    optimizer.step()": "        optimizer.step()"},
    ),
    "half of what two directions give": (
        TAGS.replace("self.head = nn.Linear(96, 4)", "self.head = nn.Linear(48, 4)  # error: TRN406"),
        {"nn.Linear(48, 4)": "nn.Linear(96, 4)"},
    ),
    "the last sample for the last step": (
        TAGS.replace("self.head(steps[:, -1])", "self.head(steps[-1])  # warning: TRN421"),
        {"steps[-1]": "steps[:, -1]"},
    ),
    "the channels of the block before": (
        WAVES.replace("nn.BatchNorm1d(48), nn.ReLU())", "nn.BatchNorm1d(24), nn.ReLU())  # error: TRN406"),
        {"nn.BatchNorm1d(24)": "nn.BatchNorm1d(48)"},
    ),
    "the features of a larger backbone": (
        PICTURES
        + """class Birds(nn.Module):
    def __init__(self):
        super().__init__()
        whole = models.resnet34(weights="DEFAULT")
        self.body = nn.Sequential(*list(whole.children())[:-1])
        self.head = nn.Linear(2048, 20)  # error: TRN406
    def forward(self, rows):
        return self.head(self.body(rows).flatten(1))
model = Birds()
"""
        + by_batches("F.cross_entropy(model(rows), kinds)", loader="photos", epochs=10, rate=0.0001),
        {"nn.Linear(2048, 20)": "nn.Linear(512, 20)"},
    ),
    "a backbone of ten classes for a hundred": (
        PICTURES.replace('datasets.ImageFolder("birds/train", cut)', 'datasets.CIFAR100("c", transform=cut)')
        + """model = models.resnet18(weights=None, num_classes=10)  # error: TRN307
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for epoch in range(40):
    for rows, kinds in photos:
        optimizer.zero_grad()
        F.cross_entropy(model(rows), kinds).backward()
        optimizer.step()
""",
        {"num_classes=10)": "num_classes=100)"},
    ),
    "statistics for the training pictures alone": (
        PICTURES
        + """plain = transforms.Compose([transforms.Resize((224, 224)), transforms.ToTensor()])
others = DataLoader(datasets.ImageFolder("birds/other", plain), batch_size=16)
model = nn.Sequential(nn.Conv2d(3, 8, 7, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 20))
"""
        + by_batches("F.cross_entropy(model(rows), kinds)", loader="photos", epochs=10)
        + """with torch.no_grad():
    print(sum((model(rows).argmax(1) == kinds).sum().item() for rows, kinds in others))  # error: TRN208
""",
        {"transforms.ToTensor()])\nothers": "transforms.ToTensor(), norm])\nothers"},
    ),
    "pictures of one colour by their size": (
        """from PIL import Image
from torchvision import transforms
class Marks(Dataset):
    def __init__(self, names):
        self.names = names
        self.change = transforms.Compose([transforms.Grayscale(), transforms.Resize((40, 60)), transforms.ToTensor()])
    def __len__(self):
        return len(self.names)
    def __getitem__(self, at):
        return self.change(Image.open(self.names[at])), at % 2
marks = DataLoader(Marks(["a.png", "b.png"]), batch_size=8, shuffle=True)
model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 38 * 68, 2))  # error: TRN406
"""
        + by_batches("F.cross_entropy(model(rows), kinds)", loader="marks", epochs=100),
        {"8 * 38 * 68": "8 * 38 * 58"},
    ),
    "weights that are saved too late": (
        SMALL
        + "lowest, kept = 9.0, None\n"
        + PASS
        + """    if loss.item() < lowest:
        lowest, kept = loss.item(), model.state_dict()  # error: TRN511
torch.save(kept, "best.pt")
""",
        {"model.state_dict()": "copy.deepcopy(model.state_dict())"},
    ),
    "a column among the named ones": (
        """import pandas as pd
table = pd.read_csv("loans.csv")
paid = table["paid"].values  # error: TRN706
rows = table[["income", "age", "paid"]].values
rows, paid = torch.FloatTensor(rows), torch.FloatTensor(paid).unsqueeze(1)
model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
"""
        + at_once("F.binary_cross_entropy_with_logits(model(rows), paid)"),
        {'"age", "paid"]]': '"age", "debt"]]'},
    ),
    "a cosine over epochs that each batch moves": (
        LIGHTNING.replace('"interval": "epoch"}}', '"interval": "step"}}  # warning: TRN611'),
        {'"interval": "step"': '"interval": "epoch"'},
    ),
    "a training step that returns nothing": (
        LIGHTNING.replace(
            "    def training_step(self, batch, index):", "    def training_step(self, batch, index):  # error: TRN503"
        ).replace("        return loss\n", ""),
        {'self.log("loss", loss)\n': 'self.log("loss", loss)\n        return loss\n'},
    ),
    "samples in a list that is as long as a file": (
        """pairs = [(torch.randn(5), torch.tensor([float(len(line))])) for line in open("lines.txt")]
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))  # error: TRN406
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(20):
    for rows, targets in DataLoader(pairs, batch_size=8, shuffle=True):
        optimizer.zero_grad()
        F.mse_loss(model(rows), targets).backward()
        optimizer.step()
""",
        {"torch.randn(5)": "torch.randn(6)"},
    ),
    "a sum of columns against a row of a table": (
        """import pandas as pd
table = pd.read_csv("ratings.csv", names=["buyer", "item", "stars"])
buyers, items = torch.LongTensor(table.buyer.values), torch.LongTensor(table.item.values)
stars = torch.FloatTensor(table.stars.values)
class Tastes(nn.Module):
    def __init__(self):
        super().__init__()
        self.of_buyer, self.of_item = nn.Embedding(300, 8), nn.Embedding(900, 8)
        self.level = nn.Embedding(900, 1)
    def forward(self, buyer, item):
        return (self.of_buyer(buyer) * self.of_item(item)).sum(1, keepdim=True) + self.level(item)
model = Tastes()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
for epoch in range(20):
    for buyer, item, star in DataLoader(TensorDataset(buyers, items, stars), batch_size=64, shuffle=True):
        optimizer.zero_grad()
        F.mse_loss(model(buyer, item), star).backward()  # error: TRN314
        optimizer.step()
""",
        {"+ self.level(item)": "+ self.level(item)).squeeze(1)", "return (self.of": "return ((self.of"},
    ),
    "the rate of the trainer's arguments": (
        """from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments
net = AutoModelForSequenceClassification.from_pretrained("roberta-base", num_labels=2)
settings = TrainingArguments("out", num_train_epochs=3, learning_rate=0.02)  # warning: TRN114
Trainer(net, settings, train_dataset=load("train")).train()
""",
        {"learning_rate=0.02": "learning_rate=2e-5", "=load(": "=torch.load("},
    ),
}
CORRECT = {
    "a schedule of Lightning that counts epochs unless told": LIGHTNING.replace(', "interval": "epoch"', ""),
    "scikit-learn keeps single precision": """import pandas as pd
from sklearn.preprocessing import StandardScaler
table = pd.read_csv("loans.csv")
rows = table.drop(columns="paid").to_numpy("float32")
paid = table["paid"].to_numpy(dtype=np.float32)
first = np.random.permutation(len(rows))[:400]
scaled = torch.tensor(StandardScaler().fit_transform(rows[first]))
model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
"""
    + at_once("F.binary_cross_entropy_with_logits(model(scaled), torch.tensor(paid[first])[:, None])"),
    "weights that every epoch keeps": SMALL
    + PASS
    + """    kept = model.state_dict()
torch.save(kept, "last.pt")
""",
    "gradients of four batches": SMALL
    + """optimizer.zero_grad()
for epoch in range(20):
    for at, (rows, targets) in enumerate(loader):
        (F.mse_loss(model(rows), targets) / 4).backward()
        if (at + 1) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
""",
    "the gradient of all batches at once": SMALL
    + """for epoch in range(20):
    optimizer.zero_grad()
    for rows, targets in loader:
        (F.mse_loss(model(rows), targets) / 10).backward()
    optimizer.step()
""",
    "two networks that learn one thing": """first, second = nn.Linear(6, 8), nn.Linear(8, 1)
of_first = torch.optim.SGD(first.parameters(), lr=0.01)
of_second = torch.optim.SGD(second.parameters(), lr=0.01)
"""
    + in_turns("rows, targets", dict.fromkeys(("of_first", "of_second"), "F.mse_loss(second(first(rows).relu()), targets)")),
    "an actor against its critic": """actor, critic = nn.Linear(6, 2), nn.Linear(2, 1)
of_actor = torch.optim.Adam(actor.parameters(), lr=0.001)
of_critic = torch.optim.Adam(critic.parameters(), lr=0.001)
"""
    + in_turns("states, returns", ACTOR_AND_CRITIC),
    "a critic that gets its gradient's sign": PAIR
    + RATES
    + ROUNDS.replace("  # error: TRN317", "").replace("praise.backward()", "praise.backward(torch.tensor(-1.0))"),
    "one sequence of a loader": TAGS.replace("self.gru(self.words(rows))", "self.gru(self.words(rows.squeeze(0)))").replace(
        "self.head(steps[:, -1])", "self.head(steps[-1:])"
    ),
    "the pooled features of a backbone": PICTURES
    + """whole = models.vgg16(weights="DEFAULT")
head = nn.Sequential(nn.Flatten(), nn.Linear(512 * 49, 20))
body = nn.Sequential(*list(whole.children())[:-1])
for weight in body.parameters():
    weight.requires_grad = False
optimizer = torch.optim.Adam(head.parameters(), lr=0.001)
for epoch in range(10):
    for rows, kinds in photos:
        optimizer.zero_grad()
        F.cross_entropy(head(body(rows)), kinds).backward()
        optimizer.step()
""",
    "bytes into a first layer that a normaliser follows": """from torchvision import datasets, models
digits = datasets.MNIST("m").data.unsqueeze(1).float()
kinds = datasets.MNIST("m").targets
whole = models.resnet18(weights=None)
whole.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
model = nn.Sequential(*list(whole.children())[:-1], nn.Flatten(), nn.Linear(512, 10))
"""
    + by_batches(
        "F.cross_entropy(model(rows), labels)",
        "rows, labels",
        loader="DataLoader(TensorDataset(digits, kinds), batch_size=64, shuffle=True)",
        epochs=10,
    ),
}
SILENT = frozenset({"TRN114", "TRN118", "TRN224", "TRN317", "TRN406", "TRN421", "TRN502", "TRN511", "TRN512", "TRN607", "TRN611"})


@pytest.mark.parametrize(("script", "repairs"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_and_repair(script: str, repairs: dict[str, str]) -> None:
    found_and_repaired(IMPORTS + script, repairs)


@pytest.mark.parametrize("script", CORRECT.values(), ids=CORRECT.keys())
def test_nothing_is_said_of_what_is_right(script: str) -> None:
    assert of(IMPORTS + script, *SILENT) == set()


BY_HAND = (
    LIGHTNING.replace("        super().__init__()\n", "        super().__init__()\n        self.automatic_optimization = {}\n")
    .replace(
        "        return loss\n",
        """        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()
""",
    )
    .replace(
        """        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "epoch"}}
""",
        "        return optimizer\n",
    )
)


@pytest.mark.parametrize(("automatic", "rows"), [("False", 0), ("settings.automatic", 0), ("len(open('a')) > 3", 0), ("True", 1)])
def test_a_training_step_that_steps_by_itself_returns_nothing(automatic: str, rows: int) -> None:
    text = IMPORTS + "from shop import settings\n" + BY_HAND.replace("= {}", f"= {automatic}")
    assert len(of(text, "TRN503")) == rows


def test_a_copy_that_is_only_asked_is_not_told_to_learn() -> None:
    """The optimizer is wrong, and `no_grad` around the targets is right."""
    script, _ = FAULTS["the optimizer of the copy that is only asked"]
    assert of(IMPORTS + script, "TRN507") == set()


def test_two_files_of_one_project(tmp_path: Path) -> None:
    """What lies in a file beside is named with it, and data are pointed at where they come from."""
    (tmp_path / "net.py").write_text(
        """from torch import nn
net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(dim=1))
""",
        encoding="utf-8",
    )
    (tmp_path / "helper.py").write_text(
        """def once(model, loader, loss_function, optimizer):
    for rows, kinds in loader:
        optimizer.zero_grad()
        loss_function(model(rows), kinds).backward()
        optimizer.step()
""",
        encoding="utf-8",
    )
    (tmp_path / "main.py").write_text(
        """import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from helper import once
from net import net
rows = torch.rand(300, 8) * torch.tensor([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 4000.0])
loader = DataLoader(TensorDataset(rows, torch.randint(0, 3, (300,))), batch_size=20, shuffle=True)
optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
for epoch in range(40):
    once(net, loader, nn.CrossEntropyLoss(), optimizer)
""",
        encoding="utf-8",
    )
    path = tmp_path / "main.py"
    found = {one.code: one for one in check_source(read(path), Settings(select=("TRN202", "TRN302")), Project(tmp_path)).findings}
    assert found.keys() == {"TRN202", "TRN302"}
    assert "of line 2 of net.py" in found["TRN302"].message
    assert found["TRN202"].span.filename == str(path)
