"""The bedside around the simulated microcontroller: chips, patient, room, button, power.

A runtime (simulator/runtimes) boots the firmware and hands every message of its `machine` to `Bedside.handle`. Time is
the firmware's own: this side only ever looks at the time that came with a message, and says until when nothing happens.
"""

import platform
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np

from firmware import board
from firmware.memory.journal import CHIP_FAULTS, POPULATIONS, RECORD_BYTES, read_record
from firmware.reasons import ENDS, PHASES
from simulator.breath_row import NO_BREATH, breath_row
from simulator.chips.ads1115 import ADS1115
from simulator.chips.bus import I2CBusModel
from simulator.chips.faults import FaultyTarget
from simulator.chips.max30102 import MAX30102
from simulator.chips.ssd1306 import SSD1306
from simulator.computer import Computer
from simulator.files import programme_file
from simulator.flash import PAGE_BYTES, Flash
from simulator.patient import Script
from simulator.scenario import Event, Scenario
from simulator.sound import Sound
from simulator.target.messages import (
    FLASH_ERASE,
    FLASH_READ,
    FLASH_WRITE,
    I2C,
    I2C_INIT,
    I2S_DATA,
    I2S_GAP,
    I2S_START,
    I2S_STOP,
    PIN,
    PIN_READ,
    PWM,
    RESET,
    SCRATCH_READ,
    SCRATCH_WRITE,
    SYNC,
    UART,
    USB,
    USB_NEWS,
)

POWER_ON_RESET, WATCHDOG_RESET = 1, 3
RESET_US = 20_000  # from a reset to the first line of boot.py
POWER_GAP_S = 5.0  # how long a power cut lasts when its event does not say
QUIET_ROOM_DBA = 45.0
SUPPLY_V = 5.0
LOOK_AHEAD_US = (
    5_000_000  # as far as a patient is worked out in one go, and before what it hears can change it
)
BROWN_OUT_V = 1.8  # Pico data sheet: below it VSYS feeds nothing on the board

Answer = tuple[int, bytes, int, int]  # status, data, how long it took (us), when something next happens (us)


class Stopped(BaseException):
    """The power is off or the chip resets: nothing of the firmware may run on. Not an Exception, so that no handler
    of the firmware takes it for one of its own."""


class RuntimeDied(Exception):
    """The interpreter that ran the firmware is gone; the text says how and when."""


@dataclass
class Boot:
    """One run of the firmware from reset to reset."""

    start_us: int
    reset_cause: int


@dataclass
class Result:
    """What came out of a session; see DESIGN.md section 6 for the columns and keys."""

    scenario: Scenario
    runtime: str
    seed: int
    pcm: np.ndarray
    rows: list[dict[str, Any]]
    events: list[dict[str, Any]]
    summary: dict[str, Any] = field(default_factory=dict)
    sounds: dict[str, bytes] = field(
        default_factory=dict
    )  # where the profile names a recording: that and its own song, as on the device


