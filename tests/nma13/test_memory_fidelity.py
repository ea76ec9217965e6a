"""The gate before memory is binary and says why."""

from __future__ import annotations

import pytest

from nma13.memory_fidelity import fidelity

SOUND = "From my station I cannot see what the brother would have wanted."


def judged(text: str = SOUND, confab: int = 0, outputs: int = 21, g2: bool = True):
    return fidelity(text, confab_count=confab, output_count=outputs, g2_passed=g2)


def test_a_sound_text_of_a_sound_cycle_is_kept() -> None:
    assert judged().kept
    assert judged(confab=13).kept


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"confab": 14}, "confabulation in 14 of the cycle's 21 outputs"),
        ({"outputs": 0}, "confabulation in 0"),  # a cycle of which nothing is known is not trusted
        ({"g2": False}, "did not pass Gate 2"),
        ({"text": "It is proven that 80% of patients recover."}, "STATISTICAL"),
        ({"text": "The guidelines confirm that this is right."}, "AUTHORITY"),
        ({"text": "She will always regret it, it is guaranteed to fail."}, "CERTAINTY"),
        ({"text": "The tension is now resolved."}, "CLOSURE"),
    ],
)
def test_anything_else_is_kept_out_with_its_reason(changes, reason) -> None:
    verdict = judged(**changes)
    assert not verdict.kept
    assert reason in verdict.reason
