"""Our arm: NumPy says what torch says, renaming hosts renames the answer, a few steps teach it something."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.verisim.factory import Plan, transitions, varied
from experiments.verisim.model import forward, learn
from experiments.verisim.model.queries import Bank, join
from experiments.verisim.model.scorer import CODECS, EditScorer, load, save
from experiments.verisim.places import weights_of
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import Action, Edit, generator
from experiments.verisim.worlds.network.state import Host, NetState
from experiments.verisim.worlds.network.text import SHAPES
from nma13.errors import LabError

WORLDS = ("network", "filesystem")


def steps_of(name: str, count: int = 6) -> list:
    world = make_world(name)
    return varied(world, count, 20, world.starts[:2], "test/scorer")


@pytest.mark.parametrize("name", WORLDS)
def test_the_labels_of_every_step_spell_its_delta(name: str) -> None:
    codec = CODECS[name]
    for step in steps_of(name):
        query = codec.lay_out(step.state, step.action, step.delta)
        chosen = {head: np.maximum(query.labels[:, at], 0) for at, (head, _) in enumerate(codec.LAYOUT.heads)}
        assert codec.read(step.state, step.action, chosen) == step.delta


@pytest.mark.parametrize("name", WORLDS)
def test_a_bank_gathers_what_join_joins(name: str) -> None:
    codec = CODECS[name]
    queries = [codec.lay_out(step.state, step.action, step.delta) for step in steps_of(name)]
    chosen = np.array([5, 0, 17, 5])
    for one, other in zip(Bank(queries).batch(chosen), join([queries[place] for place in chosen]), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("name", WORLDS)
def test_shut_or_open_gates_are_the_same_in_torch_and_numpy(name: str) -> None:
    codec = CODECS[name]
    layout = codec.LAYOUT
    weights = dict(learn.fresh_weights(layout, 32, 3))
    weights["gate.type"] = np.where(weights["gate.type"] > 0, 60, -60).astype(
        np.float32
    )  # as after training, only more
    batch = join([codec.lay_out(step.state, step.action) for step in steps_of(name)])
    torch = learn.torch
    held = {key: torch.tensor(value) for key, value in weights.items()}
    theirs, _ = learn.logits_of(held, layout, batch, 40, np.random.default_rng(forward.ID_SEED))
    ours = forward.score(weights, forward.describe(weights, layout, batch, forward.spread(weights, layout, batch)))
    assert np.allclose(theirs.numpy(), ours, atol=1e-3)


@pytest.mark.parametrize("name", WORLDS)
def test_a_few_steps_of_training_teach_something(name: str) -> None:
    codec = CODECS[name]
    steps = steps_of(name)
    bank = Bank([codec.lay_out(step.state, step.action, step.delta) for step in steps])
    found = learn.train(codec.LAYOUT, bank, learn.Recipe(steps=60, batch=32, width=32))
    assert np.mean(found.losses[-5:]) < 0.5 * np.mean(found.losses[:5])
    again = learn.train(codec.LAYOUT, bank, learn.Recipe(steps=60, batch=32, width=32))
    assert all(np.array_equal(found.weights[key], again.weights[key]) for key in found.weights)


def renamed(state: NetState, names: list[int]) -> NetState:
    hosts = [Host()] * len(names)
    for old, new in enumerate(names):
        it = state.hosts[old]
        hosts[new] = Host(
            it.up, it.ports, frozenset(names[n] for n in it.denied), frozenset(names[n] for n in it.links)
        )
    flows = frozenset((names[a], names[b], port) for a, b, port in state.flows)
    return NetState(hosts, flows, state.clock, state.exit)


def test_hosts_by_other_names_get_the_same_answer_by_other_names() -> None:
    """The shipped arm, on a network in use: no name means anything to it."""
    world = make_world("network", 12, 3)
    arm = EditScorer("network", load(weights_of("network", 0)))
    rng = generator("renaming")
    names = list(range(12))
    rng.shuffle(names)
    for step in transitions(world, Plan(("traffic",), ("small-world",), (1, 2), 30, "test")):
        args = step.action.args
        hosts = [arg for arg, kind in zip(args, SHAPES[step.action.name], strict=True) if kind == "h"]
        moved = Action(
            step.action.name,
            tuple(names[a] if kind == "h" else a for a, kind in zip(args, SHAPES[step.action.name], strict=True)),
        )
        if len(set(hosts)) < len(hosts):
            continue
        here = arm.predict_delta(step.state, step.action)
        there = arm.predict_delta(renamed(step.state, names), moved)
        assert sorted(map(str, there)) == sorted(str(rename(edit, names)) for edit in here)


def rename(edit: Edit, names: list[int]) -> Edit:
    shape = {"port_add": "hp", "port_del": "hp", "flow_open": "hhp", "flow_close": "hhp", "exit": "x", "clock": ""}
    kinds = shape.get(edit.op, "hh" if edit.op.startswith(("link", "deny")) else "h")
    args = [names[a] if kind == "h" else a for a, kind in zip(edit.args, kinds, strict=True)]
    return Edit(edit.op, tuple(sorted(args)) if edit.op.startswith("link") else tuple(args))


@pytest.mark.parametrize("name", WORLDS)
def test_the_shipped_arm_is_right_where_it_never_was(name: str) -> None:
    world = make_world(name, 9, 4)
    arm = EditScorer(name, load(weights_of(name, 0)))
    start = "gnp" if name == "network" else "home"
    found = transitions(world, Plan(("weighted", "adversarial"), (start,), (900, 901), 50, "never before"))
    told = arm.predict_many([(step.state, step.action) for step in found])
    wrong = [step for step, each in zip(found, told, strict=True) if sorted(each.delta) != sorted(step.delta)]
    assert len(wrong) <= 2


def test_weights_that_cannot_be_read_are_said_so(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(b"no weights")
    with pytest.raises(LabError, match="cannot be read"):
        load(path)
    save(path, {"a": np.ones(2, np.float32)})
    assert load(path)["a"].tolist() == [1, 1]
    whole = path.read_bytes()
    for half in (b"", whole[: len(whole) // 2], whole[:-1]):
        path.write_bytes(half)
        with pytest.raises(LabError, match="cannot be read"):
            load(path)


def test_a_save_that_is_stopped_leaves_the_old_weights_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(half: Path, **_: object) -> None:
        half.write_bytes(b"half")
        raise KeyboardInterrupt

    path = tmp_path / "weights.npz"
    save(path, {"a": np.ones(2, np.float32)})
    monkeypatch.setattr(np, "savez", stopped)
    with pytest.raises(KeyboardInterrupt):
        save(path, {"a": np.zeros(2, np.float32)})
    assert list(tmp_path.iterdir()) == [path]
    assert load(path)["a"].tolist() == [1, 1]
