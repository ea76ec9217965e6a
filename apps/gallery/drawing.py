"""One pair as two timelines on one clock, with the transcript above and every policy's choice below."""

from __future__ import annotations

from pathlib import Path

from apps import pieces
from apps.html import Html, el
from experiments.nanoim.view import Block, Chosen, Lane, PairView, TraceView

LOOK, ALONE = (Path(__file__).resolve().parent / name for name in ("gallery.css", "alone.css"))


def style() -> Html:
    """The gallery's own look, to stand once on a page."""
    return el("style", Html(LOOK.read_text(encoding="utf-8")))


def pair(view: PairView, mark: str = "pair") -> Html:
    """The whole drawing. `mark` tells several drawings on one page apart."""
    length = view.length_ms
    play = f"play-{mark}"
    said = el("blockquote", el("small", "One transcript for both:"), view.transcript, class_="said")
    return el(
        "section",
        said,
        el(
            "div",
            el("input", type="checkbox", id=play, class_="play-box", aria_label="Play both timelines at real speed"),
            el("label", for_=play, class_="play"),
            el("div", trace(view.a, length), trace(view.b, length), class_="two", style=f"--length:{length}ms"),
            class_="over",
        ),
        el("p", "Between the dashed lines: the critical step, at which one action is right.", class_="note"),
        el("div", el("h2", "What each policy chose at the critical step"), choices(view)),
        el("div", el("h2", "What the transcript hides"), el("ul", [el("li", one) for one in view.hides])),
        class_="pair",
        aria_label=f"{view.family}: {view.name}",
    )


def trace(view: TraceView, length_ms: int) -> Html:
    """One member: a lane for each stream, the critical step between dashed lines."""
    title = el("h3", f"Trace {view.letter}", pieces.chip(view.target, "calm", "the right action at the critical step"))
    ends = el("span", el("span", "0 s"), el("span", f"{length_ms / 1000:.1f} s"))
    axis = el("div", el("span"), ends, class_="axis", aria_hidden="true")
    return el("article", title, [lane(one, view, length_ms) for one in view.lanes], axis, class_="trace")


def lane(one: Lane, view: TraceView, length_ms: int) -> Html:
    told = ", ".join(
        f"{b.label} from {b.begin_ms / 1000:.1f} to {b.end_ms / 1000:.1f} s" for b in one.blocks if b.label
    )
    band = el("span", class_="critical", style=_place(view.critical_begin_ms, view.critical_end_ms, length_ms))
    blocks = [block(each, length_ms) for each in one.blocks if each.label]
    track = el("div", blocks, band, el("span", class_="playhead"), class_="track", role="img",
               aria_label=f"{one.title}: {told or 'nothing'}")  # fmt: skip
    return el("div", el("span", one.title, class_="lane-name"), track, class_="lane")


def block(one: Block, length_ms: int) -> Html:
    kind = "state differs" if one.differs else "state idle" if one.quiet else "state"
    seconds = f"{one.begin_ms / 1000:.2f} to {one.end_ms / 1000:.2f} s"
    return el("span", one.label, class_=kind, style=_place(one.begin_ms, one.end_ms, length_ms),
              title=f"{one.label}, {seconds}")  # fmt: skip


def _place(begin_ms: int, end_ms: int, length_ms: int) -> str:
    return f"left:{100 * begin_ms / length_ms:.2f}%;width:{100 * (end_ms - begin_ms) / length_ms:.2f}%"


def choices(view: PairView) -> Html:
    """Target against choice, policy by policy; a wrong one says so in words, sign and colour."""
    head = ("Policy", "Sees", f"Trace A: {view.a.target}", f"Trace B: {view.b.target}")
    rows = [(row.title, row.sees, _choice(row.a), _choice(row.b)) for row in view.policies]
    return pieces.table(head, rows, "What each policy chose at the critical step")


def _choice(one: Chosen) -> Html:
    kind = "right" if one.right else "wrong"
    sure = el("span", f" {one.sure:.0%}", class_="sure")
    return el("span", one.action, el("span", f" ({kind})", class_="unseen"), sure, class_=kind)


def page(view: PairView) -> str:
    """The pair as one file that needs nothing else: no script, no font, no request."""
    head = [
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", f"{view.family}: one transcript, two right actions"),
        el("style", Html(ALONE.read_text(encoding="utf-8") + LOOK.read_text(encoding="utf-8"))),
    ]
    where = el("p", f"nanoIM, suite {view.suite}, pair {view.name}", class_="sure")
    body = el("main", el("h1", view.family), pair(view), where)
    return f"<!doctype html>{el('html', el('head', head), el('body', body), lang='en')}"
