"""World models under measure: oracles, reachability, a training step dense and sparse. `python -m benchmarks.verisim`.

The dense arm is the source's pooled graph network, rebuilt and run here; both arms take the same examples, the
same batch of 32 and one thread, and building the batch counts. `--short` stops at 200 hosts, the full form at 5,000,
where an arm is also trained from nothing; that run has a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks._measuring import mib
from benchmarks.table import Row, run
from experiments.verisim.factory import Plan, Transition, script, transitions
from experiments.verisim.large import Large, exactness
from experiments.verisim.studies.arms import shipped
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import generator
from experiments.verisim.worlds.network import reach
from nma13.config import ROOT

CONFIGURES = ("host_up", "host_down", "link_up", "link_down", "svc_up", "svc_down", "fw_deny", "fw_allow")
BATCH = 32
# What the source's code reached on a machine like the one these figures were first taken on (2 cores, 1 thread).
SOURCE_STEPS = {
    "5 hosts": 236_293,
    "100 hosts": 198_925,
    "filesystem, 40 steps": 159_022,
    "filesystem, 54 nodes": 126_902,
}
SOURCE_TRAIN_MS = {25: 27.2, 50: 47.4, 100: 110.0, 200: 281.2}
SOURCE_MATRICES = 734


def walked(world: Any, driver: str, start: str, steps: int, only: tuple[str, ...] = ()) -> tuple[Any, list[Any]]:
    """A start and actions that were drawn on the way."""
    rng = generator("bench", world.name, driver, start)
    first = state = world.start(start, rng)
    actions: list[Any] = []
    while len(actions) < steps:
        action = world.draw(driver, state, rng)
        if only and action.name not in only:
            continue
        actions.append(action)
        state = world.step(state, action).state
    return first, actions


def speed(world: Any, walks: Sequence[tuple[Any, list[Any]]]) -> float:
    """Oracle steps in a second of CPU time, one after another as in a rollout; the best of three."""
    best, count, step = 0.0, sum(len(actions) for _, actions in walks), world.step
    for _ in range(3):
        began = time.process_time()
        for first, actions in walks:
            state = first
            for action in actions:
                state = step(state, action).state
        best = max(best, count / (time.process_time() - began))
    return best


def oracles(short: bool) -> list[Row]:
    rows = []
    for label, hosts, start, only in (
        ("5 hosts", 5, "empty", ()),
        ("100 hosts", 100, "empty", ()),
        ("100 hosts in use", 100, "gnp", ()),
        ("5,000 hosts in use, weighted mix", 5000, "gnp", ()),
        ("5,000 hosts in use, configuration only", 5000, "gnp", CONFIGURES),
    ):
        world = make_world("network", hosts, 3 if hosts == 5 else 12)
        long = 1500 if hosts == 5000 else 100
        walks = [
            walked(world, "weighted", start, long, only) for _ in range(1 if hosts == 5000 else 40 if short else 120)
        ]
        rows.append(against(f"oracle, {label}", speed(world, walks), SOURCE_STEPS.get(label)))
    file = make_world("filesystem")
    few = [script(file, "weighted", "empty", seed, 40) for seed in range(60 if short else 250)]
    rows.append(
        against(
            "oracle, filesystem, 40 steps",
            speed(file, [(s.start, list(s.actions)) for s in few]),
            SOURCE_STEPS["filesystem, 40 steps"],
        )
    )
    home = [walked(file, "uniform", "home", 60) for _ in range(20 if short else 80)]
    rows.append(against("oracle, filesystem, 54 nodes", speed(file, home), SOURCE_STEPS["filesystem, 54 nodes"]))
    return rows


def against(what: str, per_second: float, source: float | None) -> Row:
    if source is None:
        return Row(what, per_second, "steps/s")
    return Row(what, per_second, "steps/s", f"the source, {source:,.0f}/s on a like machine", per_second / source)


def matrices(short: bool) -> Row:
    """Reachability of everybody to every service, from states whose components nobody has computed yet."""
    world, rng = make_world("network", 25, 12), generator("matrices")
    states = [world.start(kind, rng) for kind in world.starts for _ in range(20 if short else 100)]
    best = 0.0
    for _ in range(3):
        for state in states:
            state.labels = None
        began = time.process_time()
        for state in states:
            reach.matrix(state)
        best = max(best, len(states) / (time.process_time() - began))
    return Row(
        "reachability matrix, 25 hosts", best, "matrices/s", f"the source, {SOURCE_MATRICES}/s", best / SOURCE_MATRICES
    )


def training(short: bool) -> list[Row]:
    """On the source's examples (rollouts from an empty network), then on networks in use, which have edges."""
    rows = []
    for hosts in (25, 50, 100, 200) if short else (25, 50, 100, 200, 1000, 5000):
        for label, driver, start in (("nearly empty", "weighted", "empty"), ("in use", "traffic", "small-world")):
            steps = transitions(make_world("network", hosts, 12), Plan((driver,), (start,), (0,), 64, "bench"))
            sparse, what = sparse_step(steps), f"training step, {hosts:,} hosts, {label}"
            if hosts > 200:
                rows.append(Row(f"{what}, sparse", sparse, "ms"))
                continue
            dense, source = dense_step(hosts, steps), SOURCE_TRAIN_MS[hosts] if start == "empty" else None
            said = f"the source, {source} ms" if source else ""
            rows.append(Row(f"{what}, dense", dense, "ms", said, source / dense if source else None))
            rows.append(Row(f"{what}, sparse", sparse, "ms", "dense, same run", dense / sparse))
            if source:
                rows.append(Row(f"{what}, sparse", sparse, "ms", said, source / sparse))
    return rows


