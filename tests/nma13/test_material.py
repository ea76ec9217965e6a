"""Material goes through Gate 2 with every run, survives JSON, and never stands in the way of a run."""

from __future__ import annotations

from dataclasses import replace

from nma13.context import Material, MaterialKind, NavigationContext
from nma13.jsonio import dump_state, load_state
from nma13.kit import Kit, default_kit
from nma13.material import UNREAD, citation, classed, classes, shown_to_models
from nma13.pipeline import run
from nma13.terms import ClaimClass

TEXT = (
    "The fee rose by a third. According to the 2019 report of the Ministry of Health, fees fell. "
    "It is unclear whether they rise again."
)
PASSAGE = Material(MaterialKind.DOCUMENT, "a.pdf", TEXT, "a.pdf", "p. 3", 1_200, 1_200 + len(TEXT))
PAGE = Material(MaterialKind.WEB, "A page", TEXT, "https://a.example/", "found 2026-11-21")


def test_each_claim_is_classed_and_points_at_its_words() -> None:
    context, notices = classed(NavigationContext(document_passages=(PASSAGE,), web_results=(PAGE,)), default_kit(None))
    (passage,) = context.document_passages
    assert notices == ()
    assert {TEXT[claim.start : claim.end].split()[0]: claim.klass for claim in passage.claims} == {
        "The": ClaimClass.ASSUMED, "According": ClaimClass.EVIDENCED, "It": ClaimClass.UNCERTAIN,
    }  # fmt: skip
    assert classes(passage) == "1 uncertain, 1 evidenced, 1 assumed"
    assert context.web_results[0].claims == passage.claims


def test_a_citation_says_where_it_stands() -> None:
    assert citation(PASSAGE) == f"a.pdf, p. 3, characters 1,200–{1_200 + len(TEXT):,}"
    assert citation(PAGE) == "A page, https://a.example/, found 2026-11-21"
    assert classes(replace(PASSAGE, text="")) == "no claims"


def test_a_run_without_material_is_as_it_was() -> None:
    context = NavigationContext(loop_cycle=3)
    assert classed(context, default_kit(None)) == (context, ())


def test_the_classed_material_survives_json_and_a_second_run() -> None:
    kit = default_kit(None)
    state = run("Should I pay the fee?", NavigationContext(document_passages=(PASSAGE,)), kit)
    assert load_state(dump_state(state)) == state
    assert run(state.text, state.context, kit) == state


def test_a_stored_run_that_no_longer_has_the_words_keeps_what_was_classed() -> None:
    kit = default_kit(None)
    context, _ = classed(NavigationContext(document_passages=(PASSAGE,)), kit)
    without = replace(context, document_passages=(replace(context.document_passages[0], text=""),))
    assert classed(without, kit) == (without, ())


def test_material_that_cannot_be_classed_is_left_out_and_told() -> None:
    class Broken:
        def scan(self, document: object) -> object:
            raise RuntimeError("no")

    context, (notice,) = classed(
        NavigationContext(document_passages=(PASSAGE,)),
        Kit(Broken()),  # type: ignore[arg-type]
    )
    assert context.document_passages[0].withheld == UNREAD
    assert shown_to_models(context) == ()
    assert "it could not be classed (RuntimeError)" in notice.text
