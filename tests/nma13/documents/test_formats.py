"""Every kind of file as real bytes: what is read, under which page and heading, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from nma13.documents import Added, add, passages
from tests.nma13.documents import files


def read(added: Added) -> list[tuple[int | None, str | None, str]]:
    return [(one.page, one.heading, one.text) for one in passages(added.document.id)]


def test_pdf_has_pages_and_the_headings_of_its_contents(tmp_path: Path) -> None:
    pages = [[files.KEEPER], ["It is to be given", "in writ-", "ing."], [files.HARBOUR]]
    added = add(files.pdf(tmp_path / "lease.pdf", pages, [("The lease", 1), ("The (fee)", 3)]))
    assert added.document.pages == 3
    assert read(added) == [
        (1, "The lease", files.KEEPER),
        (2, "The lease", "It is to be given in writing."),
        (3, "The (fee)", files.HARBOUR),
    ]


def test_word_has_headings_and_tables(tmp_path: Path) -> None:
    added = add(files.word(tmp_path / "lease.docx"))
    assert read(added) == [
        (None, "The lease", f"The lease\n\n{files.KEEPER}"),
        (None, "The fee", f"The fee\n\n{files.HARBOUR}\n\nBoat · Fee\nAnselm · 12"),
    ]


def test_markdown_has_headings_but_not_inside_code(tmp_path: Path) -> None:
    words = f"Before.\n\n# The lease #\n\n{files.KEEPER}\n\n```\n# no heading\n```\n\n## The fee\n{files.HARBOUR}\n"
    added = add(files.text(tmp_path / "lease.md", words))
    assert [(heading, text.split()[0]) for _, heading, text in read(added)] == [
        (None, "Before."), ("The lease", "#"), ("The fee", "##"),
    ]  # fmt: skip


def test_a_row_of_a_table_names_its_columns(tmp_path: Path) -> None:
    rows = 'name;fee\nAnselm;12\n"Berta; the younger";30;late\n\n;\n'
    added = add(files.text(tmp_path / "fees.csv", rows))
    assert read(added) == [
        (None, "rows 2–3", "name: Anselm; fee: 12\nname: Berta; the younger; fee: 30; column 3: late")
    ]


def test_a_long_table_is_cited_by_its_rows(tmp_path: Path) -> None:
    rows = "name,fee\n" + "".join(f"boat {i},{i}\n" for i in range(2, 202))
    found = read(add(files.text(tmp_path / "fees.csv", rows)))
    assert found[0][1] is not None
    assert found[0][1].startswith("rows 2–")
    assert found[-1][1] is not None
    assert found[-1][1].endswith("201")
    assert all(len(text) <= 1_200 for _, _, text in found)


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("utf-8", ()), ("utf-8-sig", ()), ("utf-16", ()), ("cp1252", ("Windows-1252",))],
)
def test_common_encodings_are_read(tmp_path: Path, encoding: str, note: tuple[str, ...]) -> None:
    path = tmp_path / "fee.txt"
    path.write_bytes("Die Gebühr für Änne — «zwölf».".encode(encoding))
    added = add(path)
    assert read(added) == [(None, None, "Die Gebühr für Änne — «zwölf».")]
    assert all(part in told for part, told in zip(note, added.notes, strict=True))


def test_a_page_may_name_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "fee.html"
    path.write_bytes('<meta charset="iso-8859-2"><p>Příliš žluťoučký'.encode("iso-8859-2"))
    assert read(add(path)) == [(None, None, "Příliš žluťoučký")]
    path.write_bytes(b'<meta charset="unicode_nonsense"><p>fee')
    assert add(path).notes == ("It names an encoding nobody knows; it was read as if it had named none.",)


def test_a_large_text_is_read_whole(tmp_path: Path) -> None:
    words = "".join(f"Line {i} of the ledger is here.\n" for i in range(40_000))
    added = add(files.text(tmp_path / "ledger.txt", words))
    last = read(added)[-1][2]
    assert last.endswith("Line 39999 of the ledger is here.")
    assert added.document.passages > 900


@pytest.mark.parametrize("words", ["MZ is how programs begin.", "A file with %PDF-1.7 in its first line is a PDF."])
def test_words_about_other_kinds_are_words(tmp_path: Path, words: str) -> None:
    assert read(add(files.text(tmp_path / "about.md", words))) == [(None, None, words)]
