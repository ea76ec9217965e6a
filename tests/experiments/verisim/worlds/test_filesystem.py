"""The filesystem's oracle: edits lead where it says, no orphan tree, and the real shell agrees."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from experiments.verisim.worlds import Filesystem
from experiments.verisim.worlds.contract import CannotRead, Edit, generator
from experiments.verisim.worlds.filesystem.paths import parent, resolve
from experiments.verisim.worlds.filesystem.real import RealShell
from experiments.verisim.worlds.filesystem.state import FsState

WORLD = Filesystem()


def type_in(*lines: str) -> FsState:
    state = WORLD.initial()
    for line in lines:
        state = WORLD.step(state, WORLD.parse(line)).state
    return state


def sound(state: FsState) -> bool:
    """Every node lies in a directory, and so does the shell."""
    nodes = state.nodes
    return all(nodes[parent(p)].content is None for p in nodes) and nodes[state.cwd].content is None


@pytest.mark.parametrize("driver", WORLD.drivers)
def test_the_delta_leads_to_the_next_state_and_no_orphan_is_reachable(driver: str) -> None:
    for seed in range(320):
        rng = generator("property", driver, seed)
        state = WORLD.start(rng.choice(WORLD.starts[:3]), rng)
        for _ in range(80):
            action = WORLD.draw(driver, state, rng)
            after, delta = WORLD.step(state, action)
            assert WORLD.parse(WORLD.line(action)) == action
            assert WORLD.apply(state, delta) == after
            assert sound(after), (WORLD.line(action), after)
            assert delta[-1].op == "result"
            assert after.exit == 0 or len(delta) == 1, "a command that fails changes only the last result"
            state = after
        assert WORLD.from_json(WORLD.to_json(state)) == state
        assert hash(WORLD.from_json(WORLD.to_json(state))) == hash(state)


def test_the_same_seed_is_the_same_rollout() -> None:
    def rollout() -> FsState:
        rng = generator("same")
        state = WORLD.start("home", rng)
        for _ in range(50):
            state = WORLD.step(state, WORLD.draw("weighted", state, rng)).state
        return state

    assert rollout() == rollout()


@pytest.mark.slow
@pytest.mark.parametrize("driver", WORLD.drivers)
def test_the_real_shell_agrees(driver: str, tmp_path: Path) -> None:
    """Ten thousand random steps in all, the whole tree read back from the disk after each."""
    for seed in range(50):
        root = tmp_path / str(seed) / "root"
        root.mkdir(parents=True, mode=0o755)
        rng = generator("shell", driver, seed)
        state = WORLD.initial()
        with RealShell(root) as shell:
            for _ in range(50):
                action = WORLD.draw(driver, state, rng)
                if os.getuid() and action.name == "chmod" and action.args[0][0] == "6":
                    continue  # ours never enforces modes; only root can go on in a directory without x
                expected = WORLD.step(state, action).state
                assert shell.step(action) == expected, (WORLD.line(action), state)
                state = expected


@pytest.mark.parametrize(
    ("lines", "exit_code"),
    [
        (["mkdir a", "mv a a/b"], 1),
        (["mkdir a", "mv a a"], 1),
        (["touch a", "mv a a"], 0),
        (["mkdir a", "mkdir a/b", "touch b", "cp b a"], 1),
        (["mkdir a", "cp -r a a"], 1),
        (["touch a", "touch b", "mv a b"], 1),
        (["mkdir a", "touch a/f", "rmdir a"], 1),
        (["mkdir a", "cd a", "rm -r /a"], 1),
        (["rm -r /"], 1),
        (["mkdir a/b"], 1),
        (["mkdir /a", "cd a", "touch ../../../b", "cat /b"], 0),
    ],
)
def test_the_hard_corners(lines: list[str], exit_code: int) -> None:
    assert type_in(*lines).exit == exit_code


def test_a_directory_moves_with_all_that_is_in_it() -> None:
    state = type_in("mkdir a", "mkdir a/b", "write a/b/f alpha", "mkdir c", "mv a c")
    assert sorted(state.nodes) == ["/", "/c", "/c/a", "/c/a/b", "/c/a/b/f"]
    assert state.nodes["/c/a/b/f"].content == "alpha"


def test_copying_keeps_the_mode_of_what_was_there() -> None:
    state = type_in("write a alpha", "chmod 600 a", "write b beta", "cp a b", "cp a c")
    assert state.nodes["/b"] == ("alpha", "644")
    assert state.nodes["/c"] == ("alpha", "600")


def test_apply_is_total() -> None:
    state = type_in("mkdir a", "touch a/f")
    strange = [
        Edit("delete", ("/x",)),
        Edit("modify", ("/a", "x")),
        Edit("move", ("/a", "/a/b")),
        Edit("delete", ("/",)),
    ]
    assert WORLD.apply(state, strange) == state


def test_a_flip_makes_exactly_one_fact_wrong() -> None:
    rng = generator("flip")
    for seed in range(200):
        state = WORLD.start("small", generator(seed))
        wrong = WORLD.apply(state, [WORLD.flip(state, rng)])
        assert 1 <= len(WORLD.facts(state) ^ WORLD.facts(wrong)) <= 2


def test_a_probe_of_everything_repairs_the_tree() -> None:
    rng = generator("probe")
    truth = WORLD.start("small", rng)
    belief = WORLD.apply(truth, [WORLD.flip(truth, rng)])
    for part in WORLD.parts(truth):
        belief, revealed = WORLD.probe(truth, belief, part)
        assert revealed >= 1
    assert belief.nodes == truth.nodes


@pytest.mark.parametrize("there", [["mkdir a"], ["mkdir a", "touch a/b"], ["touch a"], []])
def test_what_lay_below_a_child_that_is_gone_goes_with_it(there: list[str]) -> None:
    truth, belief = type_in(*there), type_in("mkdir a", "mkdir a/b", "mkdir a/b/c", "touch a/b/c/f", "touch g")
    seen, _ = WORLD.probe(truth, belief, "/a")
    assert seen.nodes == {**truth.nodes, "/g": belief.nodes["/g"]}


def test_what_is_below_a_child_that_is_there_is_not_looked_at() -> None:
    truth, belief = type_in("mkdir a", "mkdir a/b", "touch a/b/x"), type_in("mkdir a", "mkdir a/b", "touch a/b/y")
    assert WORLD.probe(truth, belief, "/a")[0].nodes == belief.nodes


@pytest.mark.parametrize(
    "line", ["", "sudo x", "mkdir", "mkdir a b", "chmod 9 a", "export A", "write a b;c", "mkdir $(x)"]
)
def test_what_is_no_command_is_refused_in_words(line: str) -> None:
    with pytest.raises(CannotRead):
        WORLD.parse(line)


def test_paths_are_lexical_and_stop_at_the_root() -> None:
    assert resolve("/a/b", "../../../c//./d/") == "/c/d"
    assert resolve("/", "..") == "/"
