"""The studio put together: one process, bound to this computer alone, behind the gate."""

import re
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, Response
from nicegui import ui

from host_tools.studio import frame, upload
from host_tools.studio.gate import Gate, kept_key
from host_tools.studio.studio import Studio
from simulator.files.errors import CalandoError, os_reason

HOST = "127.0.0.1"
PORT = 8642
_NAME = re.compile(r"[A-Za-z0-9_-]+\.[a-z0-9]+")


def serve(port: str | None, listen: int | None, ready: Callable[[str], Any]) -> None:
    """Serve until it is stopped. `ready` is called with the address, token included, once it answers.

    port: of the device, "sim", or None. listen: the port of the page; None is PORT, or any free one. Raises CalandoError.
    """
    with _socket(listen) as bound:
        studio = Studio(port)
        try:
            number = bound.getsockname()[1]
            gate = Gate(_application(studio), number, kept_key(studio.folder / "key"))
            server = _Server(uvicorn.Config(gate, log_level="critical", lifespan="on", timeout_graceful_shutdown=1,
                                            ws_max_size=1_000_000), lambda: ready(gate.address))  # fmt: skip
            studio.start()
            server.run(sockets=[bound])
        finally:
            studio.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], Any]):
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def _socket(listen: int | None) -> socket.socket:
    """A socket bound to this computer's own address."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            bound.bind((HOST, PORT if listen is None else listen))
        except OSError:
            if listen is not None:
                raise
            bound.bind((HOST, 0))
    except OSError as error:
        bound.close()
        raise CalandoError(
            f"port {listen} cannot be listened on ({os_reason(error)}); choose another with --listen"
        ) from None
    return bound


def _application(studio: Studio) -> FastAPI:
    application = FastAPI(openapi_url=None)
    owner = frame.Owner()

    def file(folder: str, name: str) -> Response:
        path = studio.folder / folder / name
        if not _NAME.fullmatch(name) or not path.is_file():
            return Response("There is no such file.", status_code=404, media_type="text/plain")
        return FileResponse(path, filename=name if folder == "uploads" else None)

    @application.get("/sound/{name}")
    def sound(name: str) -> Response:
        return file("sounds", name)

    @application.get("/made/{name}")
    def made(name: str) -> Response:
        return file("made", name)

    @application.get("/file/{name}")
    def download(name: str) -> Response:
        return file("uploads", name)

    @application.post("/upload")
    async def receive(request: Request) -> Response:
        return await upload.receive(studio, request)

    async def page() -> None:
        await frame.build(studio, owner)

    ui.run_with(
        application,
        root=page,
        title="Calando",
        favicon="🎵",
        dark=None,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        binding_refresh_interval=None,
        reconnect_timeout=30.0,
    )
    return application
