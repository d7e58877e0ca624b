"""The device put together: every part is made here, joined here, and looked after by the loop.

No rule about music or patients: what is wanted comes from session.py, what is forbidden from guard.py. Whatever goes
wrong in this file, silence is left behind.
"""

import binascii
import gc
import io
import sys
from array import array

import machine
import rp2
from machine import I2C, WDT, Pin
from micropython import const

from firmware import board, boot, reasons
from firmware.audio import Audio
from firmware.care import guard, panel
from firmware.care.conductor import Conductor
from firmware.care.dose import RECORD_BYTES as DOSE_BYTES
from firmware.care.dose import VERSION as DOSE_VERSION
from firmware.care.dose import Dose
from firmware.care.session import Session
from firmware.decibels import FULL_POWER, power_cdb
from firmware.drivers import resets
from firmware.drivers.adc import Adc
from firmware.drivers.button import Button
from firmware.drivers.flash_files import FlashFiles
from firmware.drivers.flash_pages import FlashPages
from firmware.drivers.i2c_bus import CircuitPythonI2C, I2CBus
from firmware.drivers.max3010x import FIFO_DEPTH, MAX3010x
from firmware.drivers.pcm_out import PcmOut
from firmware.drivers.status_light import StatusLight
from firmware.drivers.trace import Trace
from firmware.loop import LOADING_BYTES, Clock, Loop
from firmware.memory import names
from firmware.memory.journal import CHIP_FAULTS, WHY_LEFT, Journal
from firmware.memory.store import Store
from firmware.modules import forget
from firmware.sound.score import Score
from firmware.step import Inputs, Outputs, Prescription

_SOUND_MS = const(16)  # one block
_SENSOR_MS = const(160)  # 16 samples of the 32 that the FIFO holds
_ADC_MS = const(250)  # a channel at a time
SESSION_MS = 100
_JOURNAL_MS = const(1000)
_DISPLAY_MS = const(250)
_DARK = b"\x00\xae"  # a command of the display's
_LINK_MS = const(16)
_RETRY_MS = const(5000)  # a chip in fault is looked for again this often, while nothing plays
WATCHDOG_MS = 2000  # longer than the longest erase; the queue of sound runs out, silent, after 64 ms
_I2C_TIMEOUT_US = const(10_000)  # the default of 50 ms would starve the sound
# The version of the record names.FAULT says whether it is news at a boot:
_DIED = const(1)  # news: this start tells it
_TOLD = const(2)  # no news: it was told, or nothing ever happened
_SEED_MASK = const(0x3FFFFFFF)  # a small integer of the chip
_RUNS_S = const(5)  # after so long this firmware has come as far as its loop
_FAULT_BYTES = const(400)
_FOR_THE_START = ("startup", "prescription", "sound.songs")
# Beyond a full-scale square wave; its square still fits a small integer of the chip.
_OVERDRIVEN_MV = const(2800)


