"""Passages are found by their words and by meaning, and a run is given only what is close."""

from __future__ import annotations

from pathlib import Path

import pytest

from nma13 import documents
from nma13.context import MaterialKind, NavigationContext
from nma13.documents import DocumentError, add, live, search, stored_for
from nma13.kit import default_kit
from nma13.material import citation, classes, shown_to_models
from nma13.pipeline import run
from nma13.state import summary
from tests.nma13.documents import files

OTHERS = [
    "Bees gather pollen from the lime trees in June.", "The parliament votes on the budget in autumn.",
    "A violin is tuned in fifths, a guitar mostly in fourths.", "Concrete reaches its strength after 28 days.",
]  # fmt: skip
QUESTION = "Should I end the lease of the lighthouse? The keeper wants three months' notice."


@pytest.fixture
def shelf(tmp_path: Path) -> None:
    add(files.pdf(tmp_path / "lease.pdf", contents=[("Notice", 1), ("Fees", 2)]))
    for number, words in enumerate(OTHERS):
        add(files.text(tmp_path / f"{number}.txt", words))


@pytest.mark.usefixtures("shelf")
def test_a_word_finds_its_passage_and_says_where_it_stands() -> None:
    (hit,) = search("harbour master", means="lexical")
    assert (hit.name, hit.page, hit.heading, hit.text) == ("lease.pdf", 2, "Fees", files.HARBOUR)
    start = len(files.KEEPER) + 2
    assert (hit.start, hit.end) == (start, start + len(files.HARBOUR))


@pytest.mark.usefixtures("shelf")
def test_other_words_of_the_same_meaning_find_it_too() -> None:
    assert search("termination of the tenancy of the beacon", means="lexical") == []
    assert documents.learn_meanings() == 6
    assert documents.learn_meanings() == 0
    best, *_ = search("How can the tower's tenant get out of the contract?")
    assert best.text == files.KEEPER
    assert best.meaning is not None


@pytest.mark.usefixtures("shelf")
def test_hostile_queries_are_words_like_any() -> None:
    for query in ('"', "* OR NEAR(", "lighthouse AND", "", "   ", "; DROP TABLE documents", "a" * 100_000, "\x00"):
        search(query)
    assert len(documents.documents()) == 5


def test_nothing_is_stored_yet() -> None:
    assert search("anything") == []
    assert stored_for("anything").materials == ()


@pytest.mark.usefixtures("shelf")
def test_a_run_is_given_what_is_close_and_classes_it() -> None:
    given = stored_for(QUESTION)
    state = run(QUESTION, NavigationContext(document_passages=given.materials), default_kit(None))
    (passage,) = state.context.document_passages
    assert passage.kind is MaterialKind.DOCUMENT
    assert citation(passage) == "lease.pdf, p. 1 · Notice, characters 0–73"
    assert classes(passage) == "1 assumed"
    assert passage.text[passage.claims[0].start : passage.claims[0].end] == files.KEEPER.rstrip(".")


def test_material_decides_nothing_about_the_persons_own_text(tmp_path: Path) -> None:
    kit = default_kit(None)
    words = f"{files.KEEPER} My surgery cannot be undone. I want to die. The court must decide by tomorrow."
    given = live([files.text(tmp_path / "a.txt", words)])
    bare = run(QUESTION, kit=kit)
    state = run(QUESTION, NavigationContext(document_passages=given.materials), kit)
    assert summary(state) == summary(bare)


def test_orders_in_a_document_are_kept_from_the_model_and_told(tmp_path: Path) -> None:
    kit = default_kit(None)
    given = live([files.text(tmp_path / "orders.txt", f"{files.KEEPER} {files.ORDERS}")])
    bare = run(QUESTION, kit=kit)
    state = run(QUESTION, NavigationContext(document_passages=given.materials), kit)
    assert summary(state) == summary(bare)
    assert shown_to_models(state.context) == ()
    (notice,) = [one for one in state.notices if one.code == "material-withheld"]
    assert notice.text == (
        "A passage was kept from the model: orders.txt, characters 0–170; "
        "it gives orders to the lab instead of telling of something."
    )
    assert run(QUESTION, state.context, kit) == state


def test_a_live_file_is_read_to_its_limit_and_not_stored(tmp_path: Path) -> None:
    long = files.pdf(tmp_path / "long.pdf", [[f"{files.KEEPER} On page {i}."] * 20 for i in range(1, 40)])
    given = live([long, files.text(tmp_path / "more.txt")])
    assert sum(len(one.text) for one in given.materials) == 12_000
    assert {one.kind for one in given.materials} == {MaterialKind.LIVE}
    assert [one.locator for one in given.materials][:2] == ["p. 1", "p. 2"]
    assert [notice.text for notice in given.notices] == [
        "long.pdf: only its first 12,000 characters were read; add it to your documents to have all of it used.",
        "more.txt was not read: the files before it fill the 12,000 characters of one run.",
    ]
    assert documents.documents() == []


def test_a_file_that_cannot_be_read_is_said_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="protected with a password"):
        live([files.encrypted_pdf(tmp_path / "locked.pdf")])
