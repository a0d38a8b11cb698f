import pytest

from trainlint.source.read import read_text
from trainlint.source.screen import may_train

TRAINS = [
    "import torch\n",
    "from torch import nn\n",
    "import tensorflow as tf\n",
    "from keras.models import Sequential\n",
    "import pytorch_lightning as pl\n",
    "from fastai.vision.all import *\n",
    "from transformers import Trainer\n",
    "from nets import build\nnet = build()\nnet.compile('sgd', 'mse')\nnet.fit(x, y)\n",
    "from engine import train\ntrain(10.0)\n",
    "from engine import run\nrun(lr=10.0)\n",
    "from engine import run\nrun(lr = 10.0)\n",
    "from engine import run, make_model\nrun(make_model())\n",
    "cost.backward()\n",
    "from setup import *\nfor epoch in range(3): step()\n",
    "cfg = {'learning_rate': 10}\n",
]


@pytest.mark.parametrize("text", TRAINS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-be", "utf-32"])
def test_what_may_train_is_never_screened_out(text, encoding):
    assert may_train(text.encode(encoding))
    assert may_train(read_text(text, "x.py"))


@pytest.mark.parametrize("text", TRAINS)
@pytest.mark.parametrize("encoding", ["utf-7", "cp037", "utf-16-le", "unicode_escape"])
def test_nor_in_encodings_that_spell_words_in_other_bytes(text, encoding):
    head = f"# coding: {encoding}\n".encode()
    assert may_train(head + "".join(f"\\x{ord(letter):02x}" for letter in text).encode())
    assert may_train(head + text.encode(encoding))


@pytest.mark.parametrize(
    "text",
    ["", "import os, re\npattern = re.compile('x')\n", "# coding: utf-8\nprint('hello')\n", "from django.db import connection\n"],
)
def test_what_cannot_train(text):
    assert not may_train(text.encode())
    assert not may_train(read_text(text, "x.py"))
