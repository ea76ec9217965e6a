"""A programme is data, and data that makes no sense is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from nma13.deliberation import ProgrammeError, load_programme


def test_the_common_programme_has_the_budgets_of_the_source() -> None:
    programme = load_programme()
    assert [(r.name, r.tokens) for r in programme.rounds] == [("R1", 150), ("R2", 100), ("R3", 150)]
    bof = programme.question("bof")
    assert bof.tokens == 128
    assert [field.name for field in bof.fields] == ["friction_type", "lead_station", "friction_source", "arb_note"]
    assert bof.schema is not None
    assert bof.schema["properties"]["friction_type"] == {
        "enum": ["NONE", "PRODUCTIVE", "UNPRODUCTIVE", "IRREDUCIBLE", "TRAGIC FORK"]
    }
    assert "S6 Intimacy: Can I be seen?" in programme.rules


def test_a_file_replaces_by_name_and_adds(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'temperature = 0.2\n[[round]]\nname = "R3"\nturn = "CAN {sequence}?"\n'
        '[[question]]\nname = "note"\ntokens = 20\nsees = ["R3"]\ntask = "One remark."\n'
    )
    programme = load_programme(path)
    assert programme.temperature == 0.2
    assert programme.rounds[2].turn == "CAN {sequence}?"
    assert programme.rounds[2].tokens == 150  # what it does not name stays
    assert [question.name for question in programme.questions] == ["bof", "note"]
    assert programme.question("note").schema is None
    assert programme.own_places == {"sequence"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules = ", "cannot be read"),
        ("colour = 3", "keys that no programme has: colour"),
        ('[[round]]\nname = "R1"\nsees = ["R2"]', "R1 sees R2"),
        ('[[round]]\nname = "R4"\ntokens = 3', "none of a programme's"),
        ("[[round]]\ntokens = 3", "none of a programme's"),
        ('[[round]]\nname = "R1"\nturn = "Say {"', "none of a programme's"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(ProgrammeError, match=said):
        load_programme(path)
