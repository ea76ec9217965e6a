"""The benchmark as an Inspect task: `inspect_ai.eval(verisim("network"), model=…)`.

Inspect is not among the lab's requirements; whoever evaluates with it has it installed. It is imported when a task is
made, so this file carries no `@task`, by which `inspect eval FILE` would find one.
"""

from __future__ import annotations

import importlib
from typing import Any

from experiments.verisim.packaging.benchmark import SUITES, Label, grade_prediction, step_labels
from experiments.verisim.worlds import make_world
from nma13.errors import LabError

QUESTION = (
    "State: {state}\nAction: {action}\nAnswer with the next state as one JSON object of the same form, nothing else."
)


def samples(world: str) -> list[dict[str, Any]]:
    """Every step of the suite as input and target; plain values, for Inspect and anything like it."""
    made = make_world(world)
    return [
        {"input": QUESTION.format(state=label.state, action=label.action), "target": label.next_state,
         "metadata": {"driver": each.driver, "difficulty": each.difficulty}}
        for each in SUITES[world]
        for label in step_labels(each, made)
    ]  # fmt: skip


def grade(world: str, answer: str, target: str) -> float:
    """From 0 to 1; what stands around the JSON object does not count."""
    inner = answer[answer.find("{") : answer.rfind("}") + 1]
    return grade_prediction(make_world(world), inner, Label("", "", target))


def verisim(world: str = "network") -> Any:
    """The task itself."""
    try:
        inspect, dataset, scorers, solvers = (
            importlib.import_module(name)
            for name in ("inspect_ai", "inspect_ai.dataset", "inspect_ai.scorer", "inspect_ai.solver")
        )
    except ImportError:
        raise LabError(
            "This task needs Inspect, which is not installed. Nothing was changed. "
            "Install it with: pip install inspect-ai"
        ) from None

    @scorers.scorer(metrics=[scorers.mean(), scorers.stderr()])  # type: ignore[untyped-decorator]
    def faithful() -> Any:
        async def score(state: Any, target: Any) -> Any:
            return scorers.Score(value=grade(world, state.output.completion, target.text))

        return score

    found = [dataset.Sample(**each) for each in samples(world)]
    return inspect.Task(dataset=dataset.MemoryDataset(found), solver=[solvers.generate()], scorer=faithful())
