"""The lab's own git clone: what an update asks of it, each failure told in a sentence."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from nma13.errors import LabError

UNTOUCHED = "Nothing was changed."
ARCHIVE = """This copy of the lab is no git clone (it was unpacked from an archive), so it cannot fetch a newer version.
Nothing was changed. To go to a newer version by hand:
  1. ./lab backup               prints the folder of the backup
  2. unpack the new version into a folder of its own, beside this one
  3. there: ./lab restore BACKUP
This copy stays as it is; delete it when the new one has proved itself."""
# A folder that holds git's index is locked for as long as a git command writes; a killed one leaves the lock behind.
LOCK_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the clone stands, and whom it follows."""

    commit: str
    branch: str
    remote: str
    follows: str  # the branch's name at the remote


class Checkout:
    """Runs git in one folder. Only `fetch` speaks to another machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self) -> Place:
        """Refuses where an update could not end well: no clone, changed files, nobody to follow."""
        if shutil.which("git") is None and (self.root / ".git").exists():
            raise LabError(f"The program git is missing, with which this lab was fetched. {UNTOUCHED} Install git.")
        if not (self.root / ".git").exists():
            raise LabError(ARCHIVE)
        branch = self.ask("symbolic-ref", "--short", "-q", "HEAD", may_fail=True)
        if not branch:
            raise LabError(
                f"This clone stands on a single commit and follows no branch. {UNTOUCHED} "
                "Go back to a branch first, for example with: git switch main"
            )
        remote = self.ask("config", f"branch.{branch}.remote", may_fail=True)
        merge = self.ask("config", f"branch.{branch}.merge", may_fail=True)
        if not remote or not merge:
            raise LabError(
                f"The branch «{branch}» follows no other, so there is nowhere to fetch from. {UNTOUCHED} "
                f"Name one with: git branch --set-upstream-to=origin/{branch}"
            )
        return Place(self.commit(), branch, remote, merge.removeprefix("refs/heads/"))

    def refuse_changes(self) -> None:
        """Files of the lab that were changed here would get in the way of either direction."""
        changed = [line[3:] for line in self.ask("status", "--porcelain", "--untracked-files=no").splitlines()]
        if changed:
            named = ", ".join(changed[:5]) + (f" and {len(changed) - 5} more" if len(changed) > 5 else "")
            raise LabError(
                f"Files of the lab were changed here: {named}. {UNTOUCHED} "
                "Commit them, put them aside with «git stash», or take them back with «git checkout -- FILE»."
            )

    def commit(self) -> str:
        return self.ask("rev-parse", "HEAD")

    def fetch(self, place: Place) -> str:
        """The newest commit of the branch that is followed. Nothing but git's own store changes."""
        slow = ("-c", "http.lowSpeedLimit=100", "-c", "http.lowSpeedTime=60")
        done = self._git(*slow, "fetch", "--quiet", place.remote, place.follows)
        if done.returncode != 0:
            raise LabError(
                f"The newer version could not be fetched: {_last(done)}. {UNTOUCHED} "
                "Look at the network and at «git remote -v», then run ./lab update again."
            )
        return self.ask("rev-parse", "FETCH_HEAD")

    def ahead(self, base: str, tip: str) -> int:
        """How many commits `tip` has that `base` lacks."""
        return int(self.ask("rev-list", "--count", f"{base}..{tip}"))

    def forward(self, commit: str) -> None:
        """Fast-forward only; git itself refuses before the first file where something is in the way."""
        done = self._git("merge", "--ff-only", "--quiet", commit)
        if done.returncode != 0:
            raise LabError(f"git could not go forward: {_last(done)}")

    def back(self, commit: str, rescue: Path | None = None) -> None:
        """To an earlier commit. With `rescue`, after an interruption: what differs from the commit is kept there."""
        if rescue is None:
            done = self._git("reset", "--quiet", "--keep", commit)
        else:
            self._wait_for_lock()
            if changes := self._git("diff", "--binary", "HEAD").stdout:
                rescue.write_text(changes, encoding="utf-8", errors="surrogateescape")
            done = self._git("reset", "--quiet", "--hard", commit)
        if done.returncode != 0:
            raise LabError(
                f"git could not go back to {commit[:12]}: {_last(done)}. "
                f"By hand: git -C {self.root} reset --keep {commit[:12]}"
            )

    def version(self, commit: str) -> str:
        """What that commit calls itself."""
        found = re.search(r'__version__ = "([^"]+)"', self.ask("show", f"{commit}:nma13/__init__.py", may_fail=True))
        return f"{found.group(1) if found else 'unnamed'} ({commit[:8]})"

    def differs(self, one: str, other: str, *paths: str) -> bool:
        return self._git("diff", "--quiet", one, other, "--", *paths).returncode != 0

    def ask(self, *arguments: str, may_fail: bool = False) -> str:
        done = self._git(*arguments)
        if done.returncode != 0:
            if may_fail:
                return ""
            raise LabError(f"git refused «{' '.join(arguments)}»: {_last(done)}. {UNTOUCHED}")
        return done.stdout.strip("\n")

    def _git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        env["LC_ALL"] = "C"  # git's words are shown, and one language is easier to look up
        return subprocess.run(
            ["git", "-C", str(self.root), *arguments],
            env=env, capture_output=True, encoding="utf-8", errors="surrogateescape", check=False,
        )  # fmt: skip

    def _wait_for_lock(self) -> None:
        lock = self.root / self.ask("rev-parse", "--git-path", "index.lock")
        give_up = time.monotonic() + LOCK_PATIENCE_S
        while lock.exists() and time.monotonic() < give_up:  # a git that outlived its killed parent ends by itself
            time.sleep(0.1)
        lock.unlink(missing_ok=True)


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("fatal:", "error:"))] or lines or ["it said nothing"]
    return told[0].strip().rstrip(".")
