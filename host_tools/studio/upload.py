"""Files from the browser to this computer's disk, in pieces: never a whole file in memory, and none beyond a size."""

import inspect
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from host_tools.studio import widgets as w
from host_tools.studio.studio import Studio
from host_tools.studio.texts import _

LARGEST_BYTES = 50_000_000  # three minutes of uncompressed sound are 35

# The browser sends the file by itself; the page is told under which name it arrived.
_SEND = """async (e) => {
    const file = e.target.files[0];
    e.target.value = "";
    if (!file) return;
    if (file.size > LARGEST) { emit({error: TOO_LARGE}); return; }
    emit({begins: file.name});
    try {
        const headers = {"X-Name": encodeURIComponent(file.name)};
        const answer = await fetch("/upload", {method: "POST", body: file, headers});
        emit(await answer.json());
    } catch (error) { emit({error: LOST}); }
}"""


def drop_zone(studio: Studio, text: str, accept: str, act: Callable[[Path, str], Any]) -> None:
    """Make a place to drop a file on, or to choose one. `act` gets its path here, which it removes, and the name it had."""
    said: Any = None

    async def arrived(event: Any) -> None:
        told = event.args
        w.put_text(said, told.get("error", ""))
        if "key" in told:
            path = studio.folder / "uploads" / Path(told["key"]).name
            if path.is_file():
                done = act(path, told["name"])
                if inspect.isawaitable(done):
                    await done

    with w.tag("label", None, "drop"):
        w.tag("span", text)
        field = w.tag("input", None, "", type="file", accept=accept)
        script = _SEND.replace("TOO_LARGE", _quoted(_too_large())).replace("LARGEST", str(LARGEST_BYTES))
        field.on(
            "change",
            arrived,
            js_handler=script.replace("LOST", _quoted(_("It did not arrive; try it again."))),
        )
    said = w.tag("p", "", "problem", role="status")


def _too_large() -> str:
    return _("The file has more than {most} MB; choose a shorter one.", most=LARGEST_BYTES // 1_000_000)


def _quoted(text: str) -> str:
    return json.dumps(text)


async def receive(studio: Studio, request: Request) -> JSONResponse:
    """Answer POST /upload: {"key", "name"}, or {"error"} with a sentence, and then nothing is kept."""
    name = Path(unquote(request.headers.get("x-name", "file"))).name[:100] or "file"
    suffix = Path(name).suffix.lower()[:10]
    path = studio.folder / "uploads" / (secrets.token_hex(8) + (suffix if suffix[1:].isalnum() else ""))
    size = 0
    try:
        with path.open("wb") as file:
            async for piece in request.stream():
                size += len(piece)
                if size > LARGEST_BYTES:
                    raise ValueError
                file.write(piece)
    except (ValueError, OSError, ClientDisconnect) as error:
        path.unlink(missing_ok=True)
        text = (
            _too_large()
            if isinstance(error, ValueError)
            else _("It could not be kept; make room on the disk.")
        )
        return JSONResponse({"error": text}, status_code=413 if isinstance(error, ValueError) else 500)
    return JSONResponse({"key": path.name, "name": name})
