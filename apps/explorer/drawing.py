"""The stage drawn: a network or a tree, predicted edits beside true ones, and how far belief has drifted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import cos, pi, sin
from pathlib import Path
from typing import Any

from apps import pieces
from apps.explorer.stage import Stage
from apps.html import Child, Html, el

SIDE, RIM = 460, 52
SHOWN = 60  # steps of the trace


def style() -> Html:
    return Html(f"<style>{(Path(__file__).parent / 'explorer.css').read_text(encoding='utf-8')}</style>")


def stage(now: Stage) -> Html:
    """What the proposer believes; what is wrong about it is marked."""
    drawn = network(now["truth"], now["belief"]) if now["world"] == "network" else tree(now["truth"], now["belief"])
    return Html(el("div", pieces.panel("What the proposer believes", drawn), steps(now), class_="vs-stage"))


def network(truth: dict[str, Any], belief: dict[str, Any]) -> Html:
    count = len(belief["hosts"])
    at = [_place(host, count) for host in range(count)]
    parts: list[Child] = []
    parts += _lines("link", truth["links"], belief["links"], at)
    parts += _lines("flow", [f[:2] for f in truth["flows"]], [f[:2] for f in belief["flows"]], at)
    for name, (thought, real) in enumerate(zip(belief["hosts"], truth["hosts"], strict=True)):
        parts += _host(name, thought, real, at[name])
    words = f"{count} hosts, {len(belief['links'])} links, {len(belief['flows'])} flows, clock {belief['clock']}"
    drawn = el("svg", el("title", words), parts, viewBox=f"0 0 {SIDE} {SIDE}", role="img", aria_label=words)
    key = el("p", f"{words}. Red: believed but not so; red and dashed: so but not believed.", class_="vs-faint")
    return el("div", drawn, key, class_="vs-map")


def _place(host: int, count: int) -> tuple[float, float]:
    angle = 2 * pi * host / count - pi / 2
    radius = SIDE / 2 - RIM
    return round(SIDE / 2 + radius * cos(angle), 1), round(SIDE / 2 + radius * sin(angle), 1)


def _lines(kind: str, true: Sequence[Any], believed: Sequence[Any], at: Sequence[tuple[float, float]]) -> list[Child]:
    there, thought = {tuple(each) for each in true}, {tuple(each) for each in believed}
    found: list[Child] = []
    for pair in sorted(there | thought):
        if pair[0] == pair[1]:
            continue
        mark = "" if pair in there & thought else " missing" if pair in there else " wrong"
        (x1, y1), (x2, y2) = at[pair[0]], at[pair[1]]
        bend = 0.16 if kind == "flow" else 0.0
        mx, my = (x1 + x2) / 2 + bend * (y2 - y1), (y1 + y2) / 2 - bend * (x2 - x1)
        found.append(el("path", d=f"M{x1} {y1}Q{mx:.1f} {my:.1f} {x2} {y2}", fill="none", class_=f"{kind}{mark}"))
    return found


def _host(name: int, thought: dict[str, Any], real: dict[str, Any], at: tuple[float, float]) -> list[Child]:
    x, y = at
    wrong = thought["up"] != real["up"] or thought["denied"] != real["denied"]
    looks = "node" + ("" if thought["up"] else " down") + (" wrong" if wrong else "")
    ports = " ".join(map(str, thought["ports"])) or "–"
    bad = " bad" if thought["ports"] != real["ports"] else ""
    denied = ", ".join(f"h{other}" for other in thought["denied"]) or "nobody"
    said = f"h{name}: {'up' if thought['up'] else 'down'}; listens on {ports}; denies {denied}"
    return [
        el("circle", el("title", said), cx=x, cy=y, r=15, class_=looks),
        el("text", f"h{name}", x=x, y=y + 4),
        el("text", ports, x=x, y=y + 29, class_=f"ports{bad}"),
    ]


def tree(truth: dict[str, Any], belief: dict[str, Any]) -> Html:
    real, thought = truth["nodes"], belief["nodes"]
    below: dict[str, list[str]] = {}
    for path in sorted({*real, *thought} - {"/"}):
        below.setdefault(path.rpartition("/")[0] or "/", []).append(path)

    def branch(path: str) -> Html:
        node = thought.get(path) or real[path]
        name = path.rpartition("/")[2] or "/"
        shown = f"{name}/" if node[0] is None and path != "/" else name
        sign = "" if real.get(path) == thought.get(path) else " (not so)" if path not in real else " (missed or wrong)"
        note = f"  {node[0]!r} {node[1]}" if node[0] is not None else f"  {node[1]}"
        inner = el("ul", [branch(each) for each in below[path]]) if path in below else None
        return el("li", el("span", shown, sign, class_="wrong" if sign else None), el("small", note), inner)

    where = f"in {belief['cwd']}, last exit {belief['exit']}, {len(thought)} nodes"
    return el("div", el("ul", branch("/"), class_="vs-tree"), el("p", where, class_="vs-faint"))


def steps(now: Stage) -> Html:
    """The last step's edits, proposed beside true, and the trace of all."""
    if not now["trace"]:
        return pieces.panel("No step yet", el("p", "Type an action and press Step, or press Play.", class_="vs-faint"))
    last = now["trace"][-1]
    guess, right = ([(op, tuple(args)) for op, args in last[key]] for key in ("guess", "right"))
    title = f"{last['line']} · {'exactly right' if last['exact'] else 'not right'}"
    left = el("div", el("h3", f"Proposed by: {last['who']}"), _edits(guess, right))
    truth = el("div", el("h3", "True, from where it stood"), _edits(right, guess))
    return Html(pieces.panel(title, el("div", left, truth, class_="vs-two")) + pieces.panel("Drift", trace(now)))


