"""Signing in: the long-lived token, one-time links and the session cookie, kept apart from each other."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from apps.guard.throttle import Throttle

COOKIE = "nma_session"
SESSION_S = 30 * 24 * 3600
CODE_S = 30 * 60
CODES_OPEN = 32


class SignIn:
    """What all pages of one process share, so that a link works once and guesses are counted together."""

    def __init__(
        self,
        token: str | None,
        key: bytes,
        clock: Callable[[], float] = time.time,
        throttle: Throttle | None = None,
    ) -> None:
        self._token = _digest(token) if token else None
        # Bound to the token as well as to the key: a new token signs everybody out.
        self._key = hmac.digest(key, b"session\0" + (token or "").encode(), "sha256")
        self._clock = clock
        self._codes: OrderedDict[bytes, float] = OrderedDict()
        self.throttle = throttle or Throttle()

    @property
    def required(self) -> bool:
        """False on plain loopback."""
        return self._token is not None

    def is_token(self, word: str) -> bool:
        """Constant-time; both sides are digests, so not even the length shows."""
        return self._token is not None and hmac.compare_digest(_digest(word), self._token)

    def mint_code(self) -> str:
        """A code for one `?token=` link: works once, within half an hour, unrelated to the token."""
        code = secrets.token_urlsafe(24)
        self._codes[_digest(code)] = self._clock() + CODE_S
        while len(self._codes) > CODES_OPEN:
            self._codes.popitem(last=False)
        return code

    def redeem(self, code: str) -> bool:
        """Use a code up. Looked up by digest, so timing tells nothing about a code."""
        expires = self._codes.pop(_digest(code), None)
        return expires is not None and self._clock() <= expires

    def new_session(self) -> str:
        """A cookie value: when it ends, a nonce, and a seal over both. It is not the token."""
        body = f"{int(self._clock()) + SESSION_S}.{secrets.token_urlsafe(12)}"
        return f"{body}.{self._seal(body)}"

    def is_session(self, value: str) -> bool:
        """True for a value that we sealed and that has not ended."""
        body, _, seal = value.rpartition(".")
        if not hmac.compare_digest(seal.encode(), self._seal(body).encode()):
            return False
        ends, _, _ = body.partition(".")
        return ends.isdecimal() and self._clock() <= int(ends)

    def _seal(self, body: str) -> str:
        return hmac.new(self._key, body.encode(), hashlib.sha256).hexdigest()


def session_key(folder: Path) -> bytes:
    """The key that seals sessions, made on first use, readable by its owner only.

    It lies in the data folder so that a restart does not sign everybody out, and so that a stolen
    cookie cannot be used to guess a weak password offline. Deleting the file ends every session.
    """
    path = folder / "access.key"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = folder / f".access.key.{os.getpid()}.{secrets.token_hex(4)}"
    if not path.exists():
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(temporary, path)  # whoever is first wins; the file is never seen half written
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    key = path.read_bytes()
    if len(key) < 32:
        path.unlink()
        return session_key(folder)
    return key


def _digest(word: str) -> bytes:
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()
