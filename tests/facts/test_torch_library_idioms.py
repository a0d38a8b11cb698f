"""PyTorch training by Lightning, Accelerate and Transformers, and batches of every structure."""

from __future__ import annotations

from typing import Any

import pytest

from tests.facts import idioms
from tests.facts.idioms import CLASSIFY, FIT, LOOP, MNIST, MODEL, SGD, TENSORS, check, runs

IDIOMS: list[tuple[str, str, dict[str, Any]]] = []


def idiom(name: str, *parts: str, **expected: Any) -> None:
    IDIOMS.append(idioms.idiom(name, *parts, **expected))


LIGHTNING = """
import pytorch_lightning as pl
class Regressor(pl.LightningModule):
    def __init__(self, lr=0.02):
        super().__init__()
        self.save_hyperparameters()
        self.layer = nn.Linear(4, 1)
    def forward(self, x):
        return self.layer(x)
    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.mse_loss(self(x), y)
        self.log("loss", loss)
        return loss
    def configure_optimizers(self):
        optimizer = optim.Adam(self.parameters(), lr=self.hparams.lr)
        return {"optimizer": optimizer, "lr_scheduler": optim.lr_scheduler.StepLR(optimizer, 5)}
"""
idiom(
    "Lightning",
    LIGHTNING,
    TENSORS,
    "pl.Trainer(max_epochs=7).fit(Regressor(lr=0.01), loader)\n",
    optimizer="adam",
    rate=0.01,
    loss="mean_squared_error",
    batch=16,
    epochs=7,
    steps=6,
    schedule="step",
    activation="linear",
    runs=1,
)
idiom("Lightning with a data module", LIGHTNING, """
class Data(pl.LightningDataModule):
    def setup(self, stage=None):
        self.data = TensorDataset(torch.randn(96, 4), torch.randn(96, 1))
    def train_dataloader(self):
        return DataLoader(self.data, batch_size=24)
pl.Trainer(max_epochs=3).fit(Regressor(), datamodule=Data())
""", optimizer="adam", rate=0.02, batch=24, epochs=3)  # fmt: skip
idiom(
    "Lightning module that others fit",
    LIGHTNING,
    optimizer="adam",
    rate=0.02,
    origin="argument-default",
    loss="mean_squared_error",
    batch=None,
    epochs=None,
    runs=1,
)
idiom(
    "Accelerate",
    "from accelerate import Accelerator\n", TENSORS, MODEL, SGD,
    """
    accelerator = Accelerator()
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    for epoch in range(7):
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = F.mse_loss(model(inputs), targets)
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    """,
    **FIT, clip=("global_norm", 1.0),
)  # fmt: skip
HUB = "from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments\nmodel = AutoModelForSequenceClassification.from_pretrained('bert-base-uncased')\n"
idiom(
    "Transformers with defaults",
    HUB,
    "args = TrainingArguments(output_dir='out')\ntrainer = Trainer(model=model, args=args, train_dataset=None)\ntrainer.train()\n",
    optimizer="adamw",
    rate=5e-5,
    origin="default",
    batch=8,
    batch_origin="default",
    epochs=3,
    loss=None,
)
idiom(
    "Transformers with settings",
    HUB,
    "args = TrainingArguments('out', learning_rate=2e-5, per_device_train_batch_size=16, num_train_epochs=4, weight_decay=0.01)\nTrainer(model=model, args=args).train()\n",
    optimizer="adamw",
    rate=2e-5,
    origin="literal",
    batch=16,
    epochs=4,
)
idiom(
    "optimizer of another library",
    "from torch_optimizer import Yogi\n",
    TENSORS,
    MODEL,
    "optimizer = Yogi(model.parameters(), lr=0.1)\n",
    LOOP,
    optimizer=None,
    rate=None,
    loss="mean_squared_error",
    batch=16,
    epochs=7,
)
idiom(
    "training function that nobody calls",
    """
    def train(model, optimizer, loader):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
    """,
    runs=1, optimizer=None, loss="cross_entropy", batch=None,
)  # fmt: skip
idiom("a schedule alone is no training", "def advance(scheduler):\n    scheduler.step()\n", runs=0)
idiom(
    "evaluation is no training",
    TENSORS,
    MODEL,
    "model.eval()\nwith torch.no_grad():\n    for x, y in loader:\n        F.mse_loss(model(x), y)\n",
    runs=0,
)
idiom(
    "data set of the script's own whose samples are not known",
    """
    class Images(Dataset):
        def __init__(self, files):
            self.files = files
        def __len__(self):
            return len(self.files)
        def __getitem__(self, index):
            return load(self.files[index])
    import glob
    loader = DataLoader(Images(glob.glob("*.png")), batch_size=16)
    """,
    MODEL, SGD, LOOP, **FIT, scale="unknown",
)  # fmt: skip
idiom(
    "batches that are dicts",
    "from datasets import load_dataset\nloader = DataLoader(load_dataset('imdb')['train'], batch_size=16)\n", MODEL, SGD,
    """
    for epoch in range(7):
        for batch in loader:
            batch = {k: v.cuda() for k, v in batch.items()}
            optimizer.zero_grad()
            loss = F.mse_loss(model(batch["x"]), batch["y"])
            loss.backward()
            optimizer.step()
    """,
    **FIT,
)  # fmt: skip
idiom(
    "collated batches",
    """
    def collate(samples):
        xs, ys = zip(*samples)
        return torch.nn.utils.rnn.pad_sequence(xs, batch_first=True), torch.tensor(ys)
    loader = DataLoader(words(), batch_size=16, collate_fn=collate)
    """,
    MODEL, SGD, LOOP, **FIT, scale="unknown",
)  # fmt: skip
idiom(
    "progress bar",
    "from tqdm import tqdm\n",
    TENSORS,
    MODEL,
    SGD,
    LOOP.replace("in loader", "in tqdm(loader, total=6)"),
    **FIT,
    steps=6,
)
idiom(
    "functional pooling and dropout",
    """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.last = nn.Conv2d(1, 4, 3), nn.Linear(676, 10)
        def forward(self, x):
            x = F.dropout(F.max_pool2d(F.relu(self.conv(x)), 2), training=self.training)
            return self.last(torch.flatten(x, 1))
    model = Net()
    """,
    MNIST, "loader = train_loader\n", SGD, CLASSIFY, scale="standardized", known="typical", activation="linear", batch=64,
)  # fmt: skip
idiom(
    "activation behind a reshaping layer",
    TENSORS,
    "model = nn.Sequential(nn.Linear(4, 6), nn.Sigmoid(), nn.Unflatten(1, (2, 3)))\n",
    SGD,
    LOOP,
    activation="sigmoid",
)
idiom(
    "rate assigned in the loop",
    TENSORS,
    MODEL,
    SGD,
    LOOP.replace(
        "    for inputs", "    for group in optimizer.param_groups:\n        group['lr'] = 0.1 * 0.5 ** epoch\n    for inputs"
    ),
    schedule="assigned",
)
idiom(
    "named tuple of a batch",
    "from collections import namedtuple\nBatch = namedtuple('Batch', ['x', 'y'])\n",
    MODEL,
    "x, y = torch.randn(96, 4), torch.randn(96, 1)\nloader = [Batch(x, y)]\n",
    SGD,
    LOOP.replace("for inputs, targets in loader", "for batch in loader")
    .replace("inputs", "batch.x")
    .replace("targets", "batch.y"),
    optimizer="sgd",
    rate=0.1,
    loss="mean_squared_error",
    batch=96,
)


@pytest.mark.parametrize(("script", "expected"), [one[1:] for one in IDIOMS], ids=[one[0] for one in IDIOMS])
def test_idiom(script: str, expected: dict[str, Any]) -> None:
    check(runs(script), expected)
