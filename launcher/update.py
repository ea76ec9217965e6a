"""The word update: to the newest version and, when anything fails, back to the one before.

Nothing is changed before there is a way back: the data are backed up, the packages kept, and a note lies
beside the lab that says how. Only the standard library is needed here, and everything is loaded before the
first file changes.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from launcher import journal, setup
from launcher.checkout import Checkout, Place
from launcher.journal import Journal
from launcher.packages import keep_packages, packages_back
from launcher.running import anything_running, ask_to_stop
from launcher.settle import known_schemas, newer_than
from nma13.agreement import agree
from nma13.config import ROOT, data_dir
from nma13.errors import LabError
from nma13.store.backup import backup
from nma13.store.doctor import diagnose

PINS = ("requirements*.txt", "constraints.txt")


def update(arguments: list[str]) -> int:
    """Go to the newest version: backup, fetch, install, bring the data up to date, check; back again if that fails."""
    parser = argparse.ArgumentParser(prog="./lab update", description=update.__doc__)
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--check", action="store_true", help="only say whether there is a newer version")
    ways.add_argument("--back", action="store_true", help="go back to the version before the last update")
    parser.add_argument("--yes", action="store_true", help="stop running loops without asking")
    chosen = parser.parse_args(arguments)
    checkout = Checkout(ROOT)
    checkout.place()  # in a folder that is no clone, not even a lock is left behind
    with journal.alone(ROOT) as lock:
        noted = journal.read(ROOT)
        if noted is not None and noted.state != "done":
            _say(f"An update to {noted.version_after} was interrupted. It is taken back first.")
            _take_back(checkout, noted, lock, rescue=ROOT / ".lab-update.patch")
            _say(f"This is {noted.version_before} again.")
            if chosen.back:
                return 0
            os.execv(
                sys.executable, [sys.executable, "-P", "-m", "launcher", "update", *arguments]
            )  # with its own code
        if chosen.back:
            return _back(checkout, noted, lock, sure=chosen.yes)
        return _forward(checkout, lock, only_look=chosen.check, sure=chosen.yes)


def _forward(checkout: Checkout, lock: IO[str], *, only_look: bool, sure: bool) -> int:
    place = checkout.place()
    if not only_look:
        checkout.refuse_changes()
    _say(f"Asking {place.remote} for a newer version …")
    target = checkout.fetch(place)
    here = checkout.version(place.commit)
    if not checkout.ahead(place.commit, target):
        print(f"This is the newest version: {here}.")
        return 0
    _refuse_diverged(checkout, place, target)
    there = checkout.version(target)
    if only_look:
        print(f"There is a newer version: {there}; this is {here}. ./lab update goes there.")
        return 0
    ask_to_stop(anything_running(data_dir()), sure=sure)
    _say(f"From {here} to {there}.")
    noted = _prepare(checkout, place, target)
    try:
        checkout.forward(target)
        _settle(noted, lock)
    except BaseException as failure:  # whatever happened, Ctrl-C too: back to what worked
        _say("The update failed. Going back …")
        _take_back(checkout, noted, lock)
        if not isinstance(failure, Exception):
            raise
        raise LabError(
            f"{failure}\nThe lab is {noted.version_before} again, with the packages and the data it had."
        ) from None
    journal.write(ROOT, replace(noted, state="done"))
    print(f"Updated to {there}. CHANGELOG.md says what is new; ./lab update --back returns to {here}.")
    return 0


def _refuse_diverged(checkout: Checkout, place: Place, target: str) -> None:
    if own := checkout.ahead(target, place.commit):
        raise LabError(
            f"This clone has {own} commit{'s' if own > 1 else ''} of its own on «{place.branch}», so it cannot simply "
            "go forward. Nothing was changed. Join the two with git (git pull --rebase), then run ./lab setup."
        )


def _prepare(checkout: Checkout, place: Place, target: str) -> Journal:
    """The way back, before the first change."""
    data = data_dir()
    made = None
    if data.is_dir() and any(data.glob("*.db")):
        _say("Backing up your data …")
        made = backup(data / "backups", data).folder
        _say(f"  {made}")
    pins_change = checkout.differs(place.commit, target, *PINS)
    noted = Journal(
        before=place.commit,
        after=target,
        version_before=checkout.version(place.commit),
        version_after=checkout.version(target),
        data=str(data),
        backup=str(made) if made else None,
        known=known_schemas(),
        pins=setup.installed(),
        kept_venv=pins_change and not setup.chosen_by_hand() and keep_packages(setup.VENV),
        trouble=[[finding.where, finding.what] for finding in diagnose(data).findings if finding.severity == "error"],
    )
    journal.write(ROOT, noted)
    return noted


def _settle(noted: Journal, lock: IO[str]) -> None:
    """What only the new version's own code can do."""
    if setup.chosen_by_hand():
        _say("The Python in use is one of your own; its packages are left as they are.")
    else:
        _run("install", *{"core": "", **noted.pins}, lock=lock)
    _say("Bringing the data up to date and checking the new version …")
    found = _run("check", noted.data, lock=lock)
    news = [finding for finding in found["trouble"] if finding not in noted.trouble]
    if news:
        raise LabError("The doctor finds what was not there before: " + "; ".join(": ".join(f) for f in news))


