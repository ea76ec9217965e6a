"""The benchmark, the environment and the task: a perfect model is perfect, and nothing else is."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest

from experiments.verisim.packaging import inspect_task
from experiments.verisim.packaging.benchmark import SUITES, grade_prediction, score_suite, step_labels
from experiments.verisim.packaging.environment import WorldModelEnv, load_environment
from experiments.verisim.proposers import Null, OracleBacked, Succeeds
from experiments.verisim.worlds import WORLDS, make_world
from experiments.verisim.worlds.contract import generator
from nma13.errors import LabError, UsageError


@pytest.mark.parametrize("name", WORLDS)
def test_the_truth_scores_one_and_nothing_scores_little(name: str) -> None:
    world = make_world(name)
    best, floor = score_suite(OracleBacked(world), name), score_suite(Succeeds(world), world)
    assert (best.normalized_horizon, best.delta_exact, best.final_divergence) == (1.0, 1.0, 0.0)
    assert floor.normalized_horizon < 0.5
    assert score_suite(Null(), name, rho=1.0).normalized_horizon == 1.0


@pytest.mark.parametrize("name", WORLDS)
def test_steps_as_text_are_graded(name: str) -> None:
    world = make_world(name)
    label = next(each for each in step_labels(SUITES[name][0], world) if each.state != each.next_state)
    assert grade_prediction(world, label.next_state, label) == 1.0
    assert 0 < grade_prediction(world, label.state, label) < 1.0
    endless = json.dumps({**json.loads(label.next_state), "exit": float("inf")})
    for nonsense in ("", "no JSON", "[1]", "{}", "3", endless, 200_000 * "["):
        assert grade_prediction(world, nonsense, label) == 0.0


@pytest.mark.parametrize("name", WORLDS)
def test_the_return_is_the_horizon(name: str) -> None:
    env = load_environment(world=name, steps=15)
    seen, _ = env.reset(seed=3)
    total, over = 0.0, False
    while not over:
        after, delta = env.world.step(seen["state"], seen["action"])
        if total == 9:
            delta = (*delta, env.world.flip(after, generator("wrong")))
        seen, reward, ended, cut, info = env.step(delta)
        total, over = total + reward, ended or cut
    assert total == 9
    assert ended
    assert info["divergence"] > 0
    with pytest.raises(UsageError):
        env.step(())


@pytest.mark.parametrize("name", WORLDS)
def test_what_is_no_edit_is_left_out(name: str) -> None:
    env = load_environment(world=name)
    seen, _ = env.reset(seed=3)
    right = env.world.step(seen["state"], seen["action"]).delta
    nonsense = [("fly", (1,)), ("link_add", ("a", "b")), ("move", (1, 2)), ("exit", ()), (["x"], ()), 7, "clock"]
    assert env.step([*nonsense, *right, ("delete", ([],)), ("exit", (None,))])[1] == 1.0


def test_numbers_of_numpy_are_numbers() -> None:
    env = load_environment()
    seen, _ = env.reset(seed=3)
    right = env.world.step(seen["state"], seen["action"]).delta
    assert env.step([(op, np.array(args, np.int64)) for op, args in right])[1] == 1.0


def test_a_reset_without_a_seed_goes_on_to_the_next_rollout() -> None:
    env = load_environment()
    prompts = [env.reset()[0]["prompt"] for _ in range(6)]
    assert len(set(prompts)) > 1
    assert env.reset(seed=0)[0]["prompt"] == prompts[0]
    assert env.reset()[1] == {"seed": 1}


def test_a_faithful_rollout_is_cut_at_its_end() -> None:
    env = WorldModelEnv("network", steps=6, free_running=True)
    seen, told = env.reset(seed=1)
    assert told == {"seed": 1}
    assert "Action: " in seen["prompt"]
    for step in range(6):
        delta = env.world.step(seen["state"], seen["action"]).delta
        seen, reward, ended, cut, info = env.step([list(edit) for edit in delta])
        assert (reward, ended, cut) == (1.0, False, step == 5)
        assert info["true_delta"] == delta


def test_the_task_has_every_step_and_grades_what_is_around_the_object() -> None:
    found = inspect_task.samples("network")
    assert len(found) == sum(each.steps for each in SUITES["network"])
    target = found[0]["target"]
    assert json.loads(target)["hosts"]
    assert inspect_task.grade("network", f"Here it is: {target}.", target) == 1.0


def test_without_inspect_the_task_says_what_to_install() -> None:
    if importlib.util.find_spec("inspect_ai") is None:
        with pytest.raises(LabError, match="pip install inspect-ai"):
            inspect_task.verisim()
    else:
        assert len(inspect_task.verisim().dataset) == len(inspect_task.samples("network"))
