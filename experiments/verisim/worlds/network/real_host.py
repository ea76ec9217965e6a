"""One host of the real network: a process in a network namespace of its own, told what to do in lines of JSON.

It is run as a file, needs nothing but Python, `ip` and `nft`, and ends when its input does.
"""

from __future__ import annotations

import contextlib
import errno
import json
import socket
import subprocess
import sys
from pathlib import Path

PATIENCE = 1.0
AT_HOME = 0.02  # to oneself the kernel makes a connection within the call, or never: a host that is down
FIREWALL = """
table inet world {
  set denied { type ipv4_addr; }
  chain entering {
    type filter hook input priority 0; policy accept;
    iif lo accept
    tcp flags & (syn|ack) == syn ip saddr @denied reject with tcp reset
  }
}
"""


class Here:
    """What this host listens on, and the connections it holds."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.listening: dict[int, socket.socket] = {}
        self.accepted: list[socket.socket] = []
        self.flows: dict[str, socket.socket] = {}
        for name, value in (("ip_forward", "1"), ("conf/all/rp_filter", "0"), ("conf/default/rp_filter", "0")):
            Path("/proc/sys/net/ipv4", name).write_text(value, encoding="ascii")
        self.ip(f"addr add {address}/32 dev lo", "link set lo up")
        self.nft(FIREWALL)

    def ip(self, *lines: str) -> int:
        """All lines in one call; an error in one does not stop the rest. The number of the last error that counts."""
        done = subprocess.run(
            ["ip", "-force", "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False
        )
        return done.returncode

    def nft(self, words: str) -> int:
        return subprocess.run(["nft", "-f", "-"], input=words, capture_output=True, text=True, check=False).returncode

    def carriers(self) -> list[str]:
        """The interfaces whose other end answers, as the kernel sees it."""
        told = json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout)
        return [each["ifname"] for each in told if "LOWER_UP" in each["flags"] and each["ifname"] != "lo"]

    def listen(self, port: int) -> int:
        if port in self.listening:
            return errno.EADDRINUSE
        found = socket.socket()
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((self.address, port))
        found.listen(128)
        found.setblocking(False)
        self.listening[port] = found
        return 0

    def unlisten(self, port: int) -> int:
        found = self.listening.pop(port, None)
        if found is not None:
            found.close()
        return 0

    def accept(self) -> None:
        """Connections the kernel has already made are taken off its queue."""
        for found in self.listening.values():
            with contextlib.suppress(BlockingIOError):
                while True:
                    self.accepted.append(found.accept()[0])

    def reach(self, to: str, port: int) -> socket.socket | None:
        found = socket.socket()
        found.settimeout(AT_HOME if to == self.address else PATIENCE)
        try:
            found.bind((self.address, 0))
            found.connect((to, port))
        except OSError:
            found.close()
            return None
        return found

    def reaches(self, asked: list[tuple[str, int]]) -> list[bool]:
        said = []
        for to, port in asked:
            found = self.reach(to, port)
            said.append(found is not None)
            if found is not None:
                found.close()
        return said

    def connect(self, to: str, port: int) -> bool:
        """A connection that stays; asked for twice, the first is kept."""
        found = self.reach(to, port)
        if found is not None:
            kept = self.flows.setdefault(f"{to}:{port}", found)
            if kept is not found:
                found.close()
        return found is not None

    def close(self, to: str, port: int) -> bool:
        found = self.flows.pop(f"{to}:{port}", None)
        if found is not None:
            found.close()
        return found is not None


def main() -> None:
    here = Here(sys.argv[1])
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        word, *arguments = json.loads(line)
        said = getattr(here, word)(*arguments)
        print(json.dumps(said), flush=True)
        here.accept()


if __name__ == "__main__":
    main()
