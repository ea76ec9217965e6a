"""Memory: what a person types is understood, or refused in words before anything changes."""

from __future__ import annotations

import pytest

from apps.memory import _number
from nma13.errors import UsageError


@pytest.mark.parametrize("typed", ["", "-1", "three", "²", "9" * 19, "9" * 5000])
def test_what_is_no_number_is_refused_in_words(typed: str) -> None:
    with pytest.raises(UsageError, match="is no number"):
        _number(typed)


def test_a_number_is_a_number() -> None:
    assert _number("42") == 42
