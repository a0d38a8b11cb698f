"""Expressions as scripts write them, against what the libraries really give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.interpret.arrays.making import names
from trainlint.interpret.values import Array, List, Literal, Tuple, Value


def agrees(found: Value, real: Any, where: str) -> None:
    """The interpreter's value has the shape, element type and entries of the real one."""
    if isinstance(real, tuple | list) and isinstance(found, Tuple | List):
        items = found.items if isinstance(found, Tuple) else found.cells["items"].items  # type: ignore[union-attr]
        assert len(items) == len(real), where
        for one, other in zip(items, real, strict=True):
            agrees(one, other, where)
        return
    if isinstance(found, Literal):
        assert found.value == pytest.approx(real.item() if hasattr(real, "item") else real), where
        return
    assert isinstance(found, Array), (where, found)
    real = real if hasattr(real, "dtype") else np.asarray(real)  # before NumPy 2, some counts are plain integers
    kind = str(real.dtype).removeprefix("torch.").removeprefix("<dtype: '").removesuffix("'>")
    assert found.shape == tuple(real.shape), where
    assert found.dtype == kind, where
    assert found.data is not None, where
    entries = real.detach().numpy() if hasattr(real, "detach") else np.asarray(real)
    np.testing.assert_allclose(found.data.astype(np.float64), entries.astype(np.float64), rtol=1e-5, atol=1e-6, err_msg=where)


def compare(header: str, expressions: tuple[str, ...]) -> None:
    """Each expression gives in the interpreter what it gives in Python."""
    lines = [header, *(f"r{index} = {expression}" for index, expression in enumerate(expressions))]
    followed = names("\n".join(lines) + "\n")
    scope: dict[str, Any] = {}
    exec(header, scope)  # the expressions are this file's own
    for index, expression in enumerate(expressions):
        agrees(followed[f"r{index}"], eval(expression, scope), expression)


NUMPY = (
    *("np.array([1, 2, 3])", "np.array([[1.5, 2], [3, 4]])", "np.array(5)", "np.asarray([1, 2], dtype='float32')", "np.array(x, dtype=np.int32)"),
    *("np.arange(10)", "np.arange(2, 11, 3)", "np.arange(0, 1, 0.1)", "np.arange(5.0)", "np.linspace(0, 1, 5)", "np.linspace(-1, 1, 4, endpoint=False)"),
    *("np.zeros((2, 3))", "np.zeros(4, dtype=int)", "np.ones(3)", "np.full((2, 2), 7)", "np.full(3, 0.5)", "np.eye(3)", "np.identity(2)", "np.eye(2, 3)"),
    *("np.zeros_like(x)", "np.ones_like(i)", "np.full_like(x, 3)", "np.logspace(0, 2, 3)", "np.diag([1.0, 2])", "np.diag(x @ x.T)"),
    *("x + 1", "x - i", "x * x", "1 / (1 + x)", "x ** 2", "x % 2", "x // 2", "-x", "x > 2", "(x > 1) & (x < 4)", "~(x > 1)", "x @ x.T", "i / 2", "i * 2.5"),
    *("x.mean()", "x.sum(axis=0)", "x.max(1)", "x.min()", "x.std(ddof=1)", "x.var(axis=-1, keepdims=True)", "x.argmax(axis=1)", "np.median(x)"),
    *("np.mean(x, axis=0)", "np.sum(x)", "np.prod(i)", "np.max(x, axis=1, keepdims=True)", "np.average(x)", "np.cumsum(x)", "np.linalg.norm(x)"),
    *("np.any(x > 3)", "np.all(x >= 0)", "np.count_nonzero(x)", "np.linalg.norm(x, axis=1)", "x.cumsum(axis=1)", "np.ptp(x)", "np.argmin(x)"),
    *("x.reshape(-1)", "x.reshape(3, 2)", "x.reshape((6, 1))", "x.T", "x.flatten()", "x.ravel()", "np.reshape(x, (-1, 1))", "x.transpose(1, 0)", "x.transpose()"),
    *("np.expand_dims(x, 0)", "np.squeeze(x[:, :1])", "x[:, np.newaxis]", "x[0]", "x[:, 1]", "x[-1, ::2]", "x[..., 0]", "x[x > 2]", "x[[1, 0]]"),
    *("np.concatenate([x, x])", "np.concatenate((x, x), axis=1)", "np.vstack([x, x])", "np.hstack((x, x))", "np.stack([x, x], axis=-1)", "np.append(x, 9)"),
    *("np.column_stack([i, i])", "np.hstack([i, i])", "np.vstack([i, i])", "np.tile(i, 2)", "np.repeat(x, 2, axis=0)", "np.flip(i)", "np.roll(i, 1)"),
    *("np.sin(x)", "np.exp(-x)", "np.log(x + 1)", "np.sqrt(x)", "np.abs(-x)", "np.maximum(x, 2)", "np.clip(x, 1, 3)", "np.where(x > 2, x, 0)", "np.square(i)"),
    *("np.dot(x, x.T)", "np.dot(i, i)", "np.matmul(x, x.T)", "np.outer(i, i)", "np.inner(i, i)", "np.add(x, 1)", "np.power(x, 3)", "np.multiply(x, i)"),
    *("x.astype('float32')", "x.astype(int)", "i.astype(np.float64)", "np.float32(x)", "x.astype(bool)", "np.sqrt(2)", "np.float64(3)", "np.exp(0)", "np.round(x / 3, 0)"),
    *("x.shape", "x.size", "x.ndim", "len(x)", "x.shape[0]", "x.copy()", "i.tolist()", "x.item(0) if False else 1", "np.float32(0.5)", "x.mean().item()"),
    *("np.split(np.arange(6), 3)", "np.array_split(np.arange(7), 3)", "np.meshgrid(np.arange(2), np.arange(3))", "np.unique([3, 1, 3])", "np.take(i, [0, 2])"),
    *("np.moveaxis(np.zeros((2, 3, 4)), 0, -1)", "np.swapaxes(x, 0, 1)", "np.sort([3, 1, 2])", "np.array([x, x])", "np.array([x[0], x[1]])", "np.atleast_1d(3.0)"),
    *("np.eye(3)[np.array([2, 0])]", "x.dot(x.T)", "x.clip(1, 2)", "x.swapaxes(0, 1)", "x.repeat(2)", "x.squeeze()", "np.nan_to_num(x)", "x.round()", "np.isnan(x)"),
)  # fmt: skip


