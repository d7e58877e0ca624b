"""A computer's wire whose other end answers from a table: for tests of what is said to a device, without one."""

from firmware.usb import link
from host_tools.device.client import DeviceRefused

HELLO = {
    "product": "calando",
    "protocol": link.PROTOCOL,
    "unit": "a1b2",
    "firmware": "0.1.0",
    "board": "pico",
    "schema": "88C39449",
    "mode": "idle",
    "line": 512,
}
STATUS = {
    "mode": "idle", "phase": "idle", "reason": None, "minutes_left": 0, "uptime_s": 4000, "profile": None,
    "confirmed": False, "fell_back": None, "calibrated": False, "full_scale_dba": 74, "staged": 0, "commit": "none",
    "supply_v": 5.02,
    "sensor_fault": None, "adc_fault": None, "dose_today_min": 0, "flash_free_bytes": 1376256,
    "heap_free_bytes": 60000, "worst_lateness_ms": 12,
}  # fmt: skip


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
