"""What would change a decision is found by running it again, and nothing else is said."""

from __future__ import annotations

from nma13.counterfactual import what_would_change
from nma13.kit import default_kit
from nma13.pipeline import run

PIANIST = "The operation on my hand may end my playing for good."


def test_the_decision_hangs_on_what_cannot_be_undone() -> None:
    kit = default_kit()
    state = run(PIANIST, kit=kit)
    assert state.routing == "NMA-3"
    changes = {change.without: change for change in what_would_change(state, kit)}
    assert ("routing", "NMA-3", "STANDARD") in changes["I=HIGH"].differences
    for change in changes.values():
        assert all(PIANIST[span.start : span.end] == span.text for span in change.spans)


def test_nothing_found_nothing_to_change() -> None:
    kit = default_kit()
    assert what_would_change(run("The bakery opens at seven.", kit=kit), kit) == []