def middle(step: Callable[[], Any], times: int = 7) -> float:
    """Median CPU milliseconds of one step; CPU time, because the machine may be shared."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        step()
        taken.append(1000 * (time.process_time() - began))
    return statistics.median(taken)


def sparse_step(steps: Sequence[Transition]) -> float:
    from experiments.verisim.model import learn
    from experiments.verisim.model.queries import Bank
    from experiments.verisim.model.scorer import CODECS

    codec, rng = CODECS["network"], np.random.default_rng(0)
    weights = {
        name: learn.torch.tensor(value, requires_grad=True)
        for name, value in learn.fresh_weights(codec.LAYOUT, 64, 0).items()
    }
    optimiser = learn.torch.optim.AdamW(list(weights.values()), lr=1e-3)

    def one() -> None:  # examples are laid out anew each time, as the dense arm's are; training lays each out once
        chosen = [steps[at] for at in rng.integers(0, len(steps), BATCH)]
        bank = Bank([codec.lay_out(step.state, step.action, step.delta) for step in chosen])
        batch = bank.batch(np.arange(BATCH))
        loss = learn.loss_of(weights, codec.LAYOUT, batch, 5, rng)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return middle(one, 3 if len(steps[0].state.hosts) > 200 else 7)


def dense_step(hosts: int, steps: Sequence[Transition]) -> float:
    import torch

    from experiments.verisim.model.baselines import Pooled, Size
    from experiments.verisim.model.tokens import LONGEST, Vocabulary, padded

    words = Vocabulary(make_world("network", hosts, 12))  # type: ignore[arg-type]
    net, rng = Pooled(Size(), words).train(), np.random.default_rng(0)
    usable = [step for step in steps if all(0 <= arg < hosts or arg in words.world.ports for arg in step.action.args)]
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3)

    def one() -> None:
        chosen = [usable[place] for place in rng.integers(0, len(usable), BATCH)]
        said = [words.delta(step.delta)[:LONGEST] for step in chosen]
        logits = net.logits([(step.state, step.action) for step in chosen], said)
        wanted = torch.from_numpy(padded(said))
        loss = torch.nn.functional.cross_entropy(
            logits[:, : wanted.shape[1]].flatten(0, 1), wanted.flatten(), ignore_index=0
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return middle(one)


def large(hosts: int, training: int) -> list[Row]:
    """An arm taught on networks of this size from nothing, then asked about networks it has not seen."""
    said = subprocess.run(
        [sys.executable, "-m", "experiments.verisim.large", str(hosts), str(training)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    small = exactness(shipped(), hosts, Large().starts)
    cost, what = json.loads(said.stdout), f"training from nothing, {hosts:,} hosts in use"
    return [
        Row(f"{what}, making the data", cost["data_seconds"], "s"),
        Row(f"{what}, {training:,} steps", cost["training_seconds"], "s"),
        Row(f"{what}, largest memory", cost["peak_mib"], "MiB"),
        Row(f"{what}, exact deltas on networks not seen", cost["exact"], "share"),
        Row(f"taught on 5 hosts, exact deltas on the same {hosts:,} hosts", sum(small) / len(small), "share"),
    ]


def explorer() -> list[Row]:
    """What a visitor of the explorer waits for on this side: its pages made, a step done and drawn."""
    from apps import scaling_explorer
    from apps.explorer import drawing, results, stage
    from apps.lab import make_lab

    began = time.process_time()
    lab = make_lab(use_model=False)
    scaling_explorer.build(lab)
    built = time.process_time() - began
    rows = [
        Row("explorer, its page built once", built, "s"),
        Row("explorer, first view filled", middle(lambda: results.at_a_glance(lab.data)), "ms"),
    ]
    for world, hosts in (("network", 5), ("network", 24), ("filesystem", 5)):
        there = stage.play(stage.opened(world, hosts), stage.SHIPPED, 30)
        took = middle(lambda there=there: drawing.stage(stage.play(there, stage.SHIPPED, 1)), 15)  # type: ignore[misc]
        where = f"{hosts} hosts" if world == "network" else world
        rows.append(Row(f"explorer, a step with the edit scorer, drawn, {where}", took, "ms"))
    return rows


def measure(short: bool) -> list[Row]:
    rows = [*oracles(short), matrices(short), *training(short), *explorer()]
    if not short:
        rows += large(5000, Large().recipe.steps)
    most = mib(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return [*rows, Row("largest memory of the whole run", most, "MiB")]


def main(arguments: Sequence[str] | None = None) -> int:
    return run("verisim", measure, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