class Device:
    """Every part, and the tasks that move data between them. `loop.turn()` is one turn of the whole device."""

    # From flash, by startup.py.
    unit: str  # hex
    profile: Prescription
    profile_digest: (
        bytes | None
    )  # the first 8 bytes of the committed record's SHA-256; None while there is none
    song: Score
    recording: "SoundRecording | None"  # of the profile's voice  # pyright: ignore[reportUndefinedVariable]
    programme: "Plan | None"  # of the profile's listening programme  # pyright: ignore[reportUndefinedVariable]
    sources: list  # what sounds in each of its segments
    patterns: list  # those of what sounds that are made from a seed
    full_scale_cdba: int  # level at the ear of a full-scale sine
    calibrated: bool
    dose: Dose

    def __init__(self, left=None):
        """left: None, or why the firmware that should run was left for this one: one of journal.WHY_LEFT."""
        self.left = left
        self.clock = clock = Clock()
        self.pcm = PcmOut(
            clock, board.PIN_I2S_DATA, board.PIN_I2S_CLOCK, board.PIN_I2S_WORD_SELECT, board.PIN_AMPLIFIER_ON
        )
        self.light = StatusLight(board.PIN_LIGHT_GREEN, board.PIN_LIGHT_AMBER)
        self.files = FlashFiles(self._audible)
        self.store = Store(self.files)
        self.journal = Journal(FlashPages(rp2.Flash(), self.files, self.pcm), self.store)
        self.trace = Trace(board.PIN_TRACE_TX)
        self._open_journal()
        self.inputs = Inputs()
        self.inputs.fell_back = left is not None
        unusable = self._load()

        bus = I2CBus(_open_i2c, _open_i2c_pins, clock)
        self.sensor = MAX3010x(bus, clock, board.LIGHTS_EXCHANGED)
        self.adc = Adc(
            CircuitPythonI2C(bus),
            clock,
            (
                board.ADC_OUTPUT,
                board.ADC_ROOM_SOUND,
                board.ADC_OUTPUT,
                board.ADC_SUPPLY,
                board.ADC_OUTPUT,
                board.ADC_KNOB,
            ),
        )
        self.vitals = None  # loaded once it is clear that no computer is at the desk
        adult = self.profile.population == "adult"
        self.audio = Audio(
            self.full_scale_cdba,
            guard.ADULT_CEILING_CDBA if adult else guard.NEWBORN_CEILING_CDBA,
            guard.ADULT_CEILING_CDBC if adult else guard.NEWBORN_CEILING_CDBC,
            self.profile.melody == "accompany",
        )
        forget("sound.tables")
        if self.profile.melody == "accompany":
            from firmware.care import accompany

            self.conductor, self.session = accompany.perform(
                self.audio, self.profile, self.dose, self.song, self.recording
            )
        elif self.programme is None:
            self.conductor = Conductor(self.audio, self.song, self.profile.soundscape, self.recording)
            self.session = Session(self.profile, self.dose)
            if self.session.pacer is not None:
                self.audio.set_pace(None, 0, 400)  # loads what makes the swell, before anything sounds
        else:
            from firmware.care.programme import perform

            self.conductor, self.session = perform(
                self.audio, self.profile, self.dose, self.programme, self.sources, self.recording
            )
        self.button = Button(board.PIN_BUTTON)
        self.gestures = panel.Gestures()
        self.usb_power = Pin(board.PIN_USB_POWER, Pin.IN)
        self.outputs = Outputs()

        # A silent session does everything that a session does, and what was made is not heard.
        self.pcm.silent = self.profile.silent
        self.ir = array("i", bytes(4 * FIFO_DEPTH))
        self.red = array("i", bytes(4 * FIFO_DEPTH))
        self._dose_record = bytearray(DOSE_BYTES)
        self._phase = reasons.IDLE
        self._segment = -1
        self._end = None
        self._unsaved = False
        self._ran = False  # long enough to be a firmware that starts
        self._sensed = True  # the estimators were brought something since this was last gathered
        self._was_lit = False
        self._output_mv = None  # measured at the loudspeaker's terminals, and what level it is
        self._output_cdba = None
        self._sensor_fault = None
        self._adc_fault = None
        self._recording_failed = False
        self._sources_away = False  # while a computer is there and nothing is played
        self.computer = None  # at the other end of the cable, while there is one (usb/service.py)
        self.usb = self.usb_power.value() == 1  # there is USB power
        self.sessions_now = 0  # saved since the device was switched on

        self.loop = Loop(clock, WDT(timeout=WATCHDOG_MS))
        self.loop.add("sound", _SOUND_MS, self.sound)
        self.loop.add("button", _SOUND_MS, self.press)
        self.loop.add("sensor", _SENSOR_MS, self.sense)
        self.loop.add("adc", _ADC_MS, self.measure)
        self.loop.add("session", SESSION_MS, self.think)
        self.loop.add("journal", _JOURNAL_MS, self.write_down)
        self.loop.add("mend", _RETRY_MS, self.mend)
        self.loop.add("link", _LINK_MS, self.talk)
        ended = self._why_it_ended()
        self._tell("boot", None, machine.reset_cause())
        for _ in range(unusable):
            self._tell("save_failed")
        if self.inputs.memory_fault is not None:
            self._tell("fault", self.inputs.memory_fault)
        if ended is not None:
            self._tell("fault", ended)
        if left is not None:
            self._tell("fell_back", None, WHY_LEFT.index(left))
        self.sensor.configure()
        self.adc.configure()
        self._look_for_display(bus)
        self.loop.collect()
        self._tell_heap()

    # Tasks

    def sound(self, now_ms):
        """Keep the queue of the loudspeaker full."""
        if self.pcm.running:
            self.pcm.fill(self.audio.render)  # pyright: ignore[reportOptionalCall]

    def press(self, now_ms):
        """Look at the button; what it means is acted on in the same turn."""
        down = self.button.down()
        gestures = self.gestures
        if not down and gestures.was_down is False:
            return
        gesture = gestures.sample(now_ms, down)
        # What is queued can no more be changed: so that a hold ends no sound in mid-wave, it sinks just before.
        self.audio.loudness.hushed = gestures.nearly_held
        if gesture is not None:
            self._tell(gesture)
            if self.computer is not None and self.computer.gesture(gesture, now_ms):
                return
            self.inputs.gesture = gesture
            self.think(now_ms)

    def sense(self, now_ms):
        """Bring the sensor's samples to the estimators."""
        sensor = self.sensor
        vitals = self.vitals
        if sensor.on and vitals is not None:
            count = sensor.read(self.ir, self.red)
            if sensor.lost:
                vitals.lost(sensor.lost)
            if count:
                vitals.add(self.ir, self.red, count)
            if sensor.steer(vitals.led_step):
                vitals.led_changed()
        if vitals is not None:
            vitals.update(now_ms)
        self._sensed = True

    def measure(self, now_ms):
        """Measure one analogue channel."""
        self.adc.step()

    def mend(self, now_ms):
        """Try again what failed: whether a chip may be trusted is asked anew before each session."""
        if self.pcm.running:
            return
        if self.sensor.fault is not None and not self.outputs.sensor_on:
            self.sensor.configure()
        if self.adc.fault is not None:
            self.adc.configure()
        if self.inputs.flash_fault is not None:
            self._save_dose()

    def think(self, now_ms):
        """Bring what is known to the session and its guard, and what they want to the parts."""
        inputs = self.inputs
        outputs = self.outputs
        self._gather()
        self.session.step(now_ms, inputs, outputs)
        inputs.gesture = None
        if self.computer is not None:
            self.computer.light(now_ms, outputs)
        self._obey(outputs)

    def write_down(self, now_ms):
        """Write a row of the journal, and an adult's breath before it."""
        vitals = self.vitals
        if vitals is not None and vitals.variability is not None and self.outputs.sensor_on:
            self.journal.breath(self.clock.uptime_s, vitals.variability, self.outputs)
            self.journal.keep_breath(self.clock.uptime_s)
            self.trace.send(self.journal.record)
        self.journal.row(self.clock.uptime_s, self.outputs, self.inputs)
        if self.outputs.sensor_on:
            self.journal.keep()
        self.trace.send(self.journal.record)
        if not self._ran and self.clock.uptime_s >= _RUNS_S:
            self._ran = True
            resets.reached()

    def talk(self, now_ms):
        """Serve the USB line, where there is a computer. Allocates nothing while nothing comes."""
        computer = self.computer
        if computer is None:
            if self.usb and self.session.over:
                self._make_room()
                from firmware.usb.service import UsbService

                self.computer = UsbService(self)
            elif (self.vitals is None or self._sources_away) and self.inputs.memory_fault is None:
                self._load_vitals()
        elif not self.usb:
            self.computer = None
            computer.close()
        else:
            self._talk_to(computer, now_ms)

    def _talk_to(self, computer, now_ms):
        self._make_room()
        if computer.step(now_ms):
            leave_silence(self)
            resets.reached()
            machine.reset()

    def show(self, now_ms):
        """Bring the display, where there is one, a line nearer to what it should say."""
        session = self.session
        self.display.update(
            self.outputs, session.refused_ms > 0, session.remind_ms > 0, self.left is not None
        )
        self.screen.show(self.display.lines, self.display.on)

    # In between

    def _gather(self):
        inputs = self.inputs
        vitals = self.vitals
        lit = vitals if self.sensor.on else None
        inputs.button_stuck = self.gestures.stuck
        inputs.pulse_reason = None if vitals is None else vitals.pulse_reason
        if self._sensed or self._was_lit != (lit is not None):
            self._sensed = False
            self._was_lit = lit is not None
            self._gather_pulse(inputs, lit)
        self.conductor.gather(inputs, self.pcm.running)
        adc = self.adc
        output_mv = adc.millivolts(board.ADC_OUTPUT)
        if output_mv != self._output_mv:
            self._output_mv = output_mv
            self._output_cdba = self.output_level_cdba(output_mv)
        inputs.measured_level_cdba = self._output_cdba
        room_mv = adc.millivolts(board.ADC_ROOM_SOUND)
        inputs.room_level_cdba = None if room_mv is None else room_mv * 100 // board.ROOM_SOUND_MV_PER_DBA
        knob_mv = adc.millivolts(board.ADC_KNOB)
        knob = None
        if knob_mv is not None:
            knob = knob_mv * 1000 // board.KNOB_FULL_MV
            if knob < 0:
                knob = 0
            elif knob > 1000:
                knob = 1000
        inputs.knob_permille = knob
        supply_mv = adc.millivolts(board.ADC_SUPPLY)
        inputs.supply_mv = None if supply_mv is None else supply_mv * board.SUPPLY_DIVIDER
        self.usb = self.usb_power.value() == 1
        inputs.usb_host_present = self.usb and not board.USB_ISOLATED
        inputs.bench_mode = self.computer is not None and self.computer.bench
        if self.sensor.fault != self._sensor_fault:
            self._sensor_fault = self.sensor.fault
            self._tell("fault", reasons.SENSOR_FAULT, CHIP_FAULTS.index(self.sensor.fault))
        if adc.fault != self._adc_fault:
            self._adc_fault = adc.fault
            self._tell("fault", reasons.ADC_FAULT, CHIP_FAULTS.index(adc.fault))
        inputs.sensor_fault = reasons.SENSOR_FAULT if self.sensor.fault else None
        inputs.adc_fault = reasons.ADC_FAULT if adc.fault else None
        if self.recording is not None and self.recording.failed and not self._recording_failed:
            self._recording_failed = True
            self._tell("recording_failed")
        inputs.audio_fault = reasons.AUDIO_FAULT if self.pcm.underruns else None
        led_ua = self.sensor.led_ir_ua
        inputs.led_current_ua = led_ua if led_ua > self.sensor.led_red_ua else self.sensor.led_red_ua
        inputs.sensor_temperature_centi_c = self.sensor.temperature_centi_c
        inputs.lateness_ms = self.loop.lateness_ms
        inputs.heap_free_bytes = self.loop.heap_free_bytes

    def _gather_pulse(self, inputs, lit):
        """Fill in what the light tells; lit: vitals, or None while the sensor is off.

        It tells nothing new between two looks at the sensor, which are rarer than the session's steps.
        """
        if lit is None:
            inputs.pulse_rate_mbpm = inputs.candidate_mbpm = None
            inputs.slow_for_ms = inputs.perhaps_slow_for_ms = 0
            inputs.perhaps_newborns = False
            inputs.spo2_permille = inputs.perfusion_index_ppm = inputs.quality_percent = None
            inputs.contact = None
        else:
            low_mbpm = self.session.guard.low_mbpm
            inputs.pulse_rate_mbpm = lit.pulse_rate_mbpm
            inputs.candidate_mbpm = lit.candidate_mbpm()
            inputs.slow_for_ms = lit.slow_for_ms(low_mbpm)
            inputs.perhaps_slow_for_ms = lit.perhaps_slow_for_ms(low_mbpm)
            inputs.perhaps_newborns = lit.perhaps_newborns()
            inputs.spo2_permille = lit.spo2_permille
            inputs.perfusion_index_ppm = lit.perfusion_index_ppm
            inputs.quality_percent = lit.quality_percent
            inputs.contact = lit.contact
        varies = None if lit is None else lit.variability
        if lit is None or varies is None:
            inputs.breathing_rate_mbpm = inputs.breath_amplitude_mbpm = inputs.breath_in_ms = None
            inputs.rhythm_irregular = False
        else:
            breath = varies.breath
            inputs.breathing_rate_mbpm = breath.rate_mbpm
            inputs.breath_amplitude_mbpm = breath.amplitude_mbpm
            inputs.breath_in_ms = lit.breath_in_ms()
            inputs.rhythm_irregular = varies.reason == reasons.IRREGULAR

    def output_level_cdba(self, millivolts):
        """Return what the envelope detector's rms voltage is as a level at the ear; None while unknown, 0 for silence."""
        if millivolts is None:
            return None
        if millivolts > _OVERDRIVEN_MV:
            millivolts = _OVERDRIVEN_MV
        unit = FULL_POWER // (board.OUTPUT_FULL_SCALE_MV * board.OUTPUT_FULL_SCALE_MV)
        ratio_cdb = power_cdb(millivolts * millivolts * unit) if millivolts > 0 else None
        if ratio_cdb is None or ratio_cdb < -self.full_scale_cdba:
            return 0
        return self.full_scale_cdba + ratio_cdb

    def _obey(self, outputs):
        if outputs.mute_now:
            self.pcm.mute()
        if outputs.sensor_on != self.sensor.on:
            self._switch_sensor(outputs.sensor_on)
        if outputs.amplifier_on and not outputs.mute_now:
            if not self.pcm.amplifier_on:
                if self.computer is not None:
                    self.computer.make_room()
                if self.patterns:
                    self._sow()
                self.loop.collect()  # what writing down the dose left behind
                self.pcm.start()
        elif self.pcm.running and not (self.computer is not None and self.computer.sounding):
            self.pcm.stop()
            self.conductor.stop()
        self.conductor.follow(outputs)
        self.light.show(outputs.light_colour, outputs.light_permille)
        if outputs.phase != self._phase:
            self._phase = outputs.phase
            self._tell("phase", outputs.reason, reasons.PHASES.index(outputs.phase))
            if outputs.phase == reasons.BASELINE:
                self._tell_prescription()
        if outputs.segment != self._segment:
            self._segment = outputs.segment
            if self.programme is not None and outputs.segment >= 0:
                self._tell("segment", None, self.programme.code(outputs.segment))
        if outputs.end != self._end:
            self._end = outputs.end
            if outputs.end is not None:
                self._unsaved = True
                self._tell("end", outputs.reason, reasons.ENDS.index(outputs.end))
                self._tell_heap()
        if not self.pcm.running:
            if outputs.save_dose:
                self._save_dose()
            if self._unsaved:
                self._save_journal()

    def _sow(self):
        """Give every pattern a seed, another one each session, and write it down: with it the music can be made again."""
        seed = binascii.crc32(b"%d" % self.clock.now_ms(), binascii.crc32(self.unit.encode())) & _SEED_MASK
        for number, pattern in enumerate(self.patterns):
            pattern.begin((seed + number) & _SEED_MASK)
        self._tell("seed", None, seed)

    def _switch_sensor(self, on):
        if on:
            if self.sensor.fault is not None and not self.sensor.configure():
                return
            vitals = self._load_vitals()
            if vitals is None:
                return
            vitals.restart()
        self.sensor.power(on)

    def _load_vitals(self):
        """Bring back what a desk took the place of, the light's modules and what a programme plays: it takes some tenths of
        a second, in which nothing sounds. Returns None where there is no room for both: then a press is refused, as when
        the start finds none.
        """
        if self.vitals is not None and not self._sources_away:
            return self.vitals
        if self.computer is not None:
            self.computer.make_room()  # there is no memory for the desk and the pulse at once
        self.loop.collect()
        self.loop.excuse()
        self.loop.collect_after(LOADING_BYTES)
        for last in (False, True):
            try:
                self._fetch_what_is_away()
                break
            except MemoryError:
                self.vitals = None
                forget("vitals", "light")
                self._put_sources_away()
                self.loop.collect()
                if last:
                    # A reset would meet the same again, for ever. So a computer can bring another profile.
                    self.inputs.memory_fault = reasons.HEAP_LOW
                    self._tell("fault", reasons.HEAP_LOW)
        self.loop.collect_after(-1)
        return self.vitals

    def _fetch_what_is_away(self):
        if self._sources_away:
            from firmware import startup

            try:
                startup.fetch_sources(self)
            finally:
                forget(*_FOR_THE_START)
                del startup
            self._sources_away = False
        if self.vitals is None:
            self.loop.collect()
            from firmware.vitals import Vitals

            self.loop.collect()
            self.vitals = Vitals(self.profile.population)

    def _make_room(self):
        """Let go of what looks at the light and what a programme plays, where neither is at work: a computer on the cable
        needs the memory.
        """
        holds = self.vitals is not None or (self.programme is not None and not self._sources_away)
        if holds and self.session.over and not self.sensor.on:
            if self.vitals is not None:
                self.vitals = None
                forget("vitals", "light")
            self._put_sources_away()
            self.loop.collect()

    def _put_sources_away(self):
        """Let go of what a programme plays, which is up to a fifth of the heap; its places stay, as silence."""
        if self.programme is None or self._sources_away:
            return
        self._sources_away = True
        self.patterns = []
        for segment in range(len(self.sources)):
            self.sources[segment] = None

    def _tell_prescription(self):
        profile = self.profile
        # Two arms of a study differ in a letter: a digest would tell whoever has the profile which one is mute.
        digest = self.profile_digest if profile.study is None else None
        self.journal.profile(self.clock.uptime_s, profile.population, digest)
        self._keep()
        if profile.study is not None:
            self._tell("arm", None, profile.study)

    def _tell_heap(self):
        if self.loop.heap_free_bytes is not None:
            self._send("heap", self.loop.heap_free_bytes)

    def _send(self, kind, detail):
        """For who listens now; a journal is about the patient."""
        self.journal.event(self.clock.uptime_s, kind, None, detail)
        self.trace.send(self.journal.record)

    def _tell(self, kind, reason=None, detail=0):
        self.journal.event(self.clock.uptime_s, kind, reason, detail)
        self._keep()

    def _keep(self):
        self.journal.keep()
        self.trace.send(self.journal.record)

    # Flash: only while the amplifier is off

    def _audible(self):
        return self.pcm.amplifier_on

    def _load(self):
        """Fill in what comes from flash; returns how many records were there and could not be used."""
        from firmware import startup

        try:
            return startup.load(self, machine.unique_id())
        finally:
            # The table of settings is a tenth of the heap, and nobody at the bedside asks for it.
            forget(*_FOR_THE_START)
            del startup
            gc.collect()

    def _look_for_display(self, bus):
        """Load what a display needs, 3 KB of the heap, only where one answers."""
        try:
            bus.writeto(board.ADDRESS_DISPLAY, _DARK)
        except OSError:
            return
        from firmware.care.display import Display
        from firmware.drivers.display import Screen

        self.screen = Screen(bus)
        self.display = Display(self.profile.title)
        if self.screen.configure():
            self.loop.add("display", _DISPLAY_MS, self.show)

    def _open_journal(self):
        cause = machine.reset_cause()
        try:
            if self.journal.open(cause):
                self._send("cut", cause)
        except OSError as error:
            self._tell("save_failed", None, error.args[0])

    def _save_journal(self):
        """Put what is kept of this session beside the sessions before it; a press that was refused is none."""
        self._unsaved = False
        if self.journal.has_rows:
            try:
                self.journal.save(self.loop.feed)
                self.sessions_now += 1
            except OSError as error:
                self._tell("save_failed", None, error.args[0])

    def _why_it_ended(self):
        """The fault that ended the run before this one, once, or None. Its text stays on flash, for a computer to read."""
        try:
            version, text = self.store.load(names.FAULT) or (_TOLD, None)
            if version == _DIED:
                self.store.save(names.FAULT, _TOLD, text)
                return reasons.EXCEPTION
        except OSError as error:
            self._tell("save_failed", None, error.args[0])
        return reasons.WATCHDOG if boot.bitten else None

    def _save_dose(self):
        self.dose.pack_into(self._dose_record)
        try:
            self.store.save(names.DOSE, DOSE_VERSION, self._dose_record)
            self.inputs.flash_fault = None
        except OSError as error:
            # Music that a power cut would let be forgotten would have no limit: there is none.
            if self.inputs.flash_fault is None:
                self.inputs.flash_fault = reasons.FLASH_FAULT
                self._tell("save_failed", None, error.args[0])


