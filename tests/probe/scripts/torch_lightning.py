"""The regression of `torch_loops` under Lightning's Trainer."""

import lightning
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from torch_loops import X, Y, net


class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = net()

    def training_step(self, batch, index):
        return functional.mse_loss(self.net(batch[0]), batch[1])

    def validation_step(self, batch, index):
        self.log("loss", functional.mse_loss(self.net(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=1e-3)


if __name__ == "__main__":
    loader = DataLoader(TensorDataset(X, Y), batch_size=64)
    trainer = lightning.Trainer(
        max_epochs=40,
        gradient_clip_val=1.0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        accelerator="cpu",
    )
    trainer.fit(Module(), loader, loader)
