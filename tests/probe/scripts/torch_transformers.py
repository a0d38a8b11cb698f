"""A tiny GPT-2 under the Trainer of transformers: accumulation, warm-up, clipping, attention dropout."""

import sys

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments


class Tokens(torch.utils.data.Dataset):
    def __len__(self):
        return 64

    def __getitem__(self, index):
        ids = (torch.arange(12) * (index + 3)) % 50
        return {"input_ids": ids, "labels": ids}


if __name__ == "__main__":
    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=50, n_positions=16, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)
    )
    arguments = TrainingArguments(
        output_dir=sys.argv[1], max_steps=60, per_device_train_batch_size=4, gradient_accumulation_steps=2, warmup_steps=10,
        learning_rate=1e-3, report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True, logging_steps=5,
    )  # fmt: skip
    Trainer(model=model, args=arguments, train_dataset=Tokens()).train()
