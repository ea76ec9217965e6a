"""Publishing on a tailnet, with a stand-in program that records what it was told."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from apps import tailscale
from nma13.errors import LabError

PROGRAM = """#!/bin/sh
echo "$@" >> "{log}"
case "$1" in
  status) echo '{{"BackendState": "{state}", "Self": {{"DNSName": "Box.Tail.ts.net."}}}}' ;;
  serve) {serve} ;;
esac
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, state: str = "Running", serve: str = ":") -> Path:
    log, program = folder / "log", folder / "tailscale"
    program.write_text(PROGRAM.format(log=log, state=state, serve=serve))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    return log


def test_each_port_is_published_and_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = install(tmp_path, monkeypatch)
    found = tailscale.find()
    assert found.name == "box.tail.ts.net"
    assert found.publish([7, 8]) == ("https://box.tail.ts.net:7/", "https://box.tail.ts.net:8/")
    found.withdraw([7, 8])
    assert log.read_text().splitlines()[1:] == [
        "serve --bg --https=7 http://127.0.0.1:7",
        "serve --bg --https=8 http://127.0.0.1:8",
        "serve --https=7 off",
        "serve --https=8 off",
    ]


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tailscale, "MAC_APP", str(tmp_path / "none"))
    with pytest.raises(LabError, match=r"Install it from tailscale\.com"):
        tailscale.find()
    install(tmp_path, monkeypatch, state="NeedsLogin")
    with pytest.raises(LabError, match="not connected"):
        tailscale.find()


def test_a_refusal_of_tailscale_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, serve="echo 'Serve is not enabled' >&2; exit 1")
    with pytest.raises(LabError, match="Serve is not enabled"):
        tailscale.find().publish([7])
    with pytest.raises(LabError, match=r"=7 off.*=8 off"):
        tailscale.find().withdraw([7, 8])
