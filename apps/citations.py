"""What lay at hand when a text was decided: each passage with its place, its claims by class, its words on demand."""

from __future__ import annotations

from apps import answer, pieces
from apps.html import Html, el
from nma13.context import Material, MaterialKind
from nma13.material import citation, classes
from nma13.state import PipelineState

KINDS = {
    MaterialKind.DOCUMENT: ("document", "stored in your documents"),
    MaterialKind.LIVE: ("attached", "attached to this question, not stored"),
    MaterialKind.WEB: ("web", "found on the web: unverified, and no proof of your premises"),
    MaterialKind.TERRAIN: ("terrain", "from the research loops"),
}


def told(state: PipelineState) -> Html:
    """The notices, then the citations."""
    return Html(answer.notices(state) + citations(state))


def citations(state: PipelineState) -> Html:
    passages = (*state.context.document_passages, *state.context.web_results)
    if not passages:
        return Html("")
    return pieces.panel("What lay at hand", [_passage(one) for one in passages])


def _passage(one: Material) -> Html:
    name, meaning = KINDS[one.kind]
    chips = [
        pieces.chip(name, "plain", meaning),
        " ",
        pieces.chip(classes(one), "plain", "its claims, as Gate 2 classes them"),
    ]
    if one.withheld:
        chips += [" ", pieces.chip("kept from the model", "warm", one.withheld)]
    where = el("summary", el("b", citation(one)), " ", chips)
    return el("details", where, el("p", one.text, class_="passage"), class_="citation")