def test_numpy() -> None:
    compare("import numpy as np\nx = np.arange(6.0).reshape(2, 3)\ni = np.array([1, 2, 3])", NUMPY)


TORCH = (
    *("torch.tensor([1, 2, 3])", "torch.tensor([[1.0, 2], [3, 4]])", "torch.tensor(3.5)", "torch.tensor([1, 2], dtype=torch.float)", "torch.from_numpy(n)"),
    *("torch.as_tensor(n)", "torch.Tensor([1, 2])", "torch.FloatTensor([[1, 2]])", "torch.LongTensor([1, 2])", "torch.tensor(n)", "torch.tensor(n, dtype=torch.float32)"),
    *("torch.zeros(2, 3)", "torch.zeros((2, 3))", "torch.ones(4)", "torch.full((2,), 7.0)", "torch.full((2,), 7)", "torch.eye(3)", "torch.zeros(2, dtype=torch.long)"),
    *("torch.arange(5)", "torch.arange(0, 1, 0.25)", "torch.arange(1, 6, 2)", "torch.linspace(0, 1, 5)", "torch.linspace(-1, 1, steps=3)", "torch.zeros_like(x)", "torch.ones_like(i)"),
    *("x + 1", "x * i", "i / 2", "i // 2", "x ** 2", "-x", "x @ x.t()", "x > 2", "1 - x", "i * 2.0", "i + 1", "x + n32", "i == 2", "i % 2", "2 ** i"),
    *("x.mean()", "x.sum(dim=0)", "x.sum(1, keepdim=True)", "x.std()", "x.var(dim=1)", "x.std(0, unbiased=False)", "x.max()", "x.max(1)", "torch.max(x, dim=0)", "x.argmax(dim=1)"),
    *("torch.max(x, torch.tensor(2.0))", "x.norm()", "torch.mean(x, dim=-1)", "torch.sum(i)", "torch.prod(i)", "x.min()", "x.amax(dim=0)", "torch.argmin(x)", "(x > 1).sum()", "(i == 2).float().mean()"),
    *("x.view(-1)", "x.view(3, 2)", "x.reshape(-1, 1)", "x.view(x.size(0), -1)", "x.permute(1, 0)", "x.t()", "x.T", "x.transpose(0, 1)", "x.unsqueeze(0)", "x.unsqueeze(-1).squeeze(-1)", "x.flatten()"),
    *("torch.flatten(x.unsqueeze(0), 1)", "torch.flatten(x, start_dim=0)", "torch.cat([x, x])", "torch.cat((x, x), dim=1)", "torch.stack([x, x])", "torch.stack([i, i], 1)", "x.repeat(2, 1)", "x.repeat(2, 2, 1)"),
    *("x.expand(2, 2, 3)", "x[:, :1].expand(-1, 4)", "x[0]", "x[:, 1]", "x[x > 2]", "x[..., None]", "torch.squeeze(x)", "torch.unsqueeze(x, 1)", "x.flip(0)", "torch.roll(i, 1)", "i.repeat_interleave(2)"),
    *("x.float()", "i.float()", "x.long()", "x.double()", "x.to(torch.int32)", "i.to(torch.float64)", "x.type(torch.LongTensor)", "i.type_as(x)", "x.int()", "x.bool()", "x.to('cpu')", "x.contiguous()", "x.clone()"),
    *("x.detach()", "torch.exp(x)", "torch.log(x + 1)", "torch.sqrt(x)", "torch.sigmoid(x)", "torch.tanh(x)", "torch.relu(x - 2)", "x.sigmoid()", "x.abs()", "x.pow(2)", "x.clamp(1, 3)", "x.clamp(min=2.0)", "torch.abs(-x)"),
    *("F.relu(x - 3)", "F.softmax(x, dim=1)", "F.log_softmax(x, -1)", "F.sigmoid(x)", "F.leaky_relu(x - 2, 0.1)", "F.elu(x - 2)", "F.softplus(x)", "F.silu(x)", "F.one_hot(i, 5)", "F.one_hot(i, num_classes=4)", "F.selu(x - 2)"),
    *("torch.softmax(x, dim=0)", "x.softmax(-1)", "x.log_softmax(dim=1)", "torch.mm(x, x.t())", "torch.matmul(x, x.t())", "x.matmul(x.t())", "torch.dot(i, i)", "x.mm(x.t())", "torch.outer(i, i)", "torch.add(x, x, alpha=2)"),
    *("x.add(1)", "x.sub(1)", "x.mul(2)", "x.div(2)", "torch.div(i, 2)", "torch.where(x > 2, x, torch.zeros_like(x))", "torch.masked_fill(x, x > 2, 0.0)", "x.masked_fill(x > 2, 9.0)", "x.eq(2).sum()", "torch.square(x)"),
    *("x.size()", "x.size(0)", "x.shape[1]", "x.dim()", "x.numel()", "len(x)", "x.mean().item()", "x.sum().detach().item()", "x.numpy()", "x.detach().cpu().numpy()", "x.tolist()", "x.ndim"),
    *("torch.chunk(torch.arange(6), 3)", "torch.split(torch.arange(7), 3)", "torch.unbind(x)", "torch.cumsum(i, 0)", "x.argmax(1).eq(i[:2]).float()", "torch.mean((x - 1) ** 2)", "((x - 1) ** 2).mean(dim=1)"),
    *("x.gather(1, torch.tensor([[0], [2]]))[:, :0] if False else 1", "torch.index_select(x, 1, torch.tensor([0, 2]))", "torch.logical_and(x > 1, x < 4)", "x.new_zeros(2) if False else 1", "torch.addmm(x[:, :2], x, x.t())"),
)  # fmt: skip


