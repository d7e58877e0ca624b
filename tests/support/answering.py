"""A computer's wire whose other end answers from a table: for tests of what is said to a device, without one."""

from firmware.usb import link
from host_tools.device.client import DeviceRefused

HELLO = {
    "product": "calando",
    "protocol": link.PROTOCOL,
    "unit": "a1b2",
    "firmware": "0.1.0",
    "mode": "idle",
    "line": 512,
}


class Answering:
    """A wire with a table of answers at its end; each is a dict, a refusal, bytes to send as they are, or a list of
    those, one for each time that it is asked."""

    name = "/dev/ttyTEST"

    def __init__(self, **answers):
        self.answers = {"hello": HELLO, **answers}
        self.asked = []
        self.closed = False
        self._out = b""

    def send(self, data):
        if data == b"\n":
            self._out += link.encode({"id": None, "error": {"code": "bad_line", "text": "Not a line."}})
            return
        message = link.decode(data)
        self.asked.append(message)
        answer = self.answers[message["cmd"]]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if callable(answer):
            answer = answer(message)
        if isinstance(answer, DeviceRefused):
            answer = {"id": message["id"], "error": {"code": answer.code, "text": str(answer)}}
        elif isinstance(answer, dict):
            answer = {"id": message["id"], "ok": answer}
        if isinstance(answer, Exception):
            raise answer
        self._out += answer if isinstance(answer, bytes) else link.encode(answer)

    def receive(self, timeout_s):
        data, self._out = self._out, b""
        return data

    def close(self):
        self.closed = True