def _take_back(checkout: Checkout, noted: Journal, lock: IO[str], rescue: Path | None = None) -> None:
    """Files, packages, data, in this order; each step may be repeated, so an interruption here does no harm."""
    with _unstoppable():
        checkout.back(noted.before, rescue)
        if rescue and rescue.exists():
            _say(f"What differed from the version before is kept in {rescue}.")
        if noted.kept_venv:
            packages_back(setup.VENV)
        if newer_than(Path(noted.data), noted.known):
            told = _run("data-back", noted.data, noted.backup or "", lock=lock)
            _tell_data(noted, told)
        journal.erase(ROOT)


def _back(checkout: Checkout, noted: Journal | None, lock: IO[str], *, sure: bool) -> int:
    """On demand, perhaps months after the update."""
    if noted is None:
        raise LabError("There is no version to go back to: ./lab update has not been used here, or was taken back.")
    checkout.refuse_changes()
    if checkout.commit() != noted.after:
        raise LabError(
            f"Since the update, this clone has moved on from {noted.version_after} by other means. Nothing was "
            f"changed. With git you can still go back: git reset --keep {noted.before[:12]}, then ./lab setup."
        )
    ask_to_stop(anything_running(Path(noted.data)), sure=sure)
    if too_new := newer_than(Path(noted.data), noted.known):
        _agree_to_older_data(noted, too_new, sure=sure)
    journal.write(ROOT, replace(noted, state="going back"))
    _take_back(checkout, noted, lock)
    print(f"This is {noted.version_before} again. ./lab update goes to the newest version.")
    return 0


def _agree_to_older_data(noted: Journal, too_new: list[str], *, sure: bool) -> None:
    told = (
        f"{noted.version_before} cannot read {', '.join(too_new)} as they are now. Your data would go back to the "
        "backup made at the update; what you made since is moved aside, not deleted, and readable by the newer "
        "version."
    )
    agree(told, "Go back?", sure=sure, otherwise="If that is what you want: ./lab update --back --yes")


def _tell_data(noted: Journal, told: dict[str, Any]) -> None:
    if told["restored"]:
        _say(f"Your data are those of the backup {noted.backup}; what was there lies in a folder before-restore-….")
    if told["aside"]:
        _say(f"What only the newer version can read lies in {told['aside']}.")


@contextmanager
def _unstoppable() -> Iterator[None]:
    """A second Ctrl-C, of somebody in a hurry, must not leave half of a way back."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _run(step: str, *arguments: str, lock: IO[str]) -> dict[str, Any]:
    """One step of `launcher.settle` by the code that lies there now. It holds our lock for as long as it runs."""
    python = setup.venv_python() if setup.venv_python().exists() and not setup.chosen_by_hand() else sys.executable
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(python), "-m", "launcher.settle", step, *arguments],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE if step == "check" else None,
        text=True, pass_fds=(lock.fileno(),), check=False,
    )  # fmt: skip
    if done.returncode != 0:
        last = [line for line in (done.stderr or "").splitlines() if line.strip()][-1:]
        raise LabError(last[0] if last else f"The step «{step}» of the update failed; see above.")
    try:
        return dict(json.loads(done.stdout or "{}"))
    except ValueError:
        raise LabError(f"The step «{step}» of the update did not say how it went: {done.stdout[-200:]!r}") from None
