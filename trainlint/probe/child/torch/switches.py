"""Switches that change no result beyond rounding, but let every operation be differentiated twice."""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

import torch

from ..session import is_user_file


def make_differentiable() -> None:
    """No compiled graphs, the mathematical form of attention, no reentrant checkpoints, no fused recurrent layers."""
    os.environ["TORCHDYNAMO_DISABLE"] = "1"
    if "torch._dynamo" in sys.modules:
        sys.modules["torch._dynamo"].config.disable = True
    _unscripted()
    for name in ("enable_flash_sdp", "enable_mem_efficient_sdp", "enable_cudnn_sdp"):
        switch = getattr(torch.backends.cuda, name, None)
        if switch is not None:
            switch(False)
    torch.backends.cuda.enable_math_sdp(True)
    _checkpoints()
    for layer in (torch.nn.RNN, torch.nn.LSTM, torch.nn.GRU):
        layer.forward = _unfused(layer.forward)


def _checkpoints() -> None:
    import torch.utils.checkpoint as module

    own = {"use_reentrant", "preserve_rng_state", "context_fn", "determinism_check", "debug", "early_stop"}

    @functools.wraps(module.checkpoint)
    def checkpoint(function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **{key: value for key, value in kwargs.items() if key not in own})

    module.checkpoint = checkpoint


def _unscripted() -> None:
    """The script's own `torch.jit.script` gives back what it was given: TorchScript cannot read the hooked loss functions.

    Libraries, torch among them, script functions that they must have scripted; these fail only where they call a hooked one.
    """
    script = torch.jit.script

    @functools.wraps(script)
    def scripted(obj: Any, *args: Any, **kwargs: Any) -> Any:
        if is_user_file(sys._getframe(1).f_code.co_filename):
            return obj
        try:
            return script(obj, *args, **kwargs)
        except (RuntimeError, TypeError, ValueError):
            return obj

    torch.jit.script = scripted


def _unfused(forward: Any) -> Any:
    """A recurrent layer step by step: cuDNN's has no second derivative, and oneDNN's has a slow one."""

    @functools.wraps(forward)
    def unfused(*args: Any, **kwargs: Any) -> Any:
        cudnn, onednn = torch._C._get_cudnn_enabled(), torch._C._get_mkldnn_enabled()
        torch._C._set_cudnn_enabled(False)
        torch._C._set_mkldnn_enabled(False)
        try:
            return forward(*args, **kwargs)
        finally:
            torch._C._set_cudnn_enabled(cudnn)
            torch._C._set_mkldnn_enabled(onednn)

    return unfused
