"""Folders ready for the Hugging Face Hub: a dataset, the models, a static Space. Nothing is uploaded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.manifest import hash_files, read_result, write_result
from experiments.nanoim import scorecard, shelf
from experiments.nanoim.generate import suites
from experiments.nanoim.turns import (
    SPLITS,
    TraceError,
    check,
    field_names,
    flatten,
    pairs_of,
    read_traces,
    write_traces,
)
from experiments.nanoim.view import PairView, shipped_pair, test_pairs
from nma13.errors import LabError

Draw = Callable[[PairView], str]
FRONT = {
    "dataset": {"license": "mit", "pretty_name": "nanoIM", "language": "en", "task_categories": ["other"]},
    "model": {"license": "mit", "library_name": "numpy", "tags": ["temporal-aliasing"]},
    "space": {"title": "nanoIM gallery", "sdk": "static", "license": "mit", "emoji": "⏱", "pinned": False},
}
REPLAY = {"taa": 0.98, "psr": 0.97}
MANIFEST = "manifest.json"


def export(out: Path, draw: Draw) -> Path:
    """Write the three folders under `out`; a folder that holds anything else is left alone."""
    if out.exists() and not _is_ours(out):
        raise LabError(f"{out} holds other files. Nothing was written. Name an empty folder.")
    for part in FRONT:
        shutil.rmtree(out / part, ignore_errors=True)
    _dataset(out / "dataset")
    _model(out / "model")
    _space(out / "space", draw)
    files = [path for path in out.rglob("*") if path.is_file() and path.name != MANIFEST]
    write_result(out / MANIFEST, {"kind": "export", "files": hash_files(out, files)})
    return out / MANIFEST


def _is_ours(out: Path) -> bool:
    """An empty folder, or an earlier export: its parts may be removed."""
    if not out.is_dir() or not any(out.iterdir()):
        return out.is_dir()
    return (out / MANIFEST).exists() and read_result(out / MANIFEST).get("kind") == "export"


def _card(folder: Path, part: str, body: str, **more: Any) -> None:
    front = "\n".join(
        f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in {**FRONT[part], **more}.items()
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "README.md").write_text(f"---\n{front}\n---\n\n{body}\n", encoding="utf-8")


def _dataset(folder: Path) -> None:
    configs = []
    for suite in suites():
        for split in SPLITS:
            write_traces(folder / "data" / suite / f"{split}.jsonl", shelf.split_of(suite, split))
        files = [{"split": s, "path": f"data/{suite}/{s}.jsonl"} for s in SPLITS]
        configs.append({"config_name": suite, "data_files": files})
    write_traces(folder / "data" / "pilot" / "test.jsonl", shelf.traces_of("pilot"))
    configs.append({"config_name": "pilot", "data_files": [{"split": "test", "path": "data/pilot/test.jsonl"}]})
    body = (
        "# nanoIM: pairs of interactions with one transcript and two right actions\n\n"
        "Symbolic micro-turns of about 200 ms, made by a deterministic generator; no person was recorded. "
        "Both members of a pair flatten to the same transcript and call for different actions, so a policy that sees "
        "only the transcript is right in at most half of them.\n\n"
        f"Fields of a micro-turn: {', '.join(f'`{name}`' for name in field_names())}.\n\n"
        "It shows the worth of a representation in a controlled lab. It says nothing about real audio or video."
    )
    _card(folder, "dataset", body, configs=configs)


def _model(folder: Path) -> None:
    lines = []
    for path in sorted(shelf.MODELS.glob("*.npz")):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / path.name)
        suite, kind, seed = path.stem.split("_")
        card = read_result(scorecard.path_of(suite, kind, int(seed)))
        (folder / "scorecards").mkdir(exist_ok=True)
        write_result(folder / "scorecards" / f"{path.stem}.json", card)
        found = card["metrics"]
        taa, psr = found["temporal_aliasing_accuracy"], found["paired_separation_rate"]
        lines.append(f"| `{path.name}` | {suite} | {kind} | {seed} | {taa:.3f} | {psr:.3f} |")
    for suite in shelf.TRAINED_SUITES:
        shutil.copyfile(shelf.RESULTS / f"calibration_{suite}.json", folder / f"calibration_{suite}.json")
    body = (
        "# nanoIM: tiny networks that see the streams\n\nArrays with a forward pass in NumPy, trained from scratch.\n\n"
        "| file | suite | kind | seed | TAA | PSR |\n|---|---|---|---|---|---|\n" + "\n".join(lines) + "\n\n"
        "They reproduce known situations with new words. They do not carry over to kinds of situation they never saw."
    )
    _card(folder, "model", body)


def _space(folder: Path, draw: Draw) -> None:
    """One self-contained page a family, and a front door."""
    folder.mkdir(parents=True, exist_ok=True)
    links = []
    for pair in {pair.a.family: pair for pair in test_pairs("hard")}.values():
        view = shipped_pair("hard", pair.name)
        (folder / f"{pair.a.family}.html").write_text(draw(view), encoding="utf-8")
        links.append(f'<li><a href="{pair.a.family}.html">{view.family}</a></li>')
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>nanoIM gallery</title>"
        '<body style="font:16px/1.5 system-ui;max-width:40rem;margin:2rem auto;padding:0 1rem">'
        f"<h1>Same transcript, different moment, different action</h1><ul>{''.join(links)}</ul></body></html>"
    )
    (folder / "index.html").write_text(page, encoding="utf-8")
    _card(folder, "space", "A static gallery: one pair of each family, side by side.", app_file="index.html")


def validate(bundle: Path) -> dict[str, Any]:
    """Everything that can be checked without a network before somebody uploads it."""
    checks = [
        ("manifest and checksums", _checksums(bundle)),
        ("cards", _cards(bundle)),
        ("splits and alias contract", _splits(bundle)),
        ("models and their card", _models(bundle)),
        ("pages ask nobody else", _pages(bundle)),
    ]
    rows = [{"name": name, "passed": not problems, "problems": problems} for name, problems in checks]
    return {"kind": "export_validation", "passed": all(row["passed"] for row in rows), "checks": rows}


def _checksums(bundle: Path) -> list[str]:
    if not (bundle / MANIFEST).exists():
        return [f"{MANIFEST} is missing"]
    told = read_result(bundle / MANIFEST).get("files", {})
    files = [path for path in bundle.rglob("*") if path.is_file() and path.name != MANIFEST]
    found = hash_files(bundle, files)
    problems = [f"{name}: missing" for name in told if name not in found]
    problems += [f"{name}: not in the manifest" for name in found if name not in told]
    return problems + [f"{name}: changed" for name in told if name in found and told[name] != found[name]]


def _cards(bundle: Path) -> list[str]:
    problems = []
    for part, front in FRONT.items():
        path = bundle / part / "README.md"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        head = text.split("---")[1] if text.startswith("---") else ""
        problems += [f"{part}: the card lacks {key}" for key in front if f"\n{key}:" not in head]
    return problems


def _splits(bundle: Path) -> list[str]:
    problems = []
    for suite in suites():
        texts: dict[str, set[str]] = {}
        for split in SPLITS:
            path = bundle / "dataset" / "data" / suite / f"{split}.jsonl"
            try:
                traces = read_traces(path)
                for trace in traces:
                    check(trace, trace.name)
                pairs = pairs_of(traces)
            except TraceError as error:
                problems.append(f"{suite} {split}: {error}")
                continue
            texts[split] = {flatten(trace) for trace in traces}
            broken = [p.name for p in pairs if flatten(p.a) != flatten(p.b) or p.a.target == p.b.target]
            problems += [f"{suite} {split}: {name} is no alias pair" for name in broken]
        if len(set().union(*texts.values())) != sum(len(found) for found in texts.values()):
            problems.append(f"{suite}: splits share wording")
    return problems


def _models(bundle: Path) -> list[str]:
    from experiments.nanoim.networks import load
    from experiments.nanoim.studies import headline

    folder, problems = bundle / "model", []
    card = (folder / "README.md").read_text(encoding="utf-8") if (folder / "README.md").exists() else ""
    for path in sorted(folder.glob("*.npz")):
        if f"`{path.name}`" not in card:
            problems.append(f"{path.name}: not on the card")
        if not path.name.startswith("noisy"):
            continue
        try:
            taa, psr = headline(load(path), read_traces(bundle / "dataset" / "data" / "noisy" / "test.jsonl"))
        except LabError as error:
            problems.append(f"{path.name}: {error}")
            continue
        if taa < REPLAY["taa"] or psr < REPLAY["psr"]:
            problems.append(f"{path.name}: replay gives {taa:.3f} / {psr:.3f}")
    return problems or ([] if any(folder.glob("*.npz")) else ["no model is in the bundle"])


def _pages(bundle: Path) -> list[str]:
    marks = ("http://", "https://", "<script src", "@import", "url(")
    pages = list((bundle / "space").glob("*.html"))
    found = [f"{p.name}: holds {m}" for p in pages for m in marks if m in p.read_text(encoding="utf-8")]
    return found if pages else ["the Space has no page"]


def repro(root: Path) -> dict[str, Any]:
    """The hash of every shipped piece of evidence and of every source it came from."""
    evidence = [p for p in shelf.HOME.rglob("*") if p.is_file()]
    sources = list((root / "experiments").rglob("*.py"))
    return {"kind": "repro", "evidence": hash_files(root, evidence), "sources": hash_files(root, sources)}
