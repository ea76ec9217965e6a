"""Who is asked before something that cannot be undone, and what counts as a yes."""

from __future__ import annotations

import io
import sys

import pytest

from nma13.agreement import agree
from nma13.errors import LabError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def asked(monkeypatch: pytest.MonkeyPatch, stdin: io.StringIO, *, sure: bool = False) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    agree("This goes.", "Let it go?", sure=sure, otherwise="Say --yes.")


@pytest.mark.parametrize("answer", ["y\n", " YES \n"])
def test_a_yes_at_a_terminal_is_an_agreement(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(monkeypatch, Terminal(answer))


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "yesterday\n"])
def test_anything_else_and_the_end_of_input_are_none(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LabError, match=r"^Nothing was changed\.$"):
        asked(monkeypatch, Terminal(answer))


def test_without_a_terminal_only_what_was_said_before_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LabError, match=r"^This goes\. Nothing was changed\. Say --yes\.$"):
        asked(monkeypatch, io.StringIO("y\n"))
    asked(monkeypatch, io.StringIO(), sure=True)
