"""The regression of `torch_loops` under Accelerate, two micro-batches a step."""

import torch
from accelerate import Accelerator
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from torch_loops import X, Y, net

if __name__ == "__main__":
    accelerator = Accelerator(gradient_accumulation_steps=2, cpu=True)
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 10))
    loader = DataLoader(TensorDataset(X, Y), batch_size=32)
    model, optimizer, loader, schedule = accelerator.prepare(model, optimizer, loader, schedule)
    for _ in range(40):
        for x, y in loader:
            with accelerator.accumulate(model):
                accelerator.backward(functional.mse_loss(model(x), y))
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
