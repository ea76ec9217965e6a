"""Files made to hurt: each is refused in words, at a bounded cost, and nothing of it is stored."""

from __future__ import annotations

import os
import random
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nma13.documents import STANDARD, Added, DocumentError, add, documents
from nma13.documents.extract import shown_name
from tests.nma13.documents import files

SMALL = replace(STANDARD, seconds=60, silence=50.0)
MOST_SECONDS = 100.0  # on a machine that is very busy; each takes a second or less by itself


def refusal(path: Path, limits: object = SMALL) -> str:
    """Why the file is not taken; nothing of it may be left, and it may not take long."""
    began = time.monotonic()
    with pytest.raises(DocumentError) as refused:
        add(path, limits=limits)  # type: ignore[arg-type]
    assert time.monotonic() - began < MOST_SECONDS
    assert documents() == []
    data = Path(os.environ["NMA_DATA"])
    assert not data.exists() or all(file.name.startswith(("memory.db", "schema")) for file in data.iterdir())
    told = str(refused.value)
    assert "Nothing of it was stored." in told
    assert "Traceback" not in told
    return told


def bomb(path: Path) -> Path:
    return files.package(path, word__media__image_png=b"\0" * (40 * 1024 * 1024))


def nested(path: Path) -> Path:
    return files.package(path, "<w:p>" * 50_000 + "</w:p>" * 50_000)


def cut(path: Path) -> Path:
    whole = files.pdf(path.with_suffix(".whole.pdf"), [[files.KEEPER] * 40] * 30).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def cut_word(path: Path) -> Path:
    whole = files.word(path.with_suffix(".whole.docx")).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def not_a_document(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    return path


def scanned(path: Path) -> Path:
    return files.pdf(path, [[], []])


def noise(path: Path) -> Path:
    path.write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 400 + b"\n%%EOF")
    return path


def looping(path: Path) -> Path:
    whole = files.pdf(path, [[files.KEEPER]]).read_bytes()
    assert b"/Kids [5 0 R]" in whole
    path.write_bytes(whole.replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]"))
    return path


def utf16_laughs(path: Path) -> Path:
    return files.package(path, word__styles_xml=files.LAUGHS.encode("utf-16"))


HOSTILE: list[tuple[str, Callable[[Path], object], str]] = [
    ("locked.pdf", files.encrypted_pdf, "password"),
    ("cut.pdf", cut, "ends too early"),
    ("cut.docx", cut_word, "damaged or cut short"),
    ("noise.pdf", noise, "damaged, or no PDF"),
    ("loop.pdf", looping, "lead in a circle"),
    ("scanned.pdf", scanned, "scanned"),
    ("bomb.docx", bomb, "zip bomb"),
    ("deep.docx", nested, "deep.docx"),
    ("laughs.docx", lambda p: files.package(p, files.LAUGHS), "billion laughs"),
    ("laughs16.docx", utf16_laughs, "billion laughs"),
    ("macro.docx", lambda p: files.package(p, word__vbaProject_bin=b"Attribute VB"), "carries macros"),
    ("macro2.docx", lambda p: files.package(p, kind="ms-word.document.macroEnabled"), "carries macros"),
    ("archive.docx", not_a_document, "no Word document"),
    ("picture.pdf", lambda p: p.write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 99), "by its content it is a picture"),
    ("word.pdf", files.word, "by its content it is a Word document"),
    ("page.docx", lambda p: p.write_text(files.PAGE), "by its content it is something else"),
    ("report.txt", files.pdf, "by its content it is a PDF"),
    ("old.docx", lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 99), "password"),
    ("program.exe", lambda p: p.write_bytes(b"MZ"), "does not read files ending in «.exe»"),
    ("none", lambda p: p.write_text("hello"), "files without an ending"),
    ("empty.txt", lambda p: p.write_text(""), "is empty"),
    ("blank.md", lambda p: p.write_text(" \n\n \t\n"), "no text in it"),
    ("nulls.txt", lambda p: p.write_bytes(b"a\x00b" * 500), "null bytes"),
    ("nulls.csv", lambda p: p.write_bytes(b"a,b\n1,\x00\n"), "null bytes"),
    ("nulls.html", lambda p: p.write_bytes(b"<meta charset=utf-8><p>a\x00b"), "null bytes"),
    ("line.csv", lambda p: p.write_text("a,b\n1," + "x" * 2_000_000), "more than 1,000,000 characters"),
    ("quote.csv", lambda p: p.write_text('a,b\n1,"' + "x\n" * 900_000), "no CSV"),
    ("scripts.html", lambda p: p.write_text("<script>alert('hello')</script>"), "no text in it that a reader"),
]