def _edits(mine: Sequence[Any], other: Sequence[Any]) -> Html:
    left = Counter(other)
    rows = []
    for edit in mine:
        agreed = left[edit] > 0
        left[edit] -= agreed
        words = " ".join([edit[0], *map(str, edit[1])])
        rows.append(el("li", "✓ " if agreed else "✗ ", words, class_="right" if agreed else "wrong"))
    return el("ul", rows or el("li", "nothing", class_="wrong"), class_="vs-edits")


def trace(now: Stage) -> Html:
    """One bar a step: how much of belief is wrong; a line where the oracle was asked."""
    taken = now["trace"][-SHOWN:]
    highest = max(0.02, max(step["divergence"] for step in taken))
    wide = 600 / max(20, len(taken))
    parts: list[Child] = [el("line", x1=0, x2=600, y1=98, y2=98, class_="base")]
    for place, step in enumerate(taken):
        tall = 2 + 84 * step["divergence"] / highest
        off = " off" if step["divergence"] > 0 else ""
        said = f"{step['line']}: divergence {step['divergence']:.3f}"
        x = place * wide
        parts.append(
            el("rect", el("title", said), x=f"{x:.1f}", y=f"{98 - tall:.1f}", width=f"{wide * 0.8:.1f}",
               height=f"{tall:.1f}", rx=2, class_=f"bar{off}")
        )  # fmt: skip
        if step["asked"]:
            parts.append(
                el("line", x1=f"{x + wide * 0.4:.1f}", x2=f"{x + wide * 0.4:.1f}", y1=4, y2=98, class_="asked")
            )
    faithful = now["steps"] if now["lost_at"] is None else now["lost_at"] - 1
    words = f"Steps: {now['steps']}; faithful for the first {faithful}; now {taken[-1]['divergence']:.1%} apart"
    words += f"; consultations: {now['asked']}"
    drawn = el(
        "svg",
        el("title", words),
        parts,
        viewBox="0 0 600 100",
        preserveAspectRatio="none",
        role="img",
        aria_label=words,
    )
    return el("div", drawn, el("p", words, class_="vs-faint"), class_="vs-trace")
