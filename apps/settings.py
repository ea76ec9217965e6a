"""Settings: what would run, where things lie, who may come in. Nothing secret is ever shown."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import version
from pathlib import Path

from apps import pieces
from apps.access import LOOPBACK_NAMES
from apps.gradio_setup import gr
from apps.html import Html, el
from apps.lab import Lab
from nma13 import __version__

PACKAGES = ("gradio", "numpy", "plotly")


def build(lab: Lab) -> None:
    """Read anew whenever the page is opened, and on the button."""
    shown = gr.HTML(lambda: show(lab))
    again = gr.Button("Read again", size="sm", elem_classes="quiet")
    again.click(
        lambda: show(lab),
        None,
        shown,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )


def show(lab: Lab) -> Html:
    """The whole screen as one value."""
    folder = _standing_folder(lab.data)
    disk = shutil.disk_usage(folder)
    pages = lab.board.standings()
    kept, size = _held(lab.data)
    top = pieces.cards(
        pieces.card("Kept", kept, size),
        pieces.card(
            "Disk free",
            _bytes(disk.free),
            f"of {_bytes(disk.total)}",
            pieces.meter(1 - disk.free / max(disk.total, 1), "Disk used"),
        ),
        pieces.card("Pages up", sum(one.up for one in pages), f"of {len(pages)}"),
        pieces.card("Version", __version__),
        label="In short",
    )
    return Html(top + el("div", _model(lab), _data(lab), _access(lab), _pages(lab), _versions(), class_="panels"))


def _model(lab: Lab) -> Html:
    rows = [
        ("Would run", lab.writer.line()),
        ("Asked for", pieces.code(lab.writer.spec) if lab.writer.spec else "nothing"),
    ]
    how = el(
        "p",
        "Another one: start with ",
        pieces.code("--model NAME"),
        " or set ",
        pieces.code("NMA_MODEL"),
        ".",
    )
    return pieces.panel("Model", pieces.facts(rows, "Model"), el("div", how, class_="note"))


def _data(lab: Lab) -> Html:
    there = "yes" if lab.data.is_dir() else "not yet: made when something is first kept"
    rows = [("Folder", pieces.code(str(lab.data))), ("Exists", there)]
    how = el(
        "p",
        "Another one: start with ",
        pieces.code("--data FOLDER"),
        " or set ",
        pieces.code("NMA_DATA"),
        ".",
    )
    return pieces.panel("Your data", pieces.facts(rows, "Your data"), el("div", how, class_="note"))


def _access(lab: Lab) -> Html:
    others = sorted(lab.access.hosts - LOOPBACK_NAMES)
    rows = [
        ("Reachable from", lab.access.mode),
        ("Listens on", pieces.code(lab.access.bind)),
        ("Names accepted", ", ".join(["this machine's own", *others])),
        ("Token", "set, and never shown here" if lab.access.token else "none needed on this machine"),
    ]
    return pieces.panel("Access", pieces.facts(rows, "Access"))


def _pages(lab: Lab) -> Html:
    rows = [
        (one.app.title, str(one.port), pieces.chip("up", "calm") if one.up else pieces.chip("not running"))
        for one in lab.board.standings()
    ]
    return pieces.panel("Pages", pieces.table(("Page", "Port", "Now"), rows, "Pages of the lab and their ports"))


def _versions() -> Html:
    rows: list[tuple[str, str]] = [("NMA Lab", __version__), ("Python", platform.python_version())]
    rows += [(name, version(name)) for name in PACKAGES]
    rows.append(("System", f"{platform.system()} {platform.machine()}"))
    return pieces.panel("Versions", pieces.facts(rows, "Versions"))


def _standing_folder(folder: Path) -> Path:
    """The nearest folder above that exists; its disk is the one that would be written to."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _held(folder: Path) -> tuple[str, str | None]:
    """How many files the data folder holds, and how large they are together."""
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    if not files:
        return "nothing yet", None
    count = "1 file" if len(files) == 1 else f"{len(files)} files"
    return count, _bytes(sum(path.stat().st_size for path in files))


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
