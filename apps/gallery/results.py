"""The shipped results as tables: policies, generalisation, what a network looks at, controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apps import glyphs, pieces
from apps.html import Child, Html, el
from experiments.nanoim import shelf
from experiments.nanoim.families import family_titles
from experiments.nanoim.features import TIME
from experiments.nanoim.verify import LEARNED_DESIGN, shipped_table
from experiments.nanoim.view import POLICY_TITLES, plain_name

CONTROL_TITLES = {
    "base": "Nothing broken",
    "scramble_time": "Lengths of the stretches exchanged within a trace",
    "exchange_time": "Clocks exchanged between the two members of a pair",
    "mismatch_streams": "Streams taken from another trace",
    "permute_labels": "Right actions dealt out anew",
}
ABLATION_TITLES = {
    "full": "Everything shown", "small_model": "A smaller network", "no_audio": "No audio states",
    "no_visual": "No camera", "no_background": "No background", "no_policy": "No policy events",
    "no_timing": "No clock",
}  # fmt: skip
MEANING_TITLES = {
    "mean": "Graded meaning", "words": "Sentence embeddings",
    "lines:mean": "Graded meaning, action head", "steps:mean": "Graded meaning, two steps",
}  # fmt: skip
"""The learned designs shown as columns: those on the readers' mean. Every reader is in docs/nanoim.md."""


def title_of(name: str) -> str:
    """A policy's name for people."""
    bare, _, rest = name.partition("_no_timing")
    if name.startswith("llm:"):
        model, how = name[4:].rsplit(":", 1)
        return f"{model.rsplit('/', 1)[-1]}, given the transcript ({how})"
    if rest or bare != name:
        return f"{POLICY_TITLES.get(bare, bare)}, no clock"
    return POLICY_TITLES.get(name) or MEANING_TITLES.get(name) or plain_name(name)


def compare(suite: str) -> Html:
    """Accuracy and separation of everybody, with intervals where they were drawn."""
    rows = shipped_table().get(suite)
    if not rows:
        return missing(f"./lab nanoim reproduce --quick for the suite {suite}")
    sure = (shelf.result(f"statistics_{suite}") or {"policies": {}})["policies"]
    lines = []
    for name, row in rows.items():
        told = sure.get(name)
        interval = f"{told['low']:.3f} to {told['high']:.3f}" if told else "not drawn"
        spread = f"± {row['taa_sd']:.4f} over {row['runs']} seeds" if row.get("runs", 1) > 1 else ""
        taa = [f"{row['taa']:.3f} ", el("span", spread, class_="sure")]
        lines.append((title_of(name), taa, f"{row['psr']:.3f}", interval, pieces.meter(row["taa"], title_of(name))))
    head = ("Policy", "Aliasing accuracy", "Pairs separated", "95 % interval", "")
    note = (
        "A policy that sees the transcript cannot pass 0.500, and separates no pair: both members look the same to it."
    )
    return pieces.panel("Who can tell the two apart", pieces.table(head, lines, f"Policies on {suite}"), _note(note))


def left_out_suites() -> list[str]:
    """The suites whose families were left out; hard is offered in any case, and says how to make it."""
    return ["hard", *(s for s in ("noisy", "confirm") if shelf.result(f"lofo_{s}"))]


def heat_map(suite: str, figure: str) -> Html:
    """Rows: the family that was left out. Columns: policies. Cells: accuracy or separation there."""
    found: dict[str, Any] = {}
    for name in (f"lofo_{suite}", f"lofo_{LEARNED_DESIGN}_{suite}"):
        study = shelf.result(name)
        found |= {k: v for k, v in study["policies"].items() if k in POLICY_TITLES | MEANING_TITLES} if study else {}
    if not found:
        return missing("./lab nanoim lofo")
    titles = family_titles()
    families = list(next(iter(found.values()))["families"])
    head = ("Family left out", *(title_of(name) for name in found))
    rows: list[Sequence[Child]] = []
    for family in families:
        cells = [heat(row["families"][family][figure]) for row in found.values()]
        rows.append((titles.get(family, family), *cells))
    rows.append((el("b", "Mean"), *(heat(row[figure]) for row in found.values())))
    table = el("div", pieces.table(head, rows, f"Left out on {suite}"), class_="heat")
    study = shelf.result(f"lofo_{suite}") or {}
    unseen = ", ".join(titles.get(f, f) for f in study.get("unseen_action_families", ()))
    note = f"Trained on the other families, asked about this one. No other family shows an action needed by: {unseen}."
    return pieces.panel("What is left when a family is left out", table, _note(note))