@pytest.mark.parametrize(("name", "make", "told"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_it_is_refused_in_words(tmp_path: Path, name: str, make: Callable[[Path], object], told: str) -> None:
    make(tmp_path / name)
    assert told in refusal(tmp_path / name)


@pytest.mark.slow
def test_ten_thousand_pages_are_counted_and_not_read(tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "endless.pdf", ([files.KEEPER] for _ in range(10_000)))
    assert "It has more than 3,000 pages, the most that is taken. Split it" in refusal(path)


def test_a_file_larger_than_is_taken_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(STANDARD.bytes + 1)
    assert "is larger than 64 MB" in refusal(path)


def test_a_reader_that_wants_too_much_memory_is_ended(tmp_path: Path) -> None:
    words = (files.PARAGRAPH.format(f"{files.KEEPER} {random.random()}") for _ in range(100_000))
    path = files.package(tmp_path / "big.docx", "".join(words))
    told = refusal(path, replace(SMALL, memory=80 * 1024 * 1024))
    assert "80 MB" in told


@pytest.mark.slow
def test_the_memory_of_the_lab_is_not_held_against_a_document(tmp_path: Path) -> None:
    limits = replace(SMALL, memory=512 * 1024 * 1024)
    model = bytearray(b"x") * (limits.memory + 64 * 1024 * 1024)  # a lab that holds more than a reader may
    del model
    assert isinstance(add(files.word(tmp_path / "lease.docx"), limits=limits), Added)


def test_a_reader_that_does_not_come_to_an_end_is_ended(tmp_path: Path) -> None:
    path = files.pdf(tmp_path / "slow.pdf", ([files.KEEPER] * 40 for _ in range(2_000)))
    assert "reading it took" in refusal(path, replace(SMALL, seconds=1, silence=0.5)).lower()


def test_more_text_than_is_taken_is_refused_on_the_way(tmp_path: Path) -> None:
    path = files.text(tmp_path / "long.txt", f"{files.KEEPER}\n\n" * 2_000)
    assert "more than 50,000 characters" in refusal(path, replace(SMALL, characters=50_000))


def test_what_is_no_file_is_not_opened_as_one(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "device.txt").symlink_to("/dev/zero")
    assert "no file (a folder, a pipe or a device)" in refusal(tmp_path / "pipe.txt")
    assert "device.txt is no file" in refusal(tmp_path / "device.txt")
    assert "folder.txt is no file" in refusal(tmp_path / "folder.txt")
    assert "cannot be opened (No such file or directory)" in refusal(tmp_path / "gone.txt")
    assert "cannot be opened" in refusal(tmp_path / "nul\0name.txt")


@pytest.mark.parametrize(
    "name",
    ["-rf.txt", "a b\tc.txt", "new\nline.txt", "«quotes».txt", "'; DROP TABLE documents; --.txt", "$(touch x).txt",
     "\x1b[2Jscreen.txt", "سلام.txt", "🕯.txt", "%s%n.txt", "x" * 240 + ".txt"],
)  # fmt: skip
def test_odd_names_are_names(tmp_path: Path, name: str) -> None:
    added = add(files.text(tmp_path / name))
    assert added.new
    assert added.document.name == shown_name(name)
    assert added.document.name.isprintable()
    assert not (tmp_path / "x").exists()


def test_a_name_in_no_encoding_is_a_name_too(tmp_path: Path) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    Path(os.fsdecode(raw)).write_text(files.KEEPER)
    assert add(Path(os.fsdecode(raw))).document.name == "caf�.txt"


def test_scripts_and_hidden_words_of_a_page_are_left_out_and_that_is_said(tmp_path: Path) -> None:
    added = add(files.text(tmp_path / "page.html", files.PAGE))
    words = "\n".join(passage.text for passage in _passages(added))
    assert files.KEEPER in words
    assert "paid in advance" in words
    assert files.HARBOUR in words
    assert [passage.heading for passage in _passages(added)] == ["The lease", "The fee"]
    for hidden in ("fetch", "color", "Ignore", "hidden too", "alert", "No text"):
        assert hidden not in words
    assert added.notes == (
        "2 scripts or embedded programs were left out; none was run.",
        "2 hidden parts, which no reader would see, were left out.",
    )


def test_a_file_anybody_may_read_but_not_change_is_read(tmp_path: Path) -> None:
    assert add(files.encrypted_pdf(tmp_path / "open.pdf", password="")).document.pages == 2


def test_invisible_characters_do_not_reach_the_store(tmp_path: Path) -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "obey")
    added = add(files.text(tmp_path / "odd.txt", f"pay\u202ement\x1b[31m is\u200b due{hidden}."))
    assert [passage.text for passage in _passages(added)] == ["payment[31m is due."]


def _passages(added: Added) -> list[object]:
    from nma13.documents import passages

    return list(passages(added.document.id))
