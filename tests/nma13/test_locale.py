"""The choice of whose help is shown: kept whole, by one writer or by many."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nma13.errors import UsageError
from nma13.locale import FILE, choose, chosen, known


def test_what_is_chosen_holds_and_is_for_this_user_alone(tmp_path: Path) -> None:
    assert chosen(tmp_path) == ""
    assert choose(tmp_path, "en-GB").locale == "en-GB"
    assert chosen(tmp_path) == "en-GB"
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_two_pages_that_choose_at_once_do_not_hinder_each_other(tmp_path: Path) -> None:
    names = [text.locale for text in known()] * 20
    with ThreadPoolExecutor(8) as pages:
        assert [text.locale for text in pages.map(lambda name: choose(tmp_path, name), names)] == names
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


def test_an_unknown_one_changes_nothing(tmp_path: Path) -> None:
    choose(tmp_path, "en-GB")
    with pytest.raises(UsageError, match="holds"):
        choose(tmp_path, "xx-XX")
    assert chosen(tmp_path) == "en-GB"
