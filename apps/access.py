"""Who may reach the pages, and how: one frozen value shared by guard, shell and settings page."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nma13.config import LOOPBACK, is_loopback
from nma13.errors import UsageError

LOOPBACK_NAMES = frozenset({LOOPBACK, "localhost", "[::1]"})
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - named here in order to be refused without --allow-host
SHORTEST_TOKEN = 10


@dataclass(frozen=True, slots=True)
class Access:
    """Where the pages listen and what a visitor must bring. Beyond loopback there is always a token."""

    bind: str = LOOPBACK
    hosts: frozenset[str] = LOOPBACK_NAMES
    token: str | None = field(default=None, repr=False)
    generated: bool = False
    proxy: str | None = None
    tailnet: str | None = None

    def __post_init__(self) -> None:
        if (self.tailnet or not is_loopback(self.bind)) and not self.token:
            raise UsageError(
                f"the lab will not listen on {self.tailnet or self.bind} without a token: whoever reaches "
                "that address could read and write everything you keep here. Nothing was started."
            )

    @property
    def mode(self) -> str:
        """One sentence for the settings page."""
        if self.tailnet:
            return f"this machine and your tailnet, as {self.tailnet}; everybody signs in"
        if not is_loopback(self.bind):
            names = ", ".join(sorted(self.hosts - LOOPBACK_NAMES))
            return f"the network, at {self.bind}, under the name {names}; everybody signs in"
        return "this machine only; everybody signs in" if self.token else "this machine only"


def choose_access(
    *,
    host: str | None = None,
    allow_hosts: Iterable[str] = (),
    tailnet: str | None = None,
    proxy: str | None = None,
    require_token: bool = False,
    env: Mapping[str, str] = os.environ,
) -> Access:
    """Turn the words of a command line into an Access, or say in words why that would be unsafe."""
    bind = host or LOOPBACK
    named = {_host_name(name) for name in allow_hosts}
    if tailnet and not is_loopback(bind):
        raise UsageError("--share-on tailscale keeps the lab on loopback; leave --host out.")
    if bind in EVERYWHERE and not named:
        raise UsageError(
            f"--host {bind} needs --allow-host NAME: the name people will type to reach this machine. "
            "Requests for any other name are refused; that is what stops foreign pages from reading yours."
        )
    if bind not in EVERYWHERE:
        named.add(_host_name(f"[{bind}]" if ":" in bind else bind))
    if tailnet:
        named.add(_host_name(tailnet))
    token, generated = None, False
    if tailnet or require_token or not is_loopback(bind):
        token = env.get("NMA_TOKEN", "").strip() or None
        if token is None:
            token, generated = secrets.token_urlsafe(24), True
        elif len(token) < SHORTEST_TOKEN:
            raise UsageError(
                f"NMA_TOKEN has {len(token)} characters; at least {SHORTEST_TOKEN} are needed, because "
                "everything you keep here lies behind it. Without NMA_TOKEN the lab makes one and prints it."
            )
    return Access(
        bind=bind,
        hosts=LOOPBACK_NAMES | named,
        token=token,
        generated=generated,
        proxy=_address(proxy) if proxy else (LOOPBACK if tailnet else None),
        tailnet=tailnet,
    )


def _host_name(name: str) -> str:
    """A name as it stands in a Host header, without a port."""
    plain = name.strip().lower().rstrip(".")
    inner = plain.removeprefix("[").removesuffix("]")
    if not plain or any(mark in plain for mark in "/@*? ") or (":" in inner and inner == plain):
        raise UsageError(f"«{name}» is not a host name. Give the bare name, without http:// and port.")
    return plain


def _address(proxy: str) -> str:
    try:
        return str(ipaddress.ip_address(proxy))
    except ValueError:
        raise UsageError(f"--proxy wants the IP address the proxy connects from, not «{proxy}».") from None
