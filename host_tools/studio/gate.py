"""Who may speak to the studio: this computer's browser that was given the address, and no page of anybody else.

Plain ASGI around everything that is served, websockets too. A request passes that names this server as its host, comes
from a page of this server or from none, and carries the cookie that the one-time token of the address was changed into.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

Asgi = Callable[
    [dict[str, Any], Callable[..., Awaitable[Any]], Callable[..., Awaitable[Any]]], Awaitable[Any]
]

# Where a page of ours may fetch from: from here. Vue compiles its templates, hence unsafe-eval.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob: data:; font-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
SPENT = (
    "This address was used already, or belongs to an earlier start. In the browser that used it, open {address} ; "
    "in another one, stop the studio (Ctrl-C in its window), start it again and open the address that it prints."
)
FOREIGN = "The studio answers its own page only."
PAGES = ("navigate",)  # what a person opens themselves; everything else is fetched by a page


class Gate:
    """`Gate(app, port, key)` is an ASGI application; `address` is what a person opens, with its token.

    key: kept between starts, so that a page that was open when the studio stopped goes on with the next one.
    """

    def __init__(self, app: Asgi, port: int, key: bytes):
        self._app = app
        self._cookie = f"calando_studio_{port}"
        self._pass = hmac.new(key, b"%d" % port, hashlib.sha256).hexdigest()
        self._token: str | None = secrets.token_urlsafe(24)
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self.base = f"http://127.0.0.1:{port}/"
        self.address = f"{self.base}?token={self._token}"

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._ours(scope, headers):
            await _refuse(scope, receive, send, 403, FOREIGN)
        elif self._known(headers):
            await self._app(scope, receive, _with_headers(send) if scope["type"] == "http" else send)
        elif scope["type"] == "http" and self._spends_token(scope):
            cookie = f"{self._cookie}={self._pass}; Path=/; HttpOnly; SameSite=Strict"
            moved = [(b"location", b"/"), (b"set-cookie", cookie.encode()), *HEADERS]
            await send({"type": "http.response.start", "status": 303, "headers": moved})
            await send({"type": "http.response.body", "body": b""})
        else:
            await _refuse(scope, receive, send, 403, SPENT.format(address=self.base))

    def _ours(self, scope: dict[str, Any], headers: dict[str, str]) -> bool:
        """Return whether it names us as the host and no other page sent it."""
        if headers.get("host") not in self._hosts:
            return False
        origin = headers.get("origin")
        if origin is not None:
            return origin.removeprefix("http://") in self._hosts
        if scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD"):
            return False  # a browser says where such a request comes from
        fetched = headers.get("sec-fetch-mode", "navigate") not in PAGES
        return not (fetched and headers.get("sec-fetch-site") in ("cross-site", "same-site"))

    def _known(self, headers: dict[str, str]) -> bool:
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(cookie.value, self._pass)

    def _spends_token(self, scope: dict[str, Any]) -> bool:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        right = self._token is not None and hmac.compare_digest(given.encode(), self._token.encode())
        if right:
            self._token = None
        return right


def kept_key(path: Path) -> bytes:
    """Return the key in a file that only its owner can read; make one where there is none."""
    try:
        key = path.read_bytes()
        if len(key) == 32:
            return key
    except FileNotFoundError:
        pass
    key = secrets.token_bytes(32)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(key)
    return key


def _with_headers(send: Any) -> Any:
    async def sent(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *HEADERS]}
        await send(message)

    return sent


async def _refuse(scope: dict[str, Any], receive: Any, send: Any, status: int, sentence: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": (sentence + "\n").encode()})
