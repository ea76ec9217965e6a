"""The part of docs/verisim.md that is made from the shipped results, so that no figure in it is typed by hand."""

from __future__ import annotations

import json
from pathlib import Path

from experiments.manifest import write_whole
from experiments.verisim import places
from experiments.verisim.studies import STUDIES
from experiments.verisim.studies.figures import draw
from experiments.verisim.studies.kit import manifest, read
from nma13.config import ROOT
from nma13.errors import LabError

PAGE = ROOT / "docs" / "verisim.md"
BEGIN, END = "<!-- made by ./lab verisim figures: begin -->", "<!-- made by ./lab verisim figures: end -->"


def shipped() -> list[str]:
    return [name for name in STUDIES if places.manifest_of(name).exists()]


def block() -> str:
    """Every shipped study: question, verdict, figure, the source's figure beside it, and the size of the run."""
    parts = [BEGIN, ""]
    for name in shipped():
        study, told = STUDIES[name], manifest(name)
        preset, seeds = told["preset"], max(row.seeds for row in read(name))
        trained = f"{seeds} training seeds, " if seeds > 1 else ""
        parts += [
            f"### {study.title} (`{name}`): {told['verdict']}",
            "",
            told["why"],
            "",
            f"![{study.title}](../data/verisim/figures/{name}.svg)",
            "",
            f"Hypothesis: {study.hypothesis} Refuted if: {study.refuted_if}  ",
            f"The source: {study.source}  ",
            f"Run: preset `{preset['name']}`, {trained}{told['cpu_seconds']} s of CPU; "
            f"[rows](../data/verisim/results/{name}.csv), [manifest](../data/verisim/results/{name}.json).",
            "",
        ]
    missing = [f"`{name}`" for name in STUDIES if name not in shipped()]
    if missing:
        said = "Not yet run here, so nothing is claimed for them: " + ", ".join(missing)
        parts += [f"{said}. Each is one command: `./lab verisim study NAME`.", ""]
    return "\n".join([*parts, END])


def page_with(text: str) -> str:
    """The page with its made part replaced."""
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        raise LabError(
            f"{PAGE.name} has lost a line that says where its made part begins or ends, so the rest of the page "
            f"could be overwritten. The page was not changed. The lines are: {BEGIN} and {END}"
        )
    return before + block() + after


def refresh() -> list[Path]:
    """Figures and verdicts again from the rows, then the page."""
    made = []
    for name in shipped():
        rows, told = read(name), manifest(name)
        said = STUDIES[name].verdict(rows)
        told.update(verdict=said.word, why=said.why)
        write_whole(places.manifest_of(name), json.dumps(told, indent=1, sort_keys=True) + "\n")
        write_whole(places.figure_of(name), draw(STUDIES[name], rows))
        made.append(places.figure_of(name))
    write_whole(PAGE, page_with(PAGE.read_text(encoding="utf-8")))
    return [*made, PAGE]
