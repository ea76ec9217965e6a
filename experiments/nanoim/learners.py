"""Three small learners over scenes: a straight line, a little bend, and a metric learned by leaving families out.

All see graded attributes and held time only. The third is the one that is trained for what it is tested on: each of
its training scenes is judged by the scenes of other families alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from experiments.nanoim.features import Floats
from experiments.nanoim.scenes import Scenes
from experiments.nanoim.train import one_thread_of_torch
from experiments.nanoim.turns import ACTIONS

Predict = Callable[[Scenes], Floats]
"""Scenes → probabilities (rows, actions)."""


@dataclass(frozen=True, slots=True)
class Learner:
    """Which learner, and how strongly it is held back."""

    kind: Literal["linear", "bent", "metric"]
    decay: float
    timed: bool = False
    """Whether attributes may mean something else the longer they hold (linear only)."""
    others: float = 0.25
    """Weight of steps that are not critical."""

    @property
    def name(self) -> str:
        return f"{self.kind}{' timed' if self.timed else ''}, decay {self.decay:g}, others {self.others:g}"


GRID = (
    Learner("linear", 0.0003),
    Learner("linear", 0.003),
    Learner("linear", 0.0003, timed=True),
    Learner("linear", 0.003, timed=True),
    Learner("linear", 0.0003, timed=True, others=0.0),
    Learner("bent", 0.001),
    Learner("bent", 0.01),
    Learner("bent", 0.001, others=0.0),
    Learner("metric", 0.003),
    Learner("metric", 0.03),
    Learner("metric", 0.003, others=0.0),
    Learner("metric", 0.03, others=0.0),
)
"""Everything that inner leave-one-family-out may choose from; written before any outer run."""
HIDDEN, STEPS, RATE = 24, 150, 0.05


def fit(learner: Learner, rows: Scenes, seed: int) -> Predict:
    weights = np.where(rows.critical, 1.0, learner.others)
    used = rows.part(weights > 0)
    weights = weights[weights > 0]
    return _fit_metric(learner, used, weights) if learner.kind == "metric" else _fit_net(learner, used, weights, seed)


def inputs(learner: Learner, rows: Scenes) -> Floats:
    """Attributes, held time, and, where asked, each attribute times held time."""
    held = rows.held[:, None]
    crossed = [rows.what * held] if learner.timed else []
    return np.concatenate([rows.what, held, *crossed], axis=1)


def _fit_net(learner: Learner, rows: Scenes, weights: Floats, seed: int) -> Predict:
    torch = one_thread_of_torch()
    given = torch.tensor(inputs(learner, rows), dtype=torch.float32)
    wide, rng = given.shape[1], np.random.default_rng(seed)
    sizes = [(wide, HIDDEN), (HIDDEN, len(ACTIONS))] if learner.kind == "bent" else [(wide, len(ACTIONS))]
    params = [_parameter(torch, rng.normal(0, 1 / np.sqrt(size[0]), size)) for size in sizes]
    biases = [_parameter(torch, np.zeros(size[1])) for size in sizes]
    targets, weight = torch.tensor(rows.actions), torch.tensor(weights / weights.sum(), dtype=torch.float32)

    def loss() -> Any:
        apart = torch.nn.functional.cross_entropy(_net(given, params, biases), targets, reduction="none")
        return (apart * weight).sum() + learner.decay * sum((p**2).sum() for p in params)

    _descend(torch, [*params, *biases], loss)
    final, shifts = [p.detach().numpy() for p in params], [b.detach().numpy() for b in biases]
    return lambda asked: _softmax(_net(inputs(learner, asked), final, shifts))


def _net(x: Any, params: list[Any], biases: list[Any]) -> Any:
    """The same lines for torch and NumPy."""
    for place, (matrix, bias) in enumerate(zip(params, biases, strict=True)):
        x = x @ matrix + bias
        if place + 1 < len(params):
            x = x * (x > 0)
    return x


def _fit_metric(learner: Learner, rows: Scenes, weights: Floats) -> Predict:
    """How much each attribute counts for likeness, learned so that other families' scenes tell the action."""
    torch = one_thread_of_torch()
    given = inputs(learner, rows)
    answers = np.eye(len(ACTIONS))[rows.actions] * weights[:, None]
    other = np.array([[a != b for b in rows.families] for a in rows.families], float)
    known = ((other @ answers)[np.arange(len(weights)), rows.actions] > 0) & rows.critical
    asked = np.flatnonzero(known)
    # A state that only just begun is shared by all families, so only critical steps are judged.
    squares = torch.tensor((given[asked, None, :] - given[None, :, :]) ** 2, dtype=torch.float32)
    allowed = torch.tensor(other[asked] * weights[None, :], dtype=torch.float32)
    table = torch.tensor(np.eye(len(ACTIONS))[rows.actions], dtype=torch.float32)
    targets = torch.tensor(rows.actions[asked])
    log_scale = _parameter(torch, np.zeros(given.shape[1]))

    def loss() -> Any:
        alike = torch.exp(-(squares * torch.exp(log_scale)).sum(-1)) * allowed
        found = (alike @ table + 1e-3) / (alike.sum(-1, keepdim=True) + 8e-3)
        return torch.nn.functional.nll_loss(found.log(), targets) + learner.decay * (log_scale**2).sum()

    _descend(torch, [log_scale], loss)
    scale = np.exp(log_scale.detach().numpy().astype(float))
    return lambda rows_asked: _alike(inputs(learner, rows_asked), given, scale, answers)


def _alike(asked: Floats, given: Floats, scale: Floats, answers: Floats) -> Floats:
    distance = (((asked[:, None, :] - given[None, :, :]) ** 2) * scale).sum(-1)
    alike = np.exp(-(distance - distance.min(-1, keepdims=True))) @ answers
    return np.asarray(alike / alike.sum(-1, keepdims=True))


def _parameter(torch: Any, values: Floats) -> Any:
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)


def _descend(torch: Any, params: list[Any], loss: Callable[[], Any]) -> None:
    adam = torch.optim.Adam(params, lr=RATE)
    for _ in range(STEPS):
        adam.zero_grad()
        loss().backward()
        adam.step()


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))