class Bedside:
    """Everything outside the microcontroller for one scenario. `handle` answers it, `result` tells how it went.

    Without a `flash` the device has one of its own, with the scenario's profile committed.
    """

    spare_heap_bytes = (
        0  # more heap than the chip has, for what a desk's interpreter loses over days (live.py)
    )

    def __init__(
        self,
        scenario: Scenario,
        seed: int | None = None,
        progress: Callable[[dict], None] | None = None,
        display: bool = False,
        flash: Flash | None = None,
        computer: Computer | None = None,
    ):
        self.scenario = scenario
        self.seed = scenario.seed if seed is None else seed
        self.end_us = int(scenario.duration_s * 1_000_000)
        self.now_us = 0
        self.sound = Sound()
        if flash is None:
            flash = Flash()
            flash.commit_profile(scenario.profile_values(), scenario.own_files())
        self.flash = flash
        self.computer = Computer() if computer is None else computer
        self.next_boot: Boot | None = Boot(0, POWER_ON_RESET)
        self.scratch = [0] * 8  # the watchdog's registers: they outlive a reset
        self._progress = progress
        self._patient = scenario.make_patient(self.seed)
        self._supply_v = Script(SUPPLY_V)
        self._room_dba = Script(QUIET_ROOM_DBA)
        self._knob_percent = Script(100.0)  # it only ever turns down
        self._sensor = MAX30102(
            self._patient,
            lights_exchanged=scenario.board.lights_exchanged,
            look_ahead_us=LOOK_AHEAD_US,
        )
        self._targets = {
            "max30102": FaultyTarget(self._sensor, self.seed),
            "ads1115": FaultyTarget(ADS1115(self._volts), self.seed + 1),
        }
        # The display is optional on the board too: it is there when a scenario does something to it.
        if display or any(event.faulty_chip == "ssd1306" for event in scenario.events):
            self._targets["ssd1306"] = FaultyTarget(SSD1306(), self.seed + 2)
        self.buses = {board.I2C_BUS: I2CBusModel(self._targets.values())}
        self._frequency_hz = {board.I2C_BUS: board.I2C_FREQUENCY_HZ}
        self._inputs: list[tuple[int, int, int]] = []  # (us, pin, level) still to come, soonest first
        self._world: list[tuple[int, Callable[[int], None]]] = []
        self._levels = {board.PIN_BUTTON: 1, board.PIN_USB_POWER: 0, board.PIN_SENSOR_INTERRUPT: 1}
        self._unseen = dict(self._levels)
        self._outputs: dict[int, int] = {}
        self._uart = bytearray()
        self._breath = NO_BREATH  # of the row that follows
        self._rows: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self.lights: list[tuple[float, int, int]] = []  # (s, pin, duty)
        for event in scenario.events:
            self._schedule(event)
        for from_us, until_us in _fingers(scenario.events):
            self._input(board.PIN_BUTTON, 0, from_us, until_us)
        for from_s, until_s in self._supply_v.below(BROWN_OUT_V):
            self._at(int(from_s * 1e6), partial(self._brown_out, until_s))

    # --- the script ----------------------------------------------------------------------------------------------

    def _schedule(self, event: Event) -> None:
        at_us = int(event.at_s * 1e6)
        until_us = None if event.lasts_s is None else at_us + int(event.lasts_s * 1e6)
        self._at(at_us, lambda now_us: self._tell(event))
        if event.do in ("press", "hold"):
            return
        if event.do == "usb_host":
            self._input(board.PIN_USB_POWER, 0 if event.to == 0 else 1, at_us, until_us)
        elif event.do == "usb_bytes":
            self.usb_send(event.at_s, (event.text or "").encode())
        elif event.faulty_chip is not None:
            # What has no end in the script has none for the device either: no nine clocks free a chip that is broken.
            self._targets[event.faulty_chip].fail(
                event.fault_kind or "nack", at_us, until_us, released_by="power"
            )
        elif event.do == "flash_worn":
            self._at(at_us, lambda now_us: self._wear_flash(event.to != 0))
            if until_us is not None:
                self._at(until_us, lambda now_us: self._wear_flash(event.to == 0))
        elif event.do == "power_cut":
            self._at(at_us, lambda now_us: self._power_cut(at_us, event.lasts_s or POWER_GAP_S))
        elif event.do == "sensor_clock":
            self._at(at_us, lambda now_us: self._sensor_clock(event.to or 0.0, now_us))
            if until_us is not None:
                self._at(until_us, lambda now_us: self._sensor_clock(0.0, now_us))
        else:
            script = {"supply": self._supply_v, "room_sound": self._room_dba, "knob": self._knob_percent}.get(
                event.do
            )
            if script is not None and event.to is not None:
                script.set(event.to, event.at_s, event.over_s, event.lasts_s)

    def _at(self, at_us: int, happen: Callable[[int], None]) -> None:
        insort(self._world, (at_us, happen), key=lambda entry: entry[0])

    def _input(self, pin: int, level: int, at_us: int, until_us: int | None) -> None:
        insort(self._inputs, (at_us, pin, level))
        if until_us is not None:
            insort(self._inputs, (until_us, pin, 1 - level))

    def usb_send(self, at_s: float, data: bytes) -> None:
        """Let the computer send bytes at that time, if one is connected then; `computer.heard` has the answers."""
        self._at(int(at_s * 1e6), lambda now_us: self.computer.send(data))

    def usb_reads(self, at_s: float, reads: bool) -> None:
        """Let the computer stop reading, or begin again, at that time; it does read unless told otherwise."""

        def change(now_us: int) -> None:
            self.computer.reads = reads

        self._at(int(at_s * 1e6), change)

    def _tell(self, event: Event) -> None:
        detail = {
            key: value
            for key, value in event.model_dump(exclude_none=True, exclude_defaults=True).items()
            if key not in ("at_s", "do")
        }
        self._events.append({"time_s": event.at_s, "kind": event.do, "detail": detail})

    def _wear_flash(self, worn: bool) -> None:
        self.flash.worn = worn

    def _sensor_clock(self, percent_fast: float, now_us: int) -> None:
        self._sensor.set_oscillator(int(percent_fast * 10_000), now_us)

    def _power_cut(self, now_us: int, for_s: float) -> None:
        back_us = now_us + int(for_s * 1e6)
        self.sound.power_off(now_us)
        self.scratch[:] = [0] * 8
        for target in self._targets.values():
            target.power_cycle(now_us)
        self.next_boot = Boot(back_us, POWER_ON_RESET) if back_us < self.end_us else None
        raise Stopped

    def _brown_out(self, until_s: float | None, now_us: int) -> None:
        """The supply is too low for the chip. To MicroPython a brown-out is a power-on (RP2040 data sheet, HAD_POR)."""
        self._events.append({"time_s": now_us / 1e6, "kind": "reset", "detail": {"why": "brown_out"}})
        self._power_cut(now_us, (self.end_us if until_s is None else until_s * 1e6 - now_us) / 1e6)

    def _world_until(self, now_us: int) -> None:
        while self._world and self._world[0][0] <= now_us:
            at_us, happen = self._world.pop(0)
            happen(at_us)
        if now_us >= self.end_us:
            self.next_boot = None
            self.sound.power_off(self.end_us)
            raise Stopped

    def _next_event_us(self) -> int:
        soonest = self.end_us
        if self._inputs and self._inputs[0][0] < soonest:
            soonest = self._inputs[0][0]
        if self._world and self._world[0][0] < soonest:
            soonest = self._world[0][0]
        news_us = self.computer.due_us()
        return soonest if news_us is None else min(soonest, news_us)

    # --- what the microcontroller asks ---------------------------------------------------------------------------

    def handle(self, op: int, a: int, b: int, payload: bytes, now_us: int) -> Answer | None:
        """Answer one message of the device. Raises Stopped when its power is gone or it resets."""
        self.now_us = now_us
        if op == I2S_DATA:
            self.sound.data(payload)
            return None
        if (self._world and self._world[0][0] <= now_us) or now_us >= self.end_us:
            self._world_until(now_us)
        if op == I2C:
            bus = a >> 7
            status, data, took_us = self.buses[bus].transfer(
                a & 0x7F, payload if payload or not b else None, b, True, now_us, self._frequency_hz[bus]
            )
            return status, data, took_us, self._next_event_us()
        if op == SYNC:
            changes = self._pin_changes(now_us)
            news = self.computer.news(b, now_us)
            if news:
                changes += bytes((USB_NEWS,)) + news
            return 0, changes, 0, self._next_event_us()
        if op == USB:
            self.computer.hear(payload, now_us)
        elif op == UART:
            self._trace(payload, now_us)
        elif op == PIN:
            self._output(a, b, now_us)
        elif op == PWM:
            self.lights.append((now_us / 1e6, a, b))
        elif op == I2S_GAP:
            self.sound.gap(int.from_bytes(payload[:4], "little"), int.from_bytes(payload[4:], "little"))
        elif op == I2S_START:
            self.sound.start(b, now_us)
        elif op == I2S_STOP:
            self.sound.stop(now_us)
        elif op == I2C_INIT:
            self._frequency_hz[a] = b * 1000
            self.buses[a].timeout_us = int.from_bytes(payload, "little")
        elif op == PIN_READ:
            level = (
                self.buses[board.I2C_BUS].sda_level(now_us)
                if a == board.PIN_I2C_SDA
                else self._outputs.get(a, 1)
            )
            return level, b"", 0, self._next_event_us()
        elif op == FLASH_READ:
            offset, count = int.from_bytes(payload[:4], "little"), int.from_bytes(payload[4:], "little")
            return 0, self.flash.read(offset, count), 0, self._next_event_us()
        elif op == FLASH_WRITE:
            took_us = self.flash.program(b * PAGE_BYTES, payload)
            self.sound.interrupts_off(took_us)
            return 0, b"", took_us, self._next_event_us()
        elif op == FLASH_ERASE:
            took_us = self.flash.erase(int.from_bytes(payload, "little"))
            self.sound.interrupts_off(took_us)
            return 0, b"", took_us, self._next_event_us()
        elif op == SCRATCH_READ:
            return 0, self.scratch[a].to_bytes(4, "little"), 0, self._next_event_us()
        elif op == SCRATCH_WRITE:
            self.scratch[a] = int.from_bytes(payload, "little")
        elif op == RESET:
            why = payload.decode()
            self._events.append({"time_s": now_us / 1e6, "kind": "reset", "detail": {"why": why}})
            self.sound.power_off(now_us)  # the reset turns every pin into an input: the pull-down mutes
            self.next_boot = Boot(now_us + RESET_US, WATCHDOG_RESET)
            raise Stopped
        else:
            raise ValueError(f"message {op} means nothing here")
        return None

    def boot(self) -> Boot:
        """Begin the next run of the firmware; its pins are asked for anew."""
        boot, self.next_boot = self.next_boot, None
        if boot is None:
            raise RuntimeError("there is no further boot")
        self._unseen = dict(self._levels)
        self.computer.forget()
        return boot

    def _pin_changes(self, now_us: int) -> bytes:
        while self._inputs and self._inputs[0][0] <= now_us:
            _, pin, level = self._inputs.pop(0)
            self._levels[pin] = level
            self._unseen[pin] = level
            if pin == board.PIN_USB_POWER:
                self.computer.plug(level == 1)
        changes = bytes(value for pair in self._unseen.items() for value in pair)
        self._unseen.clear()
        return changes

    def _output(self, pin: int, level: int, now_us: int) -> None:
        before, self._outputs[pin] = self._outputs.get(pin, 1), level
        if pin == board.PIN_AMPLIFIER_ON:
            self.sound.amplifier.sd_mode(level, now_us)
        elif pin == board.PIN_I2C_SCL and level and not before:
            self.buses[board.I2C_BUS].clock_pulses(1, now_us)

    def _volts(self, channel: int, now_us: int) -> float:
        """Return what the board's analogue inputs carry (docs/hardware: the same constants as firmware/board.py)."""
        t_s = now_us / 1e6
        if channel == board.ADC_ROOM_SOUND:
            return self._room_dba.at(t_s) * board.ROOM_SOUND_MV_PER_DBA / 1000
        if channel == board.ADC_KNOB:
            return self._knob_percent.at(t_s) / 100 * board.KNOB_FULL_MV / 1000
        if channel == board.ADC_SUPPLY:
            return self._supply_v.at(t_s) / board.SUPPLY_DIVIDER
        return self.sound.envelope(now_us) * 2**0.5 * board.OUTPUT_FULL_SCALE_MV / 1000

    # --- what the device tells -----------------------------------------------------------------------------------

    def _trace(self, data: bytes, now_us: int) -> None:
        self._uart += data
        while len(self._uart) >= RECORD_BYTES + 2:
            frame = self._uart[: RECORD_BYTES + 2]
            if frame[0] != 0xA5 or sum(frame[1:-1]) & 0xFF != frame[-1]:
                del self._uart[0]
                continue
            del self._uart[: RECORD_BYTES + 2]
            record = read_record(bytes(frame[1:-1]))
            if record.get("kind") == "breath":
                self._breath = breath_row(record)
            elif "kind" in record:
                kind, value = record["kind"], record["detail"]
                detail: dict[str, Any] = {"reason": record["reason"]}
                if kind == "phase":
                    detail["phase"] = PHASES[value]
                elif kind == "end":
                    detail["end"] = ENDS[value]
                elif kind == "fault":
                    detail["chip_fault"] = CHIP_FAULTS[value]
                elif kind == "profile":
                    detail |= {"population": POPULATIONS[value], "sha256": record["sha256"]}
                elif kind == "segment":
                    detail |= programme_file.segment_of(value)
                else:
                    detail["value"] = value
                self._events.append(
                    {"time_s": round(now_us / 1e6, 3), "kind": f"device_{kind}", "detail": detail}
                )
            else:
                self._second(record, now_us / 1e6)

    def _second(self, record: dict[str, Any], t_s: float) -> None:
        tempo = _scaled(record["tempo_mbpm"], 1000)
        self._patient.hear(t_s, tempo if self.sound.amplifier.on else None)
        self._patient.breathe_with(t_s, self._breath["pace_bpm"] if self.sound.amplifier.on else None)
        row = {
            "time_s": round(t_s, 3),
            "phase": record["phase"],
            "pulse_rate_bpm": _scaled(record["pulse_rate_mbpm"], 1000),
            "spo2_percent": _scaled(record["spo2_permille"], 10),
            "perfusion_index_percent": _scaled(record["perfusion_index_ppm"], 10_000),
            "quality": record["quality_percent"],
            "contact": int(record["contact"]),
            "tempo_bpm": tempo,
            "target_tempo_bpm": _scaled(record["target_tempo_mbpm"], 1000),
            "level_dba": _scaled(record["level_cdba"], 100),
            "true_pulse_rate_bpm": _rounded(self._patient.true_pulse_rate_bpm(t_s)),
            "true_spo2_percent": _rounded(self._patient.true_spo2_percent(t_s)),
            "reason": record["reason"],
            **self._breath,
            "true_breathing_rate_bpm": _rounded(self._patient.true_breathing_rate_bpm(t_s)),
        }
        self._breath = NO_BREATH
        self._rows.append(row)
        if self._progress is not None:
            self._progress(row)

    def display_picture(self) -> str:
        """Return what the display shows, a character a point; only on a bench that has one."""
        return self._targets["ssd1306"].picture()

    def saved(self, name: str, slots: int = 2) -> bytes | None:
        """Return a record of the device's store as flash holds it now."""
        return self.flash.load(name, slots)

    def result(self, runtime: str, wall_s: float, interpreter: dict[str, Any]) -> Result:
        """Return everything recorded, once the last boot has ended; `interpreter` is what the runtime says of its own."""
        pcm = self.sound.heard(self.scenario.duration_s)
        events = sorted(self._events, key=lambda event: event["time_s"])
        end, reason = _ending(events)
        summary = {
            "title": self.scenario.title,
            "seed": self.seed,
            "runtime": runtime,
            "duration_s": self.scenario.duration_s,
            "end": end,
            "reason": reason,
            "underruns": self.sound.underruns,
            "underrun_frames": self.sound.underrun_frames,
            "amplifier_pops": len(self.sound.amplifier.pops),
            "flash_erased_while_audible": self.sound.garbage,
            "stale_sound_repeats": self.sound.stale,
            "samples_lost": self._sensor.samples_lost,
            "i2c_transactions": sum(bus.transactions for bus in self.buses.values()),
            "flash_erases": self.flash.erases,
            "heap": {
                **{name: value for name, value in interpreter.items() if name != "micropython"},
                "free_bytes": [
                    event["detail"]["value"] for event in events if event["kind"] == "device_heap"
                ],
            },
            "versions": {
                "calando": version("calando"),
                "python": platform.python_version(),
                "micropython": interpreter.get("micropython"),
            },
            "wall_s": round(wall_s, 3),
        }
        return Result(
            self.scenario,
            runtime,
            self.seed,
            pcm,
            self._rows,
            events,
            summary,
            self._recording_and_song(),
        )

    def _recording_and_song(self) -> dict[str, bytes]:
        values = self.scenario.profile_values()
        if values["voice"] == "none":
            return {}
        there = {
            name: self.flash.file(name) for name in (f"voice.{values['voice']}", f"song.{values['song']}")
        }
        return {name: data for name, data in there.items() if data is not None}


def _fingers(events: list[Event]) -> list[tuple[int, int]]:
    """From when until when (us) the button is down: fingers that overlap, or follow without a gap, are one finger."""
    found: list[tuple[int, int]] = []
    for event in sorted(events, key=lambda event: event.at_s):
        if event.do in ("press", "hold") and event.lasts_s is not None:
            from_us, until_us = int(event.at_s * 1e6), int((event.at_s + event.lasts_s) * 1e6)
            if found:
                down_us, up_us = found[-1]
                if from_us <= up_us:
                    found[-1] = down_us, max(up_us, until_us)
                    continue
            found.append((from_us, until_us))
    return found


def _scaled(value: int | None, divisor: int) -> float | None:
    return None if value is None else value / divisor


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _ending(events: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    """Return how the last session ended, from the device's own journal: DESIGN.md section 4, `[expect]`."""
    for event in reversed(events):
        if event["kind"] == "device_end":
            return event["detail"]["end"], event["detail"]["reason"]
    return None, None
