"""The gate before memory is binary and says why, without quoting."""

from __future__ import annotations

import pytest

from nma13.kit import default_kit
from nma13.memory_fidelity import Fidelity, fidelity, fidelity_of_run
from nma13.pipeline import run

SOUND = "From my station I cannot see what the brother would have wanted."


def judged(text: str = SOUND, confab: int = 0, outputs: int = 21, g2: bool = True) -> Fidelity:
    return fidelity(text, confab_count=confab, output_count=outputs, g2_passed=g2)


def test_a_sound_text_of_a_sound_cycle_is_kept() -> None:
    assert judged() == Fidelity(True)
    assert judged(confab=13).kept


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"confab": 14}, "confabulation in 14 of the cycle's 21 outputs"),
        ({"confab": 4, "outputs": 6}, "confabulation in 4 of the cycle's 6 outputs"),
        ({"outputs": 0}, "confabulation in 0"),  # a cycle of which nothing is known is not trusted
        ({"g2": False}, "did not pass Gate 2"),
        ({"text": "It is proven that 80% of patients recover."}, "STATISTICAL"),
        ({"text": "The guidelines confirm that this is right."}, "AUTHORITY"),
        ({"text": "She will always regret it, it is guaranteed to fail."}, "CERTAINTY"),
        ({"text": "The tension is now resolved."}, "CLOSURE"),
    ],
)
def test_anything_else_is_kept_out_with_its_reason(changes: dict[str, object], reason: str) -> None:
    verdict = judged(**changes)  # type: ignore[arg-type]
    assert not verdict.kept
    assert reason in verdict.reason


def test_the_reason_quotes_nothing() -> None:
    assert "patients" not in judged(text="It is proven that 80% of patients recover.").reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I want to paint the fence this weekend.", ""),
        ("I want to die and I have the pills here.", "Gate 2: CRISIS"),
        ("My professor said it, end of discussion.", "Gate 2: AUTHORITY"),
        ("Research proves that 80 % of families regret it.", "STATISTICAL"),
    ],
)
def test_a_persons_run_is_judged_too(text: str, reason: str) -> None:
    verdict = fidelity_of_run(run(text, kit=default_kit(None)))
    assert verdict.kept == (not reason)
    assert reason in verdict.reason
