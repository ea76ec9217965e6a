"""The ASGI guard itself: one fixed order of questions before any app sees a request."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from starlette.middleware.gzip import GZipMiddleware

from apps.access import Access
from apps.guard import answers
from apps.guard.asking import Asking, Headers, Refusal, Scope, cleaned, judge, read
from apps.guard.body import Body, Limits, Receive, read_all, too_large
from apps.guard.page import sign_in_page
from apps.guard.sign_in import COOKIE, SESSION_S, SignIn

Message = MutableMapping[str, Any]
Send = answers.Send
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

HTML = "text/html; charset=utf-8"
GZIP_FROM_BYTES = 1024
USED_LINK = "That link has been used or is too old. Use the token instead."


class Guard:
    """Stands before one app. `sign_in` is shared by all guards of a process."""

    def __init__(
        self,
        app: AsgiApp,
        access: Access,
        sign_in: SignIn,
        health: dict[str, str],
        limits: Limits | None = None,
    ) -> None:
        self._app: Any = GZipMiddleware(app, minimum_size=GZIP_FROM_BYTES, compresslevel=5)
        self._access = access
        self._sign_in = sign_in
        self._health = json.dumps({"ok": True, **health}).encode()
        self._limits = limits or Limits()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same questions; a refusal closes the handshake before it is accepted."""
        asking = read(scope, self._access)
        if isinstance(asking, Refusal) or judge(asking, self._access.hosts) or not self._known(asking):
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
            return
        await self._app(cleaned(scope, asking), receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        asking = read(scope, self._access)
        if isinstance(asking, Refusal):
            await answers.say_words(answers.outgoing(send, None, lambda: True), None, asking.status, asking.words)
            return
        body = Body(receive, self._limit(asking), self._limits)
        send = answers.outgoing(send, asking, lambda: asking.has_body and not body.ended)
        if refusal := judge(asking, self._access.hosts):
            await answers.say_words(send, asking, refusal.status, refusal.words)
            return
        if asking.path == "/healthz" and asking.method in ("GET", "HEAD"):
            head = asking.method == "HEAD"
            await answers.say(send, 200, self._health, "application/json", head_only=head)
        elif self._sign_in.required and asking.path in ("/sign-in", "/sign-out"):
            await self._door(asking, body, send)
        elif not await self._turned_away(scope, asking, send):
            await self._pass_on(scope, asking, body, send)

    # Who

    def _known(self, asking: Asking) -> bool:
        return not self._sign_in.required or self._has_session(asking) or self._bearer(asking) is True

    def _has_session(self, asking: Asking) -> bool:
        cookie: SimpleCookie = SimpleCookie()
        try:
            cookie.load(asking.headers.get(b"cookie", b"").decode("latin-1"))
        except CookieError:
            return False
        return COOKIE in cookie and self._sign_in.is_session(cookie[COOKIE].value)

    def _bearer(self, asking: Asking) -> bool | None:
        """None: none given. A wrong one is a guess and is counted like one."""
        scheme, _, word = asking.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        throttle = self._sign_in.throttle
        if throttle.wait(asking.client) > 0:
            return False
        if self._sign_in.is_token(word.strip()):
            return True
        throttle.failed(asking.client)
        return False

    async def _turned_away(self, scope: Scope, asking: Asking, send: Send) -> bool:
        """True when the request was answered here instead of by the app."""
        if not self._sign_in.required:
            return False
        query = scope.get("query_string", b"").decode("latin-1")
        if asking.method == "GET" and "token=" in query and not _is_prefetch(asking):
            code = parse_qs(query).get("token", [""])[0]
            if self._sign_in.redeem(code):
                rest = urlencode([pair for pair in parse_qsl(query) if pair[0] != "token"])
                target = scope["path"] + (f"?{rest}" if rest else "")
                await self._welcome(asking, target, send)
                return True
        if self._known(asking):
            return False
        if (wait := self._sign_in.throttle.wait(asking.client)) > 0 and b"authorization" in asking.headers:
            await self._later(asking, wait, "/", send)
        elif answers.wants_page(asking) and asking.method in ("GET", "HEAD"):
            notice = USED_LINK if "token=" in query else ""
            await self._sign_in_page(401, asking.path, send, notice)
        else:
            await answers.say_words(send, asking, 401, "Sign in first.", [(b"www-authenticate", b"Bearer")])
        return True

    # The door

    async def _door(self, asking: Asking, body: Body, send: Send) -> None:
        if asking.path == "/sign-out" and asking.method == "POST":
            gone = f"{COOKIE}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
            await answers.say(send, 303, b"", HTML, answers.redirect_headers("/sign-in", gone))
        elif asking.path == "/sign-in" and asking.method == "POST":
            await self._try(asking, body, send)
        elif asking.path == "/sign-in" and asking.method in ("GET", "HEAD"):
            await self._sign_in_page(200, "/", send)
        else:
            await answers.say_words(send, asking, 405, "That cannot be done here.")

    async def _try(self, asking: Asking, body: Body, send: Send) -> None:
        throttle = self._sign_in.throttle
        if (wait := throttle.wait(asking.client)) > 0:  # before looking, or waiting would not slow a guesser
            await self._later(asking, wait, "/", send)
            return
        raw = await read_all(body)
        if raw is None:
            await answers.say_words(send, asking, *(body.refusal or (400, "The request broke off.")))
            return
        form = parse_qs(raw.decode("utf-8", "replace"))
        target = answers.local_target(form.get("next", ["/"])[0])
        if throttle.wait(asking.client) > 0 or not self._sign_in.is_token(form.get("token", [""])[0].strip()):
            throttle.failed(asking.client)
            await self._sign_in_page(401, target, send, "That is not the token.")
            return
        throttle.succeeded(asking.client)
        await self._welcome(asking, "/" if target.startswith("/sign-") else target, send)

    async def _welcome(self, asking: Asking, target: str, send: Send) -> None:
        cookie = f"{COOKIE}={self._sign_in.new_session()}; HttpOnly; SameSite=Lax; Path=/; Max-Age={SESSION_S}"
        if asking.scheme == "https":
            cookie += "; Secure"
        await answers.say(send, 303, b"", HTML, answers.redirect_headers(target, cookie))

    async def _later(self, asking: Asking, wait: float, target: str, send: Send) -> None:
        seconds = math.ceil(wait)
        words = f"Too many attempts. Try again in {seconds} s."
        extra = [(b"retry-after", str(seconds).encode())]
        if answers.wants_page(asking):
            await self._sign_in_page(429, target, send, words, extra)
        else:
            await answers.say_words(send, asking, 429, words, extra)

    async def _sign_in_page(
        self, status: int, target: str, send: Send, notice: str = "", extra: Headers | None = None
    ) -> None:
        page = sign_in_page(answers.local_target(target), notice)
        await answers.say(send, status, page, HTML, extra, answers.SIGN_IN_POLICY)

    # The app

    async def _pass_on(self, scope: Scope, asking: Asking, body: Body, send: Send) -> None:
        started = answered = False

        async def refuse(status: int, words: str) -> None:
            nonlocal answered
            answered = True
            if not started:
                await answers.say_words(send, asking, status, words)

        async def finish(message: Message) -> None:
            nonlocal started
            if answered:  # the guard has spoken; what the app still says goes nowhere
                return
            if message["type"] == "http.response.start":
                started = True
                headers = answers.finish_headers(list(message.get("headers", [])), asking, message["status"])
                message = {**message, "headers": headers}
            await send(message)

        body.when_refused = refuse
        declared = asking.headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > body.limit:
            await refuse(413, too_large(body.limit))
            return
        await self._app(cleaned(scope, asking), body, finish)

    def _limit(self, asking: Asking) -> int:
        at_door = self._sign_in.required and asking.path == "/sign-in"
        return self._limits.sign_in_bytes if at_door else self._limits.for_path(asking.path)


def _is_prefetch(asking: Asking) -> bool:
    """A browser guessing what comes next must not use a link up."""
    return b"prefetch" in asking.headers.get(b"sec-purpose", b"") + asking.headers.get(b"purpose", b"")
