"""Where and how exactly a network computes: device, threads, precision, determinism."""

from __future__ import annotations

import contextlib
import copy
import functools
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from emovox.errors import ParameterError

NUMBER_FORMATS = ("float32", "bfloat16")

MIN_GAIN = 1.15
"""bfloat16 must be this many times as fast to be taken: below, its rounding buys too little."""


def choose_device(name: str) -> torch.device:
    """Return the device of this name; ``auto`` takes CUDA, then Apple's, then the CPU.

    Raises
    ------
    ParameterError
        If this machine has no such device.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(device for device, is_there in there.items() if is_there)
    elif not there.get(name, False):
        usable = ", ".join(sorted(device for device, is_there in there.items() if is_there))
        raise ParameterError(f"device {name!r} is not there.", hint=f"This machine has: {usable}.")
    return torch.device(name)


def derive_seed(*parts: int) -> int:
    """Return a seed below 2**63 for one purpose, from several whole numbers."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))


@contextlib.contextmanager
def scoped_torch(device: torch.device, n_threads: int | None) -> Iterator[None]:
    """Make torch deterministic inside the block, and leave it as it was afterwards.

    Restored: random states (not that of Apple's devices), number of threads, the choice of
    algorithms. Same seed, same figures bit for bit on a CPU; other devices may use operations
    that have no deterministic form.
    """
    threads = torch.get_num_threads()
    was_deterministic = torch.are_deterministic_algorithms_enabled()
    was_lenient = torch.is_deterministic_algorithms_warn_only_enabled()
    memory: Any = torch.utils.deterministic
    was_filled = memory.fill_uninitialized_memory
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            torch.set_num_threads(n_threads or threads)
            if device.type == "cpu":
                torch.use_deterministic_algorithms(True)
                # Nothing here reads memory before writing it, and filling it costs time.
                memory.fill_uninitialized_memory = False
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(was_deterministic, warn_only=was_lenient)
            memory.fill_uninitialized_memory = was_filled


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return the block in which a network computes in ``precision``; weights stay float32."""
    return torch.autocast(
        device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16", cache_enabled=True
    )


@contextlib.contextmanager
def learning(device: torch.device, precision: str) -> Iterator[None]:
    """As ``autocast``, for a forward pass whose gradients are wanted.

    The gradients of torch's fused attention cost three times as much on a CPU as those of plain
    products; on clips of a few seconds nothing makes up for that.
    """
    attention = sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else contextlib.nullcontext()
    with attention, autocast(device, precision):
        yield


def choose_precision(
    name: str, network: nn.Module, batch: tuple[Tensor, ...], device: torch.device
) -> str:
    """Return ``float32`` or ``bfloat16``; ``auto`` measures a few training steps of each.

    Parameters
    ----------
    name : str
        ``float32``, ``bfloat16`` or ``auto``.
    network : Module
        On ``device``; a copy is measured, the network stays as it is.
    batch : tuple of Tensor
        What the network takes, of the size it will be trained on.
    device : device
        Where.
    """
    if name != "auto":
        return name
    seconds = {}
    for precision in NUMBER_FORMATS:
        trial = copy.deepcopy(network).train()
        try:
            _time_step(trial, batch, device, precision)  # the first one prepares kernels
            seconds[precision] = min(_time_step(trial, batch, device, precision) for _ in range(3))
        except RuntimeError:  # an operation that this device lacks in bfloat16
            if precision == "float32":
                raise
    faster = seconds["float32"] / seconds.get("bfloat16", float("inf"))
    return "bfloat16" if faster >= MIN_GAIN else "float32"


@functools.cache
def choose_encoding_precision() -> str:
    """Return in which precision this processor encodes sooner, measured once a process.

    Processors with bfloat16 products are up to three times as fast with them; on the others they
    are emulated, ten times slower than float32.
    """
    frames, weight = torch.ones(1500, 384), torch.ones(1536, 384)  # no random number is drawn
    seconds = dict.fromkeys(NUMBER_FORMATS, float("inf"))
    # By turns, and the first one prepares kernels: what else is running slows both alike.
    for precision in NUMBER_FORMATS * 6:
        with torch.inference_mode(), autocast(torch.device("cpu"), precision):
            seconds[precision] = min(seconds[precision], _time_product(frames, weight))
    faster = seconds["float32"] / seconds["bfloat16"]
    return "bfloat16" if faster >= MIN_GAIN else "float32"


def _time_product(frames: Tensor, weight: Tensor) -> float:
    start = time.perf_counter()
    functional.linear(frames, weight)
    return time.perf_counter() - start


def _time_step(
    network: nn.Module, batch: tuple[Tensor, ...], device: torch.device, precision: str
) -> float:
    start = time.perf_counter()
    with learning(device, precision):
        logits = network(*batch)
    # The item makes other devices finish.
    logits.float().square().sum().backward()
    next(network.parameters()).grad.sum().item()  # type: ignore[union-attr]
    return time.perf_counter() - start
