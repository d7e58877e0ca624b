"""Who may speak to the studio: hosts, origins, the token that is good once, the cookie after it."""

import asyncio

import pytest

from host_tools.studio.gate import Gate, kept_key

PORT = 8642
HOME = f"127.0.0.1:{PORT}"


def ask(gate, path="/", method="GET", kind="http", **headers):
    """(status, headers, body) of one request; a websocket that is let through has status 101."""
    sent = []
    headers.setdefault("host", HOME)
    path, _, query = path.partition("?")
    scope = {
        "type": kind,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    if kind == "http":
        scope["method"] = method

    async def receive():
        return {"type": f"{kind}.connect"}

    async def send(message):
        sent.append(message)

    asyncio.run(gate(scope, receive, send))
    if kind == "websocket":
        return 101 if sent[0]["type"] == "websocket.accept" else sent[0]["code"], {}, b""
    return (
        sent[0]["status"],
        {name.decode(): value.decode() for name, value in sent[0]["headers"]},
        sent[-1]["body"],
    )


async def inside(scope, receive, send):
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"the page"})


@pytest.fixture
def gate():
    return Gate(inside, PORT, b"k" * 32)


@pytest.fixture
def cookie(gate):
    _, headers, _ = ask(gate, gate.address.removeprefix(gate.base.rstrip("/")))
    return headers["set-cookie"].split(";")[0]


def test_the_token_becomes_a_cookie_once(gate):
    path = gate.address.removeprefix(gate.base.rstrip("/"))
    status, headers, _ = ask(gate, path)
    assert (
        status == 303 and headers["location"] == "/" and "HttpOnly; SameSite=Strict" in headers["set-cookie"]
    )
    assert ask(gate, "/", cookie=headers["set-cookie"].split(";")[0])[2] == b"the page"
    status, _, body = ask(gate, path)
    assert status == 403 and b"used already" in body


def test_without_the_cookie_nothing_passes(gate, cookie):
    assert ask(gate)[0] == 403
    assert ask(gate, "/?token=guessed")[0] == 403
    assert ask(gate, cookie=cookie[:-1] + "x")[0] == 403
    assert ask(gate, kind="websocket", origin=f"http://{HOME}")[0] == 1008


@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1:1", "", "127.0.0.1"])
def test_another_host_is_refused_though_the_cookie_is_right(gate, cookie, host):
    assert ask(gate, host=host, cookie=cookie)[0] == 403
    assert ask(gate, kind="websocket", host=host, cookie=cookie, origin=f"http://{HOME}")[0] == 1008


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://127.0.0.1:9000", "http://localhost:9000", "null", f"https://{HOME}"],
)
def test_a_page_of_another_origin_is_refused_though_the_cookie_is_right(gate, cookie, origin):
    assert ask(gate, "/upload", "POST", cookie=cookie, origin=origin)[0] == 403
    assert ask(gate, cookie=cookie, origin=origin)[0] == 403
    assert ask(gate, kind="websocket", cookie=cookie, origin=origin)[0] == 1008


def test_what_changes_something_says_where_it_comes_from(gate, cookie):
    assert ask(gate, "/upload", "POST", cookie=cookie)[0] == 403
    assert ask(gate, kind="websocket", cookie=cookie)[0] == 1008
    assert ask(gate, "/upload", "POST", cookie=cookie, origin=f"http://{HOME}")[0] == 200
    assert ask(gate, kind="websocket", cookie=cookie, origin=f"http://{HOME}")[0] == 101


def test_another_page_may_not_fetch_what_a_person_may_open(gate, cookie):
    assert (
        ask(gate, "/sound/a.wav", cookie=cookie, sec_fetch_site="same-site", sec_fetch_mode="no-cors")[0]
        == 403
    )
    assert ask(gate, "/", cookie=cookie, sec_fetch_site="cross-site", sec_fetch_mode="navigate")[0] == 200


def test_every_answer_forbids_requests_to_anywhere_else(gate, cookie):
    _, headers, _ = ask(gate, cookie=cookie)
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert (
        "http:" not in headers["content-security-policy"]
        and "frame-ancestors 'self'" in headers["content-security-policy"]
    )


def test_the_key_is_kept_for_its_owner_alone(tmp_path):
    key = kept_key(tmp_path / "key")
    assert len(key) == 32 and kept_key(tmp_path / "key") == key
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