def _open_i2c():
    return I2C(
        board.I2C_BUS,
        scl=Pin(board.PIN_I2C_SCL),
        sda=Pin(board.PIN_I2C_SDA),
        freq=board.I2C_FREQUENCY_HZ,
        timeout=_I2C_TIMEOUT_US,
    )


def _open_i2c_pins():
    return Pin(board.PIN_I2C_SCL, Pin.OPEN_DRAIN, value=1), Pin(board.PIN_I2C_SDA, Pin.OPEN_DRAIN, value=1)


def main(left=None):
    """Build the device and run it for ever. An exception ends in silence, and in a reset that boots silent.

    left: what root/choice.py left for this firmware, (slot, why), or None.
    """
    if boot.maintenance():
        resets.reached()
        return
    device = None
    _slot, why = left or (None, None)
    try:
        device = Device(why)
        gc.threshold(-1)  # from here on the loop says when
        device.loop.run()
    except Exception as error:  # noqa: BLE001  (whatever it is, it must not pass this line with the amplifier on)
        leave_silence(device)
        said = io.StringIO()
        sys.print_exception(error, said)  # pyright: ignore[reportArgumentType]
        save_fault(device, said.getvalue())  # pyright: ignore[reportAttributeAccessIssue]
    finally:
        leave_silence(device)
    machine.reset()


def save_fault(device, text):
    """Leave word of why the device stops, and what its journal has in RAM: the next boot makes a session of its pages.

    Flash or memory failing too, there is nobody left to tell.
    """
    if device is not None:
        # Memory may be what was missing, and nothing of this is needed any more.
        device.computer = device.vitals = device.recording = None
        device.patterns = device.sources = []
        gc.collect()
    try:
        store = Store(FlashFiles(_silent)) if device is None else device.store
        if device is not None and device.journal.has_rows:
            device.journal.flush()
        # Its end says what went wrong.
        store.save(names.FAULT, _DIED, text.encode()[-_FAULT_BYTES:])
    except (OSError, MemoryError):
        pass


def _silent():
    """Return whether anything is audible in a device that could not be put together."""
    return False


def leave_silence(device):
    """Shut the amplifier down and darken the LEDs, by the shortest way there is."""
    Pin(board.PIN_AMPLIFIER_ON, Pin.OUT, value=0)
    if device is not None:
        device.pcm.mute()
        device.sensor.power(False)


if __name__ == "__main__":
    main()
