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
from experiments.nanoim.scenes import Bools, Scenes
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
    Learner("bent", 0.001),
    Learner("bent", 0.01),
    Learner("metric", 0.003, others=0.0),
    Learner("metric", 0.03, others=0.0),
)
"""Everything that inner leave-one-family-out may choose from; written before any outer run."""
HIDDEN, STEPS, RATE = 24, 100, 0.05
METRIC_STEPS, METRIC_RATE = 60, 0.1


def fit(learner: Learner, rows: Scenes, seed: int) -> Predict:
    """One model on all rows."""
    return fit_many(learner, rows, np.ones((1, len(rows.held)), bool), seed)[0]


def fit_many(learner: Learner, rows: Scenes, masks: Bools, seed: int) -> list[Predict]:
    """One model for each mask (models, rows), all trained in the same passes; none sees a row outside its mask."""
    weights = np.where(rows.critical, 1.0, learner.others)
    used = weights > 0
    part, weighted = rows.part(used), masks[:, used] * weights[used]
    if learner.kind == "metric":
        return _fit_metrics(learner, part, weighted)
    return _fit_nets(learner, part, weighted, seed)


def inputs(learner: Learner, rows: Scenes) -> Floats:
    """Attributes, held time, and, where asked, each attribute times held time."""
    held = rows.held[:, None]
    crossed = [rows.what * held] if learner.timed else []
    return np.concatenate([rows.what, held, *crossed], axis=1)


def _fit_nets(learner: Learner, rows: Scenes, weights: Floats, seed: int) -> list[Predict]:
    torch = one_thread_of_torch()
    given = torch.tensor(inputs(learner, rows), dtype=torch.float32)
    wide, rng = given.shape[1], np.random.default_rng(seed)
    sizes = [(wide, HIDDEN), (HIDDEN, len(ACTIONS))] if learner.kind == "bent" else [(wide, len(ACTIONS))]
    begin = [rng.normal(0, 1 / np.sqrt(size[0]), size) for size in sizes]
    models = len(weights)
    params = [_parameter(torch, np.repeat(one[None], models, 0)) for one in begin]
    biases = [_parameter(torch, np.zeros((models, 1, size[1]))) for size in sizes]
    targets = torch.tensor(rows.actions).repeat(models)
    weight = torch.tensor(weights / weights.sum(1, keepdims=True), dtype=torch.float32).flatten()

    def loss() -> Any:
        logits = _net(given, params, biases).flatten(0, 1)
        apart = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
        return (apart * weight).sum() + learner.decay * sum((p**2).sum() for p in params)

    _descend(torch, [*params, *biases], loss, STEPS, RATE)
    final, shifts = [p.detach().numpy() for p in params], [b.detach().numpy() for b in biases]
    return [_predictor(learner, [p[i] for p in final], [b[i] for b in shifts]) for i in range(models)]


def _predictor(learner: Learner, params: list[Floats], biases: list[Floats]) -> Predict:
    return lambda asked: _softmax(_net(inputs(learner, asked), params, biases))


def _net(x: Any, params: list[Any], biases: list[Any]) -> Any:
    """The same lines for torch and NumPy, for many models or one."""
    for place, (matrix, bias) in enumerate(zip(params, biases, strict=True)):
        x = x @ matrix + bias
        if place + 1 < len(params):
            x = x * (x > 0)
    return x


def _fit_metrics(learner: Learner, rows: Scenes, weights: Floats) -> list[Predict]:
    """How much each attribute counts for likeness, learned so that other families' scenes tell the action."""
    torch = one_thread_of_torch()
    given, models = inputs(learner, rows), len(weights)
    names = np.array(rows.families)
    answers = np.eye(len(ACTIONS))[rows.actions]
    # A state that has only just begun is shared by all families, so only critical steps are judged, and only by
    # scenes of other families; an action that no other family shows cannot be asked for.
    asked = np.flatnonzero(rows.critical)
    allowed = (names[asked, None] != names[None, :])[None] * weights[:, None, :]
    known = (allowed @ answers)[:, np.arange(len(asked)), rows.actions[asked]] > 0
    judged = (known & (weights[:, asked] > 0)).astype(float)
    squares = torch.tensor((given[asked, None, :] - given[None, :, :]) ** 2, dtype=torch.float32)
    others = torch.tensor(allowed, dtype=torch.float32)
    table = torch.tensor(answers, dtype=torch.float32)
    share = torch.tensor(judged / judged.sum(1, keepdims=True), dtype=torch.float32)
    places = torch.tensor(rows.actions[asked])[None, :, None].repeat(models, 1, 1)
    log_scale = _parameter(torch, np.zeros((models, given.shape[1])))

    def loss() -> Any:
        alike = torch.exp(-(squares @ torch.exp(log_scale).T).permute(2, 0, 1)) * others
        found = (alike @ table + 1e-3) / (alike.sum(-1, keepdim=True) + 8e-3)
        wrong = -found.gather(-1, places)[:, :, 0].log()
        return (wrong * share).sum() + learner.decay * (log_scale**2).sum()

    _descend(torch, [log_scale], loss, METRIC_STEPS, METRIC_RATE)
    scales = np.exp(log_scale.detach().numpy().astype(float))
    return [_metric(learner, given, scales[i], answers * weights[i][:, None]) for i in range(models)]


def _metric(learner: Learner, given: Floats, scale: Floats, answers: Floats) -> Predict:
    used = answers.sum(1) > 0

    def predict(asked: Scenes) -> Floats:
        apart = (inputs(learner, asked)[:, None, :] - given[None, used, :]) ** 2 @ scale
        alike = np.exp(-(apart - apart.min(-1, keepdims=True))) @ answers[used]
        return np.asarray(alike / alike.sum(-1, keepdims=True))

    return predict


def _parameter(torch: Any, values: Floats) -> Any:
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)


def _descend(torch: Any, params: list[Any], loss: Callable[[], Any], steps: int, rate: float) -> None:
    adam = torch.optim.Adam(params, lr=rate)
    for _ in range(steps):
        adam.zero_grad()
        loss().backward()
        adam.step()


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))
