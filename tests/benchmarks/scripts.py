"""Training scripts of any length, made up for benchmarks."""

from __future__ import annotations

FUNCTION = '''
def run_{n}(x, y, rate=0.0{n}1, epochs=5):
    """Train a small network of its own."""
    model = nn.Sequential(nn.Linear(8, {width}), nn.ReLU(), nn.Linear({width}, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    for epoch in range(epochs):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        if epoch % 10 == 0:
            print("run {n}", epoch, loss.item())
    return model

'''

LAYERS = '''
def layers_{n}(width, scale={n}.5):
    """What stands below, and some more."""
    below = {below}
    scales = [scale * (index + 1) / 10 for index in range(4)]
    names = {{"name": "layers_{n}", "width": width, "scales": scales}}
    for index, factor in enumerate(scales):
        if factor > 100:
            names["large"] = names.get("large", 0) + index
        elif factor < 0.001:
            names["small"] = (index, factor)
    print("{n}: %s" % names["name"], sum(scales) / len(scales))
    return below

'''

TRAINING = """
x, y = torch.randn(64, 8), torch.randn(64, 1)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), layers_{last}(32), nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
for epoch in range(100):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
"""

HEAD = '''"""Classify pictures: a network with residual blocks, trained with a schedule, evaluated after each epoch."""

import argparse
import json
import os
import random
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", default="data", help="the folder with the pictures")
parser.add_argument("--epochs", type=int, default=90)
parser.add_argument("--batch-size", type=int, default=256)
parser.add_argument("--lr", "--learning-rate", type=float, default=0.1, dest="lr")
parser.add_argument("--momentum", type=float, default=0.9)
parser.add_argument("--weight-decay", type=float, default=1e-4)
parser.add_argument("--workers", type=int, default=4)
parser.add_argument("--seed", type=int, default=None)
parser.add_argument("--resume", default="", help="a checkpoint to go on from")
parser.add_argument("--evaluate", action="store_true")
parser.add_argument("--clip", type=float, default=1.0)
parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")


class Pictures(Dataset):
    """Pictures and labels from arrays on disk, scaled to mean 0 and deviation 1."""

    def __init__(self, folder, train=True, augment=False):
        name = "train" if train else "test"
        self.pictures = np.load(os.path.join(folder, f"{name}-pictures.npy"))
        self.labels = np.load(os.path.join(folder, f"{name}-labels.npy"))
        self.augment = augment
        self.mean = np.array([0.485, 0.456, 0.406], dtype=np.float32)
        self.deviation = np.array([0.229, 0.224, 0.225], dtype=np.float32)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        picture = self.pictures[index].astype(np.float32) / 255.0
        picture = (picture - self.mean) / self.deviation
        if self.augment and random.random() < 0.5:
            picture = picture[:, ::-1].copy()
        return torch.from_numpy(picture).permute(2, 0, 1), int(self.labels[index])


'''

BLOCK = '''class Block{n}(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, channels, wider, stride=1):
        super().__init__()
        self.first = nn.Conv2d(channels, wider, 3, stride=stride, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(wider)
        self.second = nn.Conv2d(wider, wider, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(wider)
        self.shortcut = nn.Sequential()
        if stride != 1 or channels != wider:
            self.shortcut = nn.Sequential(nn.Conv2d(channels, wider, 1, stride=stride, bias=False), nn.BatchNorm2d(wider))
        self.dropout = nn.Dropout(0.{n}1)

    def forward(self, x):
        below = F.relu(self.first_norm(self.first(x)))
        below = self.dropout(below)
        below = self.second_norm(self.second(below))
        return F.relu(below + self.shortcut(x))


'''

TAIL = '''class Network(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU())
        self.stages = nn.Sequential(Block0(64, 64), Block1(64, 128, 2), Block0(128, 256, 2), Block1(256, 512, 2))
        self.head = nn.Linear(512, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = self.stages(self.stem(x))
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)
        return self.head(x)


class Meter:
    """A running mean."""

    def __init__(self, name, form=":f"):
        self.name, self.form = name, form
        self.reset()

    def reset(self):
        self.sum = 0.0
        self.count = 0

    def update(self, value, n=1):
        self.sum += value * n
        self.count += n

    @property
    def mean(self):
        return self.sum / max(self.count, 1)

    def __str__(self):
        return ("{name} {mean" + self.form + "}").format(name=self.name, mean=self.mean)


def accuracy(output, target, topk=(1, 5)):
    with torch.no_grad():
        _, predicted = output.topk(max(topk), 1, True, True)
        correct = predicted.t().eq(target.view(1, -1).expand_as(predicted.t()))
        return [correct[:k].reshape(-1).float().sum(0).mul_(100.0 / target.size(0)) for k in topk]


def train(loader, model, criterion, optimizer, epoch, args):
    losses, tops, batch_time = Meter("loss"), Meter("top 1", ":.2f"), Meter("time", ":.3f")
    model.train()
    end = time.time()
    for step, (pictures, labels) in enumerate(loader):
        pictures = pictures.to(args.device, non_blocking=True)
        labels = labels.to(args.device, non_blocking=True)
        output = model(pictures)
        loss = criterion(output, labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), args.clip)
        optimizer.step()
        losses.update(loss.item(), pictures.size(0))
        tops.update(accuracy(output, labels)[0].item(), pictures.size(0))
        batch_time.update(time.time() - end)
        end = time.time()
        if step % 50 == 0:
            print(f"epoch {epoch} step {step}/{len(loader)} {losses} {tops} {batch_time}")
    return losses.mean


def validate(loader, model, criterion, args):
    losses, tops = Meter("loss"), Meter("top 1", ":.2f")
    model.eval()
    with torch.no_grad():
        for pictures, labels in loader:
            pictures, labels = pictures.to(args.device), labels.to(args.device)
            output = model(pictures)
            losses.update(criterion(output, labels).item(), pictures.size(0))
            tops.update(accuracy(output, labels)[0].item(), pictures.size(0))
    print(f"validation {losses} {tops}")
    return tops.mean


def save(state, is_best, folder="checkpoints"):
    os.makedirs(folder, exist_ok=True)
    torch.save(state, os.path.join(folder, "last.pt"))
    if is_best:
        torch.save(state, os.path.join(folder, "best.pt"))


'''

