"""Training from scratch with torch: Adam on every step's action, the critical one weighing most."""

from __future__ import annotations

import math
import time
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.nanoim.features import Batch, Floats, to_batch
from experiments.nanoim.networks import Network, Shape, arrays, forward, initial
from experiments.nanoim.turns import Trace, digest, dump
from nma13.errors import LabError, UsageError


@dataclass(frozen=True, slots=True)
class Recipe:
    """One training run, complete but for the data."""

    kind: str = "gru"
    hidden_size: int = 55
    epochs: int = 45
    batch: int = 64
    rate: float = 0.008
    decay: float = 0.0005
    other_steps: float = 0.25
    """Weight of a step that is not critical."""
    hide: tuple[str, ...] = ()
    seed: int = 7


DEFAULTS = {
    "gru": Recipe(),
    "transformer": Recipe(kind="transformer", hidden_size=32, rate=0.006, decay=0.0),
}
SMALL = {"gru": 20, "transformer": 12}


OPTIONS: dict[str, type] = {"suite": str, "kind": str, "seed": int, "hide": str, "epochs": int}


def options_from(path: Path) -> dict[str, Any]:
    """Options of the command from a TOML file; unknown ones are refused."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as TOML ({error}). Nothing was trained.") from None
    for name, value in table.items():
        if name not in OPTIONS or not isinstance(value, OPTIONS[name]):
            raise UsageError(f"{path}: {name} = {value!r} is not an option; there are {', '.join(OPTIONS)}.")
    return table


def train(traces: Sequence[Trace], recipe: Recipe, suite: str) -> Network:
    """A network fitted to the training split."""
    used = [trace for trace in traces if trace.split == "train"]
    if not used or recipe.epochs < 1:
        raise UsageError(
            f"{len(used)} traces of {suite} to learn from and {recipe.epochs} passes over them: nothing was trained."
        )
    torch = one_thread_of_torch()
    started = time.perf_counter()
    shape = Shape(recipe.kind, recipe.hidden_size)  # type: ignore[arg-type]
    begin = initial(shape, recipe.seed)
    params = {name: torch.tensor(a, dtype=torch.float32, requires_grad=True) for name, a in begin.items()}
    batch = to_batch(used, recipe.hide)
    _descend(torch, shape, params, batch, recipe)
    trained = {
        "suite": suite, "recipe": asdict(recipe), "data": digest(dump(used)),
        "seconds": round(time.perf_counter() - started, 2), "torch": torch.__version__,
    }  # fmt: skip
    final: dict[str, Floats] = {name: tensor.detach().numpy().astype(np.float64) for name, tensor in params.items()}
    return Network(recipe.kind, shape, final, trained, tuple(recipe.hide))


def _descend(torch: Any, shape: Shape, params: dict[str, Any], batch: Batch, recipe: Recipe) -> None:
    given = {name: torch.as_tensor(a, dtype=_kind(torch, a)) for name, a in arrays(batch).items()}
    targets, weights = torch.as_tensor(batch.actions), torch.as_tensor(_weights(batch, recipe), dtype=torch.float32)
    adam = torch.optim.AdamW(list(params.values()), lr=recipe.rate, weight_decay=recipe.decay)
    rng = np.random.default_rng(recipe.seed)
    per_epoch = math.ceil(len(batch) / recipe.batch)
    total, done = recipe.epochs * per_epoch, 0
    for _ in range(recipe.epochs):
        order = torch.as_tensor(rng.permutation(len(batch)))
        for rows in order.split(recipe.batch):
            adam.param_groups[0]["lr"] = recipe.rate * 0.5 * (1 + math.cos(math.pi * done / total))
            logits = forward(shape, params, {name: tensor[rows] for name, tensor in given.items()}, torch)
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets[rows].flatten(), reduction="none")
            loss = (loss * weights[rows].flatten()).sum() / weights[rows].sum()
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(params.values(), 1.0)
            adam.step()
            done += 1


def _weights(batch: Batch, recipe: Recipe) -> Floats:
    steps = np.arange(batch.ids.shape[1])[None, :]
    inside = steps < batch.lengths[:, None]
    return np.where(steps == batch.critical[:, None], 1.0, recipe.other_steps) * inside


def _kind(torch: Any, array: Any) -> Any:
    return torch.int64 if array.dtype.kind == "i" else torch.float32


def one_thread_of_torch() -> Any:
    """torch with one thread and fixed algorithms; the shipped models need none of it."""
    try:
        import torch
    except ImportError:
        raise LabError(
            "Training needs torch, which is not installed. Nothing was trained. The shipped models, the gallery and "
            "./lab nanoim verify work without it. To train: ./lab setup --labs"
        ) from None
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    return torch