def heat(share: float) -> Html:
    """A cell whose colour repeats its figure."""
    tone = "var(--primary-500)" if share >= 0.5 else "var(--alarm)"
    strength = abs(share - 0.5) * 2
    return el("span", f"{share:.2f}", class_="cell", style=f"--heat:{tone};--share:{strength:.2f}")


def occlusion(suite: str) -> Html:
    """How far accuracy falls when one field is not shown to a trained network."""
    found = shelf.result(f"occlusion_{suite}")
    if found is None:
        return missing("./lab nanoim occlusion")
    panels = []
    for kind, drops in found["policies"].items():
        rows = sorted(drops.items(), key=lambda item: -item[1]["drop"])
        drawn = bars({_field(field): drop["drop"] for field, drop in rows}, f"Fall of {title_of(kind)}")
        panels.append(pieces.panel(title_of(kind), drawn))
    note = "The fall in accuracy when one field is hidden from a finished network; nothing is trained again."
    return el("div", el("p", note, class_="note"), el("div", panels, class_="panels"))


def _field(name: str) -> str:
    return "clock" if name == TIME else plain_name(name)


def of_step(drops: Mapping[str, Mapping[str, float]]) -> Html:
    """How much less likely the right action becomes, field by field, for the two members of one pair."""
    head = ("Hidden field", *drops)
    fields = list(next(iter(drops.values())))
    rows = [(_field(field), *(f"{drops[name][field]:+z.2f}" for name in drops)) for field in fields]
    note = "Drop in the probability of the right action at the critical step, computed now, without torch."
    return pieces.panel("This pair, field by field", pieces.table(head, rows, "Occlusion of one pair"), _note(note))


def bars(figures: Mapping[str, float], label: str) -> Html:
    lines = [el("div", el("span", name), pieces.meter(max(value, 0), name), el("b", f"{value:.3f}"), class_="bar",
                role="listitem") for name, value in figures.items()]  # fmt: skip
    return el("div", lines, class_="bars", role="list", aria_label=label)


def controls(suite: str) -> Html:
    """Broken worlds, and networks trained without one stream."""
    broken, swept = shelf.result(f"controls_{suite}"), shelf.result(f"sweep_{suite}")
    if broken is None or swept is None:
        return missing("./lab nanoim reproduce")
    names = list(broken["policies"])
    rows = [
        (title, *(f"{broken['policies'][name][control]['taa']:.3f}" for name in names))
        for control, title in CONTROL_TITLES.items()
    ]
    first = pieces.table(("What was broken", *(title_of(n) for n in names)), rows, "Accuracy in broken worlds")
    kinds = list(swept["policies"])
    arms = [
        (title, *(_arm(swept["policies"][kind][ablation]) for kind in kinds))
        for ablation, title in ABLATION_TITLES.items()
    ]
    second = pieces.table(("Trained with", *(title_of(k) for k in kinds)), arms, "Ablations")
    return el("div", pieces.panel("Break the world", first, _note(_WHY)), pieces.panel("Take a stream away", second))


_WHY = "A policy that really reads streams and clock must fall when they are broken; one that cheats would not."


def _arm(row: Mapping[str, float]) -> str:
    return f"{row['taa']:.3f} ± {row['taa_sd']:.3f} · separated {row['psr']:.3f}"


def scorecard(card: Mapping[str, Any]) -> Html:
    """One scorecard for people; its file is beside it."""
    from experiments.nanoim.metrics import MEANING

    rows = [
        (plain_name(name), "nothing asks for it" if value is None else f"{value:.4g}", MEANING[name])
        for name, value in card["metrics"].items()
    ]
    made = card["manifest"]
    versions = ", ".join(f"{k} {v}" for k, v in made["versions"].items())
    command, data = pieces.code(made["command"]), pieces.code(made["data"])
    facts = [
        ("Command", command),
        ("Seed", "none: nothing was drawn" if made["seed"] is None else str(made["seed"])),
        ("Data", data),
        ("Versions", versions),
    ]
    table = pieces.table(("Metric", "Value", "What it is"), rows, "Metrics")
    title = f"{title_of(card['policy'])} on {card['suite']}"
    return pieces.panel(title, pieces.facts(facts, "How it was made"), table)


def scorecard_names() -> list[str]:
    """All shipped scorecards."""
    return sorted(path.stem for path in (shelf.RESULTS / "scorecards").glob("*.json"))


def missing(command: str) -> Html:
    """A result that has not been made yet says how to make it."""
    return pieces.empty_state(
        glyphs.layers(), "Not made yet", "This part shows a shipped result, and it is not there.",
        ["It is made anew on this machine, in a few minutes."], command,
    )  # fmt: skip


def _note(words: str) -> Html:
    return el("p", words, class_="note")