@pytest.mark.framework
def test_torch() -> None:
    header = (
        "import numpy as np\nimport torch\nimport torch.nn.functional as F\n"
        "n = np.arange(3.0)\nn32 = torch.tensor([1.0, 2, 3])\nx = torch.arange(6.0).reshape(2, 3)\ni = torch.tensor([1, 2, 3])"
    )
    compare(header, TORCH)


TENSORFLOW = (
    *("tf.constant([1, 2, 3])", "tf.constant([[1.0, 2.0]])", "tf.constant(3.0)", "tf.constant([1, 2], dtype=tf.float32)", "tf.constant(n)", "tf.convert_to_tensor(n)", "tf.constant(1.0, shape=(2, 2))"),
    *("tf.zeros((2, 3))", "tf.ones([4])", "tf.zeros([2], tf.int32)", "tf.fill([2, 2], 3.0)", "tf.eye(3)", "tf.range(5)", "tf.range(1, 10, 3)", "tf.range(0.0, 1.0, 0.25)", "tf.linspace(0.0, 1.0, 5)", "tf.zeros_like(x)", "tf.ones_like(i)"),
    *("x + 1", "x * 2.0", "x / 2", "i / 2", "i // 2", "x ** 2", "-x", "x @ tf.transpose(x)", "x > 2.0", "1.0 - x", "x - n32", "i % 2"),
    *("tf.reduce_mean(x)", "tf.reduce_sum(x, axis=0)", "tf.reduce_max(x, 1)", "tf.reduce_sum(i)", "tf.math.reduce_std(x)", "tf.math.reduce_variance(x, axis=0)", "tf.reduce_mean(x, axis=-1, keepdims=True)", "tf.reduce_min(x)"),
    *("tf.argmax(x, axis=1)", "tf.argmax(x)", "tf.math.argmax(x, 1)", "tf.reduce_prod(i)", "tf.reduce_any(x > 1.0)", "tf.norm(x)"),
    *("tf.reshape(x, [-1])", "tf.reshape(x, (3, 2))", "tf.transpose(x)", "tf.transpose(x, perm=[1, 0])", "tf.expand_dims(x, 0)", "tf.squeeze(x[:, :1], axis=1)", "tf.concat([x, x], axis=0)", "tf.concat([x, x], 1)", "tf.stack([x, x])"),
    *("tf.tile(x, [2, 1])", "tf.repeat(x, 2, axis=0)", "tf.split(x, 3, axis=1)", "tf.unstack(x)", "x[0]", "x[:, 1]", "x[..., tf.newaxis]", "tf.gather(x, [0, 2], axis=1)", "tf.reverse(x, axis=[0])", "tf.one_hot(i, 5)", "tf.one_hot([0, 2], depth=3)"),
    *("tf.cast(x, tf.int32)", "tf.cast(i, 'float32')", "tf.cast(x > 2.0, tf.float32)", "tf.square(x)", "tf.exp(x)", "tf.math.log(x + 1.0)", "tf.sqrt(x)", "tf.abs(-x)", "tf.sigmoid(x)", "tf.tanh(x)", "tf.nn.relu(x - 3.0)", "tf.nn.softmax(x)"),
    *("tf.nn.sigmoid(x)", "tf.nn.tanh(x)", "tf.nn.softmax(x, axis=0)", "tf.nn.log_softmax(x)", "tf.nn.leaky_relu(x - 3.0)", "tf.nn.softplus(x)", "tf.nn.elu(x - 3.0)", "tf.math.softplus(x)", "tf.nn.swish(x)", "tf.nn.relu6(x * 3.0)"),
    *("tf.add(x, 1.0)", "tf.subtract(x, 1.0)", "tf.multiply(x, x)", "tf.divide(x, 2.0)", "tf.pow(x, 2.0)", "tf.maximum(x, 2.0)", "tf.minimum(x, 2.0)", "tf.math.squared_difference(x, 1.0)", "tf.clip_by_value(x, 1.0, 3.0)", "tf.where(x > 2.0, x, 0.0)"),
    *("tf.matmul(x, tf.transpose(x))", "tf.matmul(x, x, transpose_b=True)", "tf.linalg.matmul(x, x, transpose_a=True)", "tf.equal(i, 2)", "tf.cast(tf.equal(i, 2), tf.float32)", "tf.identity(x)", "tf.stop_gradient(x)", "x.numpy()", "tf.nn.bias_add(x, n32)"),
    *("x.shape[0]", "len(x)", "tf.size(x)", "tf.rank(x)", "tf.math.add(x, x)", "tf.cumsum(x, axis=1)", "tf.sort([3.0, 1.0])", "tf.math.rsqrt(x + 1.0)", "tf.math.l2_normalize(x) if False else 1"),
)  # fmt: skip


@pytest.mark.framework
def test_tensorflow() -> None:
    header = (
        "import numpy as np\nimport tensorflow as tf\n"
        "n = np.arange(3.0)\nn32 = tf.constant([1.0, 2, 3])\nx = tf.reshape(tf.range(6.0), (2, 3))\ni = tf.constant([1, 2, 3])"
    )
    compare(header, TENSORFLOW)
