"""Settings tells what holds, keeps the one choice that is kept, and never shows a secret."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from apps.access import choose_access
from apps.lab import make_lab
from apps.navigate import _asked
from apps.overlay import panel
from apps.settings import show
from nma13 import locale
from nma13.errors import UsageError
from nma13.rules import load_rules
from nma13.rules.lexicon import lexicon


def test_a_secret_is_told_as_set_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = make_lab(data=tmp_path, use_model=False)
    assert show(lab).count(">not set<") == 2
    monkeypatch.setenv("NMA_GOOGLE_KEY", "AIza-very-secret")
    monkeypatch.setenv("NMA_TOKEN", "token-very-secret")
    access = choose_access(host="0.0.0.0", allow_hosts=["box.local"])
    shown = show(make_lab(data=tmp_path, access=access, use_model=False))
    assert shown.count(">not set<") == 1
    assert "very-secret" not in shown
    assert "http://box.local:7860/" in shown


def test_how_to_come_from_a_phone_is_told_for_every_way_in(tmp_path: Path) -> None:
    assert "--share-on tailscale" in re.sub("<[^>]+>", "", show(make_lab(data=tmp_path, use_model=False)))
    tailnet = choose_access(tailnet="box.tail.ts.net", env={})
    assert "https://box.tail.ts.net:7860/" in show(make_lab(data=tmp_path, access=tailnet, use_model=False))


def test_the_overlay_is_told_as_it_stands(tmp_path: Path) -> None:
    assert "every shipped rule is on" in panel(tmp_path)
    rule = load_rules()[0].id
    (tmp_path / "overlay.toml").write_text(f'off = ["{rule}"]\nallow = ["<Dead> line"]\n', "utf-8")
    shown = panel(tmp_path)
    assert rule in shown
    assert "«&lt;dead&gt; line»" in shown
    assert "sha256:" in shown
    assert str(tmp_path / "overlay.toml") in shown


def test_a_column_of_the_lexicon_can_be_switched_off_like_any_rule(tmp_path: Path) -> None:
    column = lexicon().columns[0].rule
    (tmp_path / "overlay.toml").write_text(f'off = ["{column}"]\n', "utf-8")
    assert column in panel(tmp_path)
    assert "broken" not in panel(tmp_path)


@pytest.mark.parametrize("text", ["off = [", 'off = ["NO-SUCH-RULE"]', "wrong = 1", "off = 3"])
def test_a_broken_overlay_is_told_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "overlay.toml").write_text(text, "utf-8")
    assert "broken" in panel(tmp_path)
    assert "overlay.toml" in panel(tmp_path)


def test_the_country_of_the_help_is_kept_privately_and_used(tmp_path: Path) -> None:
    lab = make_lab(data=tmp_path / "new", use_model=False)
    assert locale.chosen(lab.data) == ""
    assert locale.choose(lab.data, "en-GB").country == "United Kingdom"
    assert locale.chosen(lab.data) == "en-GB"
    kept = lab.data / locale.FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    asked = _asked(lab, "a text", None, drawn=False, web=False, private=True, session="")
    assert asked.context.locale == "en-GB"
    kept.write_text("../../etc", "utf-8")
    assert locale.chosen(lab.data) == ""


def test_a_country_without_a_text_is_refused(tmp_path: Path) -> None:
    locale.choose(tmp_path, "en-CA")
    with pytest.raises(UsageError):
        locale.choose(tmp_path, "xx-YY")
    assert locale.chosen(tmp_path) == "en-CA"
