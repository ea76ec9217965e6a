"""Publishing the pages on one's own tailnet: the lab stays on loopback, `tailscale serve` brings https."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from nma13.config import LOOPBACK
from nma13.errors import LabError

ANSWER_WITHIN_S = 20
MAC_APP = "/Applications/Tailscale.app/Contents/MacOS/Tailscale"


@dataclass(frozen=True, slots=True)
class Tailscale:
    """The program and the name this machine has on its tailnet."""

    program: str
    name: str

    def publish(self, ports: Iterable[int]) -> tuple[str, ...]:
        """Serve each port under the same number, over https; returns the addresses."""
        addresses = []
        for port in ports:
            _run(self.program, "serve", "--bg", f"--https={port}", f"http://{LOOPBACK}:{port}")
            addresses.append(f"https://{self.name}:{port}/")
        return tuple(addresses)

    def withdraw(self, ports: Iterable[int]) -> None:
        """Take back what `publish` did; each port is tried even if another fails."""
        failures = []
        for port in ports:
            try:
                _run(self.program, "serve", f"--https={port}", "off")
            except LabError as failure:
                failures.append(str(failure))
        if failures:
            raise LabError(" ".join(failures))


def find() -> Tailscale:
    """The tailscale of this machine, signed in and running, or a sentence that says what is missing."""
    program = shutil.which("tailscale") or shutil.which(MAC_APP)
    if program is None:
        raise LabError(
            "--share-on tailscale needs the tailscale program, and it is not on this machine. "
            "Install it from tailscale.com, run «tailscale up», then try again. Nothing was started."
        )
    status = json.loads(_run(program, "status", "--json"))
    name = str((status.get("Self") or {}).get("DNSName", "")).rstrip(".").lower()
    if status.get("BackendState") != "Running" or not name:
        raise LabError(
            "tailscale is installed but not connected. Run «tailscale up», then try again. "
            "Nothing was started or shared."
        )
    return Tailscale(program, name)


def _run(program: str, *words: str) -> str:
    command = " ".join(["tailscale", *words])
    try:
        ran = subprocess.run(
            [program, *words],
            capture_output=True,
            text=True,
            timeout=ANSWER_WITHIN_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise LabError(
            f"«{command}» did not answer within {ANSWER_WITHIN_S} s. It may be waiting for you to allow "
            "HTTPS in the tailscale admin page; run it by hand to see."
        ) from None
    if ran.returncode != 0:
        raise LabError(f"«{command}» failed: {(ran.stderr or ran.stdout).strip() or 'no reason given'}")
    return ran.stdout
