"""The shipped results as cards, figures, curves read at a budget, and tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps import pieces
from apps.html import Html, el
from experiments.verisim import places
from experiments.verisim.studies import STUDIES
from experiments.verisim.studies.curves import CONSULTS, GRADES, panel
from experiments.verisim.studies.figures import COLOURS, draw
from experiments.verisim.studies.kit import Row, Study, manifest, read

TONES = {"held": "calm", "refuted": "alarm", "mixed": "warm"}
MEASURES = ("faithful steps", "horizon")


def folder_of(name: str, data: Path) -> Path | None:
    """Where this study's results are: the user's own run first, else what is shipped."""
    own = data / "verisim"
    return next((each for each in (own, places.SHIPPED) if places.manifest_of(name, each).exists()), None)


def available(data: Path) -> list[str]:
    return [name for name in STUDIES if folder_of(name, data)]


def at_a_glance(data: Path) -> Html:
    """Every study: the question, the verdict, the figure, and what the source reported."""
    shown = [_study(STUDIES[name], folder) for name in STUDIES if (folder := folder_of(name, data))]
    if not shown:
        need = Html("<code>./lab verisim study all</code> in a terminal, or the Run tab here.")
        return pieces.panel("No results yet", el("p", "Run the studies with ", need))
    return el("div", shown, class_="vs-studies")


def _study(study: Study, folder: Path) -> Html:
    said = manifest(study.name, folder)
    preset = said["preset"]
    size = f"preset {preset['name']}: {preset['seeds']} seeds, {preset['transitions']} transitions; "
    size += "your own run" if folder != places.SHIPPED else "shipped"
    tone: Any = TONES[said["verdict"]]
    return el(
        "article",
        el(
            "header", el("h2", study.title), el("span", study.name, class_="name"),
            pieces.chip(f"hypothesis {said['verdict']}", tone),
        ),
        el("p", said["why"]),
        el("p", "Hypothesis: ", study.hypothesis, " Refuted if: ", study.refuted_if, class_="faint"),
        el("p", "The source: ", study.source, class_="faint"),
        el("div", Html(draw(study, read(study.name, folder))), class_="scroll", tabindex=0, role="region",
           aria_label=f"Figure of {study.name}"),
        el("p", size, class_="faint"),
        id=f"study-{study.name}",
        class_="vs-study",
    )  # fmt: skip


def curves(measure: str, grade: str, consult: str, rho: float, data: Path) -> Html:
    """EN7's curves for one way of measuring, and every arm read at one budget."""
    name = next((each for each in ("en7", "knee") if folder_of(each, data)), None)
    if name is None:
        how = pieces.code("./lab verisim study knee")
        return pieces.panel("No curves yet", el("p", "They come from the study of the knee: ", how))
    folder = folder_of(name, data) or places.SHIPPED
    where = panel(measure, grade, consult)
    rows = [row for row in read(name, folder) if row.panel == where]
    told = [
        (who, *_read_at([row for row in rows if row.series == who], rho))
        for who in dict.fromkeys(r.series for r in rows)
    ]
    drawn = el("div", Html(draw(STUDIES[name], rows)), class_="scroll", tabindex=0, role="region", aria_label=where)
    table = pieces.table(("who proposes", f"at ρ = {rho:g}", "95 % interval"), told, where)
    return Html(el("div", drawn, class_="vs-study") + pieces.panel("Read off the curves", table))


def _read_at(rows: Sequence[Row], rho: float) -> tuple[str, str]:
    """Between two measured budgets, the straight line between them."""
    points = sorted((float(row.x), row) for row in rows)
    below = max((each for each in points if each[0] <= rho), key=lambda each: each[0])
    above = min((each for each in points if each[0] >= rho), key=lambda each: each[0])
    share = 0.0 if below[0] == above[0] else (rho - below[0]) / (above[0] - below[0])
    mean, low, high = (
        getattr(below[1], name) * (1 - share) + getattr(above[1], name) * share for name in ("mean", "low", "high")
    )
    return f"{mean:.0%} of the rollout", f"{low:.0%} to {high:.0%}"


def surface_plot(metric: str, view: str, topologies: Sequence[str], data: Path) -> Any:
    """The scaling surface in plotly; imported here, because it is slow to import and few open this tab."""
    import plotly.graph_objects as go

    folder = folder_of("surface", data)
    rows = [
        row for row in read("surface", folder or places.SHIPPED) if row.panel == metric and row.series in topologies
    ]
    sizes = sorted({int(row.x) for row in rows})
    names = list(dict.fromkeys(row.series for row in rows))
    height = {(row.series, int(row.x)): row.mean for row in rows}
    grid = [[height.get((name, size)) for size in sizes] for name in names]
    figure = go.Figure()
    if view == "lines":
        for name in names:
            mine = sorted((row for row in rows if row.series == name), key=lambda row: int(row.x))
            band = {"array": [r.high - r.mean for r in mine], "arrayminus": [r.mean - r.low for r in mine]}
            looks = {"color": COLOURS[names.index(name) % len(COLOURS)], "width": 2}
            figure.add_scatter(
                line=looks,
                x=[int(r.x) for r in mine],
                y=[r.mean for r in mine],
                name=name,
                error_y=band,
                mode="lines+markers",
            )
        figure.update_xaxes(type="log", title="hosts", tickvals=sizes, ticktext=[f"{size:,}" for size in sizes])
        figure.update_yaxes(title=metric)
    elif view == "heat map":
        figure.add_heatmap(z=grid, x=[str(size) for size in sizes], y=names, colorscale="Teal", colorbar={"title": ""})
        figure.update_xaxes(title="hosts", type="category")
    else:
        figure.add_surface(z=grid, x=sizes, y=list(range(len(names))), colorscale="Teal", showscale=False)
        grey = {"color": "#8a8478"}
        figure.update_scenes(
            xaxis={"type": "log", "title": "hosts", **grey}, zaxis={"title": metric, **grey},
            yaxis={"tickvals": list(range(len(names))), "ticktext": names, "title": "", **grey},
        )  # fmt: skip
    figure.update_layout(
        template="none", height=440, margin={"l": 56, "r": 16, "t": 16, "b": 48}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )  # fmt: skip
    return figure


def files(data: Path) -> list[str]:
    """Every CSV and manifest there is."""
    found = []
    for name in STUDIES:
        folder = folder_of(name, data)
        if folder:
            found += [str(places.results_of(name, folder)), str(places.manifest_of(name, folder))]
    return found


def rows_of(name: str, data: Path) -> Html:
    folder = folder_of(name, data)
    if folder is None:
        return pieces.panel("No rows", el("p", "This study was not run yet."))
    body = [[str(each) for each in row] for row in read(name, folder)]
    said = manifest(name, folder)
    more = pieces.facts(
        [(key, _plain(said[key])) for key in ("preset", "versions", "sha256", "cpu_seconds")], "Manifest"
    )
    return Html(
        pieces.panel(f"Manifest of {name}", more)
        + pieces.panel("Rows", pieces.table(Row._fields, body, f"Rows of {name}"))
    )


def _plain(value: Any) -> str:
    """A manifest's entry as a line: «name medium, seeds 3»."""
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{name} {json.dumps(one) if isinstance(one, list) else one}" for name, one in value.items())


__all__ = ["CONSULTS", "GRADES", "MEASURES", "at_a_glance", "available", "curves", "files", "rows_of", "surface_plot"]
