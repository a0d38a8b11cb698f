"""PyTorch training of more than one kind: several optimizers, schedules, processes, updates by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.facts import idioms
from tests.facts.idioms import FIT, LOOP, MODEL, SGD, TENSORS, check, runs

IDIOMS: list[tuple[str, str, dict[str, Any]]] = []


def idiom(name: str, *parts: str, **expected: Any) -> None:
    IDIOMS.append(idioms.idiom(name, *parts, **expected))


idiom(
    "two optimizers of a GAN",
    """
    class Discriminator(nn.Module):
        def __init__(self, ngpu):
            super().__init__()
            self.ngpu = ngpu
            self.main = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
        def forward(self, x):
            if x.is_cuda and self.ngpu > 1:
                out = nn.parallel.data_parallel(self.main, x, range(self.ngpu))
            else:
                out = self.main(x)
            return out.view(-1, 1).squeeze(1)
    real = DataLoader(TensorDataset(torch.randn(64, 8)), batch_size=16)
    netD, netG = Discriminator(1), nn.Sequential(nn.Linear(2, 8), nn.Tanh())
    criterion = nn.BCELoss()
    optimizerD = optim.Adam(netD.parameters(), lr=0.0002, betas=(0.5, 0.999))
    optimizerG = optim.Adam(netG.parameters(), lr=0.0001, betas=(0.5, 0.999))
    for epoch in range(25):
        for i, (data,) in enumerate(real):
            netD.zero_grad()
            label = torch.full((data.size(0),), 1.0)
            errD_real = criterion(netD(data), label)
            errD_real.backward()
            fake = netG(torch.randn(data.size(0), 2))
            label.fill_(0.0)
            errD_fake = criterion(netD(fake.detach()), label)
            errD_fake.backward()
            optimizerD.step()
            netG.zero_grad()
            label.fill_(1.0)
            errG = criterion(netD(fake), label)
            errG.backward()
            optimizerG.step()
    """,
    runs=2, optimizer="adam", rate=0.0002, loss="binary_crossentropy", activation="sigmoid", epochs=25,
)  # fmt: skip
idiom(
    "closure of LBFGS",
    """
    x, y = torch.randn(32, 4), torch.randn(32, 1)
    model, criterion = nn.Linear(4, 1), nn.MSELoss()
    optimizer = optim.LBFGS(model.parameters(), lr=0.8)
    for i in range(15):
        def closure():
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            return loss
        optimizer.step(closure)
    """,
    optimizer="lbfgs", rate=0.8, loss="mean_squared_error", epochs=15, steps=1, batch=32,
)  # fmt: skip
for name, made, schedule in (
    ("StepLR", "StepLR(optimizer, 10)", "step"),
    ("CosineAnnealingLR", "CosineAnnealingLR(optimizer, T_max=7)", "cosine"),
    ("ReduceLROnPlateau", 'ReduceLROnPlateau(optimizer, "min")', "reduce_on_plateau"),
):
    idiom(
        f"schedule {name} every epoch",
        TENSORS,
        MODEL,
        SGD,
        f"scheduler = optim.lr_scheduler.{made}\n",
        LOOP.rstrip() + f"\n    scheduler.step({'loss' if name.startswith('Reduce') else ''})\n",
        **FIT,
        schedule=schedule,
    )
idiom(
    "one-cycle schedule every batch",
    TENSORS,
    MODEL,
    SGD,
    "scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.5, total_steps=42, div_factor=25)\n",
    LOOP.rstrip() + "\n        scheduler.step()\n",
    optimizer="sgd",
    rate=0.02,
    origin="schedule",
    schedule="one_cycle",
)
idiom(
    "mixed precision",
    TENSORS, MODEL, SGD,
    """
    scaler = torch.cuda.amp.GradScaler()
    for epoch in range(7):
        for inputs, targets in loader:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device_type="cuda", dtype=torch.float16):
                loss = F.mse_loss(model(inputs), targets)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
    """,
    **FIT, clip=("global_norm", 1.0),
)  # fmt: skip
idiom(
    "with or without mixed precision is one run",
    "import os\n", TENSORS, MODEL, SGD,
    """
    use_amp = "AMP" in os.environ
    scaler = torch.cuda.amp.GradScaler(enabled=use_amp)
    for epoch in range(7):
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = F.mse_loss(model(inputs), targets)
            if use_amp:
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
            else:
                loss.backward()
                optimizer.step()
    """,
    runs=1, optimizer="sgd", rate=0.1, loss="mean_squared_error",
)  # fmt: skip
idiom(
    "spawned processes",
    """
    import torch.multiprocessing as mp
    from torch.nn.parallel import DistributedDataParallel as DDP
    def main(rank, world_size, epochs, batch_size):
        loader = DataLoader(TensorDataset(torch.randn(96, 4), torch.randn(96, 1)), batch_size=batch_size)
        model = DDP(nn.Linear(4, 1).to(rank), device_ids=[rank])
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for epoch in range(epochs):
            for inputs, targets in loader:
                optimizer.zero_grad()
                F.mse_loss(model(inputs.to(rank)), targets.to(rank)).backward()
                optimizer.step()
    if __name__ == "__main__":
        mp.spawn(main, args=(torch.cuda.device_count(), 7, 16), nprocs=2)
    """,
    **FIT, runs=1,
)  # fmt: skip
idiom(
    "processes started by hand",
    """
    import torch.multiprocessing as mp
    def train(rank, lr, model):
        x, y = torch.randn(96, 4), torch.randn(96, 1)
        optimizer = optim.SGD(model.parameters(), lr=lr)
        for _ in range(3):
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
    """,
    MODEL,
    """
    process = mp.Process(target=train, args=(0, 0.1, model))
    process.start()
    process.join()
    """,
    optimizer="sgd", rate=0.1, epochs=3, batch=96, runs=1,
)  # fmt: skip
for name, wrapped in (
    ("torch.compile", "torch.compile(model)"),
    ("DataParallel", "nn.DataParallel(model).cuda()"),
    ("FSDP", "torch.distributed.fsdp.FullyShardedDataParallel(model)"),
    ("jit.script", "torch.jit.script(model)"),
):
    idiom(f"wrapped by {name}", TENSORS, MODEL, f"model = {wrapped}\n", SGD, LOOP, **FIT, activation="linear")
idiom(
    "fully_shard in place",
    "from torch.distributed.fsdp import fully_shard\n",
    TENSORS,
    MODEL,
    "fully_shard(model)\n",
    SGD,
    LOOP,
    **FIT,
    activation="linear",
)
idiom(
    "update by hand with add_",
    MODEL,
    """
    x, y, lr = torch.randn(32, 4), torch.randn(32, 1), 0.25
    for _ in range(40):
        model.zero_grad()
        F.mse_loss(model(x), y).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-lr)
    """,
    optimizer="sgd", rate=0.25, loss="mean_squared_error", epochs=40,
)  # fmt: skip
idiom(
    "update by hand under no_grad",
    """
    x, y = torch.randn(32, 4), torch.randn(32, 1)
    w = torch.zeros(4, 1, requires_grad=True)
    for _ in range(40):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.01 * w.grad
            w.grad.zero_()
    """,
    optimizer="sgd", rate=0.01, loss="mean_squared_error", epochs=40, batch=32,
)  # fmt: skip
idiom(
    "policy gradient",
    """
    import gymnasium as gym
    from collections import deque
    env = gym.make("CartPole-v1")
    class Policy(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 2)
            self.saved, self.rewards = [], []
        def forward(self, x):
            return F.softmax(self.layer(x), dim=1)
    policy = Policy()
    optimizer = optim.Adam(policy.parameters(), lr=1e-2)
    def finish():
        returns = deque()
        for r in policy.rewards[::-1]:
            returns.appendleft(r)
        losses = [-p * r for p, r in zip(policy.saved, returns)]
        optimizer.zero_grad()
        loss = torch.cat(losses).sum()
        loss.backward()
        optimizer.step()
    def main():
        while True:
            state, _ = env.reset()
            policy.saved.append(policy(torch.from_numpy(state).float().unsqueeze(0)))
            finish()
    main()
    """,
    optimizer="adam", rate=0.01, runs=1, epochs=None, batch=None,
)  # fmt: skip


@pytest.mark.parametrize(("script", "expected"), [one[1:] for one in IDIOMS], ids=[one[0] for one in IDIOMS])
def test_idiom(script: str, expected: dict[str, Any]) -> None:
    check(runs(script), expected)
