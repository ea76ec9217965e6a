"""Settings: what would run, where things lie, who may come in. Nothing secret is ever shown."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from apps import overlay, pieces
from apps.access import LOOPBACK_NAMES
from apps.gradio_setup import gr
from apps.html import Child, Html, el
from apps.lab import Lab
from apps.registry import QUIET
from nma13 import __version__, locale
from nma13.config import is_loopback
from nma13.store.doctor import existing, size_in_words
from nma13.texts import crisis

KEYS = ("NMA_GOOGLE_KEY", "NMA_GOOGLE_ENGINE")
PACKAGES = ("gradio", "numpy", "plotly")


def build(lab: Lab) -> None:
    """What can be chosen stands above; the rest is read anew whenever the page is opened, and on the button."""
    with gr.Row():
        scheme = gr.Radio(
            [("As the system", "system"), ("Light", "light"), ("Dark", "dark")],
            value="system", label="Light or dark (kept in this browser)", min_width=260,
        )  # fmt: skip
        country = gr.Dropdown(
            [(f"{text.country} ({text.locale})", text.locale) for text in locale.known()],
            value=lambda: locale.chosen(lab.data) or locale.INTERNATIONAL,
            label="Whose help is shown to a person in danger", min_width=260,
        )  # fmt: skip
    help_text = gr.HTML(lambda: _help(locale.chosen(lab.data)))
    shown = gr.HTML(lambda: show(lab))
    again = gr.Button("Read again", size="sm", elem_classes="quiet")
    again.click(lambda: show(lab), None, shown, **QUIET)
    country.input(lambda wanted: _help(locale.choose(lab.data, wanted).locale), country, help_text, **QUIET)
    scheme.input(None, scheme, None, js="(wanted) => { window.labScheme(wanted) }", api_visibility="private")
    blocks = gr.context.Context.root_block
    blocks.load(None, None, scheme, js="() => window.labScheme()", api_visibility="private")


def _help(name: str) -> Html:
    """The words as they would be shown, and who vouches for them."""
    text = crisis(name)
    lines = [el("p", line) for line in text.lines]
    return pieces.panel(
        f"Help in danger: {text.country}",
        el("details", el("summary", "Read the words"), lines, data_keep="crisis-words"),
        el("p", text.provenance, class_="note"),
    )


def show(lab: Lab) -> Html:
    """The whole screen as one value."""
    folder = existing(lab.data)
    disk = shutil.disk_usage(folder)
    pages = lab.board.standings()
    kept, size = _held(lab.data)
    top = pieces.cards(
        pieces.card("Kept", kept, size),
        pieces.card(
            "Disk free",
            size_in_words(disk.free),
            f"of {size_in_words(disk.total)}",
            pieces.meter(1 - disk.free / max(disk.total, 1), "Disk used"),
        ),
        pieces.card("Pages up", sum(one.up for one in pages), f"of {len(pages)}"),
        pieces.card("Version", __version__),
        label="In short",
    )
    return Html(top + el("div", _panels(lab), class_="panels"))


def _panels(lab: Lab) -> tuple[Html, ...]:
    return (
        _model(lab), _access(lab), _search(), overlay.panel(lab.data), _data(lab), _pages(lab), _versions(),
    )  # fmt: skip


def _model(lab: Lab) -> Html:
    rows: list[tuple[str, Child]] = [
        ("Writes here", lab.writer.line()),
        ("Asked for", pieces.code(lab.writer.spec) if lab.writer.spec else "nothing in particular"),
    ]
    report = lab.writer.report()
    if report is None:
        rows.append(("Loaded", lab.writer.failure() or "not now"))
    else:
        rows += _loaded(report)
    rows.append(("Memory of this process", size_in_words(_resident())))
    how = el("p", "Another one: start with ", pieces.code("--model NAME"), " or set ", pieces.code("NMA_MODEL"),
             "; ", pieces.code("./lab model"), " tells which there are and how fast they write.")  # fmt: skip
    return pieces.panel("Model", pieces.facts(rows, "Model"), el("div", how, class_="note"))


def _loaded(report: Mapping[str, Any]) -> Iterator[tuple[str, Child]]:
    yield "Loaded", f"yes, with {report['backend']}"
    if report["size_bytes"]:
        yield "Size of its weights", size_in_words(report["size_bytes"])
    probed, speed = report["probe"], report["speed"]
    if probed is None:
        yield "Keeps a contract", "not measured"
    else:
        asked = len(probed["kept"]) + len(probed["broken"])
        how = "so it writes by choosing among checked sentences" if probed["small"] else "so it writes freely"
        yield "Keeps a contract", f"{len(probed['kept'])} of {asked} clauses kept, {how}"
        if probed["broken"]:
            yield "Not kept", ", ".join(probed["broken"])
    pace = speed and speed["single_tokens_per_s"]
    yield "Speed", f"{pace:g} tokens a second" if pace else "not measured"
    yield "Where words go", "to another machine" if report["leaves_machine"] else "nowhere: it runs on this machine"


def _resident() -> int:
    """Bytes this process holds; where the system does not say how many now, the most it ever held."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if platform.system() == "Darwin" else most * 1024


def _search() -> Html:
    rows = [
        (name, pieces.chip("set", "calm") if os.environ.get(name, "").strip() else pieces.chip("not set"))
        for name in KEYS
    ]
    how = el("p", "The web is asked only when you tick it for one question. Keys are read from the environment, "
             "never kept and never shown. Without them DuckDuckGo alone is asked.")  # fmt: skip
    return pieces.panel("Search of the web", pieces.facts(rows, "Search of the web"), el("div", how, class_="note"))


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
    port = lab.ports["web"]
    rows = [
        ("Reachable from", lab.access.mode),
        ("Listens on", pieces.code(f"{lab.access.bind}:{port}")),
        ("Names accepted", ", ".join(["this machine's own", *others])),
        ("Token", "set, and never shown here" if lab.access.token else "none needed on this machine"),
        ("From a phone", _from_a_phone(lab, others, port)),
    ]
    return pieces.panel("Access", pieces.facts(rows, "Access"))


def _from_a_phone(lab: Lab, others: Sequence[str], port: int) -> Html:
    if lab.access.tailnet:
        address = f"https://{lab.access.tailnet}:{port}/"
        return el("span", "with Tailscale on the phone, open ", pieces.code(address), " and sign in with the token")
    if others and not is_loopback(lab.access.bind):
        return el("span", "open ", pieces.code(f"http://{others[0]}:{port}/"), " on the same network and sign in")
    start = pieces.code("./lab web --share-on tailscale")
    return el("span", "not now. With Tailscale on both, stop the lab and start ", start, "; docs/remote.md tells how")


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


def _held(folder: Path) -> tuple[str, str | None]:
    """How many files the data folder holds, and how large they are together."""
    sizes = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a loop beside us may have put it away meanwhile
            found = path.stat()
            if stat.S_ISREG(found.st_mode):
                sizes.append(found.st_size)
    if not sizes:
        return "nothing yet", None
    count = "1 file" if len(sizes) == 1 else f"{len(sizes)} files"
    return count, size_in_words(sum(sizes))
