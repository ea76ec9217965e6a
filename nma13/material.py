"""Material from outside, through Gate 2 like anything else: its claims are classed, its orders are not carried.

What a passage says decides nothing about the person's own text. A passage that gives orders to the lab is kept
away from the model, and the person is told.
"""

from __future__ import annotations

from dataclasses import replace

from nma13.context import Material, MaterialClaim, MaterialKind, NavigationContext
from nma13.gates.gate1_icxatrs import route
from nma13.gates.gate2_epistemic import audit
from nma13.gates.step0_fidelity import inject_premise_flags
from nma13.kit import Kit
from nma13.state import Gate2Output, Notice
from nma13.terms import ClaimClass, RedFlag
from nma13.text import read

ORDERS = "it gives orders to the lab instead of telling of something"
UNREAD = "it could not be classed"


def classed(context: NavigationContext, kit: Kit) -> tuple[NavigationContext, tuple[Notice, ...]]:
    """The context with every passage classed, and a notice for each that is withheld."""
    if not context.web_results and not context.document_passages:
        return context, ()
    notices: list[Notice] = []
    web = tuple(_classed(one, kit, notices) for one in context.web_results)
    documents = tuple(_classed(one, kit, notices) for one in context.document_passages)
    return replace(context, web_results=web, document_passages=documents), tuple(notices)


def shown_to_models(context: NavigationContext) -> tuple[Material, ...]:
    """The passages a model may read."""
    return tuple(one for one in (*context.web_results, *context.document_passages) if not one.withheld)


def citation(material: Material) -> str:
    """Where a passage stands: document, page and span; or the address, and when it was found."""
    place = f", {material.locator}" if material.locator else ""
    if material.kind is MaterialKind.WEB:
        return f"{material.title}, {material.source}{place}"
    return f"{material.title}{place}, characters {material.start:,}–{material.end:,}"


def classes(material: Material) -> str:
    """How many claims of which class, in words."""
    counts = {klass: sum(claim.klass is klass for claim in material.claims) for klass in ClaimClass}
    told = [f"{count} {klass.lower()}" for klass, count in counts.items() if count]
    return ", ".join(told) or "no claims"


def _classed(material: Material, kit: Kit, notices: list[Notice]) -> Material:
    if not material.text:  # a run taken from the store: the words of documents are not kept with it
        return material
    try:
        gate2 = _gate2(material.text, kit)
    except Exception as error:  # noqa: BLE001  material that fails the gate is left out; the run does not depend on it
        notices.append(_withheld(material, f"{UNREAD} ({type(error).__name__})"))
        return replace(material, claims=(), withheld=UNREAD)
    claims = tuple(MaterialClaim(c.span.start, c.span.end, c.klass, c.rule) for c in gate2.claims)
    if RedFlag.MANIPULATION not in gate2.red_flags:
        return replace(material, claims=claims, withheld="")
    notices.append(_withheld(material, ORDERS))
    return replace(material, claims=claims, withheld=ORDERS)


def _gate2(text: str, kit: Kit) -> Gate2Output:
    reading = kit.rules.scan(read(text))
    step0 = inject_premise_flags(reading)
    return audit(reading, step0, route(reading, step0))


def _withheld(material: Material, why: str) -> Notice:
    return Notice("material-withheld", f"A passage was kept from the model: {citation(material)}; {why}.")