HELPER = '''def summary_{n}(history, path="summary-{n}.json", key="top{n}", smooth=0.{n}5):
    """Write a smoothed history of one figure, and say where it was best."""
    smoothed, last = [], None
    for epoch, entry in enumerate(history):
        value = float(entry.get(key, 0.0))
        last = value if last is None else smooth * last + (1 - smooth) * value
        smoothed.append({{"epoch": epoch, key: value, "smoothed": last}})
    best = max(smoothed, key=lambda one: one["smoothed"], default=None)
    with open(path, "w") as file:
        json.dump({{"history": smoothed, "best": best}}, file, indent=2)
    if best is not None:
        print("best", key, best["smoothed"], "in epoch", best["epoch"])
    return best


'''

MAIN = """def main():
    args = parser.parse_args()
    if args.seed is not None:
        random.seed(args.seed)
        torch.manual_seed(args.seed)
    model = Network().to(args.device)
    criterion = nn.CrossEntropyLoss().to(args.device)
    optimizer = torch.optim.SGD(model.parameters(), args.lr, momentum=args.momentum, weight_decay=args.weight_decay)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.1)
    best, start, history = 0.0, 0, []
    if args.resume:
        checkpoint = torch.load(args.resume, map_location=args.device)
        start, best = checkpoint["epoch"], checkpoint["best"]
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        scheduler.load_state_dict(checkpoint["scheduler"])
    pictures = Pictures(args.data, augment=True)
    kept = len(pictures) - len(pictures) // 10
    train_set, validation_set = random_split(pictures, [kept, len(pictures) - kept])
    loader = DataLoader(train_set, batch_size=args.batch_size, shuffle=True, num_workers=args.workers, pin_memory=True)
    validation = DataLoader(validation_set, batch_size=args.batch_size, num_workers=args.workers)
    test = DataLoader(Pictures(args.data, train=False), batch_size=args.batch_size, num_workers=args.workers)
    if args.evaluate:
        validate(test, model, criterion, args)
        return
    for epoch in range(start, args.epochs):
        loss = train(loader, model, criterion, optimizer, epoch, args)
        top = validate(validation, model, criterion, args)
        scheduler.step()
        is_best = top > best
        best = max(top, best)
        history.append({"loss": loss, "top1": top})
        state = {"epoch": epoch + 1, "model": model.state_dict(), "best": best}
        state["optimizer"], state["scheduler"] = optimizer.state_dict(), scheduler.state_dict()
        save(state, is_best)
    summary_0(history)


if __name__ == "__main__":
    main()
"""


def many_functions(rows: int) -> str:
    """A script of so many rows or a few more: small functions that each use the one before, and a training with the last."""
    text, number = "import torch\nfrom torch import nn\n\n", 0
    while text.count("\n") + TRAINING.count("\n") < rows:
        text += LAYERS.format(n=number, below=f"layers_{number - 1}(width)" if number else "nn.Identity()")
        number += 1
    return text + TRAINING.format(last=number - 1)


def many_trainings(rows: int) -> str:
    """A script of so many rows or a few more: functions, each with a training of its own, and a call of each."""
    text, number, calls = "import torch\nfrom torch import nn\n\n", 0, "x, y = torch.randn(64, 8), torch.randn(64, 1)\n"
    while text.count("\n") + calls.count("\n") < rows:
        text += FUNCTION.format(n=number, width=8 + number)
        calls += f"run_{number}(x, y)\n"
        number += 1
    return text + calls


def as_people_write(rows: int) -> str:
    """A script of so many rows or a few more: arguments, data, network, loop, evaluation, checkpoints, `main`."""
    text, number = HEAD + BLOCK.format(n=0) + BLOCK.format(n=1) + TAIL, 0
    while number == 0 or text.count("\n") + MAIN.count("\n") < rows:
        text += HELPER.format(n=number)
        number += 1
    return text + MAIN
