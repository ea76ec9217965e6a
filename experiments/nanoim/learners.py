"""Small learners over scenes: a line, a little bend, a metric learned by leaving families out, and two that came later.

All see graded attributes and held time only. The third is the one that is trained for what it is tested on: each of
its training scenes is judged by the scenes of other families alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from experiments.nanoim.features import Floats
from experiments.nanoim.scenes import Bools, Scenes, embedded_actions
from experiments.nanoim.train import one_thread_of_torch
from experiments.nanoim.turns import ACTIONS

Predict = Callable[[Scenes], Floats]
"""Scenes → probabilities (rows, actions)."""


@dataclass(frozen=True, slots=True)
class Learner:
    """Which learner, and how strongly it is held back."""

    kind: Literal["linear", "bent", "metric", "lines", "steps"]
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
"""Everything that inner leave-one-family-out may choose from in the first design; written before any outer run."""
LINES = tuple(Learner("lines", decay, timed) for decay in (0.0003, 0.003, 0.03) for timed in (False, True))
"""The second design, written after the first had failed: a head that scores the actions' descriptions."""
STEPWISE = tuple(Learner("steps", decay, others=others) for decay in (0.003, 0.03) for others in (0.0, 0.25))
"""The third, written with the second: first whether to act, from the clock too; then which action, without it."""
HIDDEN, STEPS, RATE = 24, 100, 0.05
METRIC_STEPS, METRIC_RATE = 60, 0.1
LINE_WIDTH = 6
WAIT = ACTIONS.index("WAIT")


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
    if learner.kind == "steps":
        return _fit_steps(learner, part, weighted, seed)
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
    sizes = {"bent": [(wide, HIDDEN), (HIDDEN, len(ACTIONS))], "lines": [(wide, LINE_WIDTH)]}.get(
        learner.kind, [(wide, len(ACTIONS))]
    )
    lines = action_lines(LINE_WIDTH).T if learner.kind == "lines" else np.eye(len(ACTIONS))
    begin = [rng.normal(0, 1 / np.sqrt(size[0]), size) for size in sizes]
    models = len(weights)
    params = [_parameter(torch, np.repeat(one[None], models, 0)) for one in begin]
    biases = [_parameter(torch, np.zeros((models, 1, size[1]))) for size in sizes]
    targets = torch.tensor(rows.actions).repeat(models)
    weight = torch.tensor(weights / weights.sum(1, keepdims=True), dtype=torch.float32).flatten()

    head = torch.tensor(lines, dtype=torch.float32)

    def loss() -> Any:
        logits = (_net(given, params, biases) @ head).flatten(0, 1)
        apart = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
        return (apart * weight).sum() + learner.decay * sum((p**2).sum() for p in params)

    _descend(torch, [*params, *biases], loss, STEPS, RATE)
    final, shifts = [p.detach().numpy() for p in params], [b.detach().numpy() for b in biases]
    return [_predictor(learner, [p[i] for p in final], [b[i] for b in shifts], lines) for i in range(models)]


def _predictor(learner: Learner, params: list[Floats], biases: list[Floats], lines: Floats) -> Predict:
    return lambda asked: _softmax(_net(inputs(learner, asked), params, biases) @ lines)


def action_lines(width: int) -> Floats:
    """(actions, width): the main directions of the descriptions of the actions."""
    whole = embedded_actions() - embedded_actions().mean(0)
    left, strength, _ = np.linalg.svd(whole, full_matrices=False)
    lower = (left * strength)[:, :width]
    return np.asarray(lower / lower.std())


def _fit_steps(learner: Learner, rows: Scenes, weights: Floats, seed: int) -> list[Predict]:
    """Whether to act, a line over attributes and clock; which action, by likeness of attributes alone."""
    acts = replace(rows, actions=(rows.actions != WAIT).astype(np.int64))
    whether = _fit_nets(replace(learner, kind="linear", timed=True), acts, weights, seed)
    doing = rows.critical & (rows.actions != WAIT)
    still = replace(rows, held=rows.held * 0).part(doing)
    which = _fit_metrics(replace(learner, kind="metric"), still, weights[:, doing])
    return [_stepwise(first, then) for first, then in zip(whether, which, strict=True)]


def _stepwise(whether: Predict, which: Predict) -> Predict:
    def predict(asked: Scenes) -> Floats:
        either = whether(asked)[:, :2]
        act = either[:, 1:2] / either.sum(1, keepdims=True)
        found = which(replace(asked, held=asked.held * 0)) * act
        found[:, WAIT] = 1 - act[:, 0]
        return found

    return predict


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
