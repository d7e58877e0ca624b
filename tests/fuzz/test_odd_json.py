"""What is odd JSON, or none, is answered alike by every runtime: a desk's debugger carries out nothing that a device
refuses, and refuses nothing that it does.
"""

import re

import link_fuzz
import odd_json

from firmware.usb import link

# What depends on the runtime itself, and on how long a thing took.
OF_THE_RUNTIME = ("heap_free_bytes", "worst_lateness_ms", "uptime_s")

# A value of a profile that is wrong is shown as the runtime shows it: a letter with an accent, or its number.
QUOTED = re.compile(r"'.*('|\.\.\.)")


class Asking(link_fuzz.Pest):
    """Sends its lines and keeps each with its answer."""

    def __init__(self, lines):
        super().__init__(len(lines), 0, iter(lines))
        self.answers = []

    def _judge(self, line):
        asked = self._waiting[0]
        super()._judge(line)
        if self.wrong is not None and "answered" in self.wrong:
            self.wrong = None  # what another reader would have said is not the question here
        answer = link.decode(line)
        for name in OF_THE_RUNTIME:
            if isinstance(answer.get("ok"), dict):
                answer["ok"].pop(name, None)
        error = answer.get("error", {})
        if error.get("code") == "invalid":
            error["text"] = QUOTED.sub("'...'", error["text"])
        self.answers.append((asked, answer))


def answers(lines, runtime):
    asking = Asking(lines)
    bench = link_fuzz.bench_of(asking, plays=False)
    link_fuzz.BOOT[runtime](bench, link_fuzz.ISOLATED)
    assert asking.wrong is None, asking.wrong
    return asking.answers


def test_every_runtime_answers_odd_json_alike():
    lines = list(odd_json.lines(1, 5000))
    device = answers(lines, "micropython")
    desk = answers(lines, "cpython")
    differ = [
        f"{asked!r}\n  {one}\n  {other}"
        for (asked, one), (_, other) in zip(device, desk, strict=True)
        if one != other
    ]
    assert not differ, f"{len(differ)} of {len(lines)}:\n" + "\n".join(differ[:60])
    carried_out = sum("ok" in answer for _, answer in device)
    assert carried_out > len(device) // 20, "lines that get no further than the JSON prove little"
    assert {"bad_line", "bad_argument", "bad_data", "invalid"} <= {
        answer.get("error", {}).get("code") for _, answer in device
    }
