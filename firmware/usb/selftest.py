"""Each part of the board tried by itself, on the bench: whether it works, in a sentence, and what to look at if not.

Loaded when the first test is asked for. Nothing plays then, so a test may take the processor for a second; the watchdog
bites after two.
"""

from firmware import board
from firmware.memory import names
from firmware.usb.link import Refused

PARTS = ("sensor", "light", "adc", "amplifier", "mute", "flash", "button", "lights")
_SAMPLES_MS = 500
_SAMPLES_LEAST = 40  # of the 50 that come in that time
_TURN_MS = 8
_TONE_DBFS = -30
_TONE_MS = 900
_MUTED_MS = 500
_TONE_WITHIN_CDB = 600  # as the guard asks of the same detector
_SILENT_MV = 5
_SUPPLY_MV = (3300, 5700)
_COLD_CENTI_C, _HOT_CENTI_C = 0, 4500
# A finger is waited for, then looked at second by second, both lights over the same one.
_FINGER_WITHIN_S = 8
_FINGER_COUNTS = 15_000  # as vitals.py finds contact
_FINGER_SETTLES_S = 1
_FINGER_S = 7
_PULSE_LEAST_PPM = 1000  # of the light: 0.1 %
# How much more red pulses than infrared, each as a share of its light: 0.4 to 0.6 at 94 to 100 %, its inverse exchanged.
_RATIO_RIGHT_PERMILLE = 800
_RATIO_EXCHANGED_PERMILLE = 1250
_LOOK_AT_BUS = "Look at the wires of SDA and SCL, the supply and the pull-ups of the bus."


def run(device, bench, part, now_ms):
    """Try one of PARTS: (passed, sentence, what to look at). passed is None where only a person can tell."""
    if part == "sensor":
        return _sensor(device)
    if part == "light":
        return _light(device)
    if part == "adc":
        return _adc(device)
    if part == "amplifier":
        return _amplifier(device, bench, now_ms)
    if part == "mute":
        return _mute(device, bench, now_ms)
    if part == "flash":
        return _flash(device)
    if part == "button":
        return _button(device)
    if part == "lights":
        return _lights(device)
    raise Refused("bad_argument", "part is one of " + ", ".join(PARTS) + ".")


def _wait(device, for_ms, turn):
    """Let time pass, with `turn()` every few milliseconds."""
    for _ in range(for_ms // _TURN_MS):
        turn()
        device.clock.sleep_us(_TURN_MS * 1000)


def _sensor(device):
    sensor = device.sensor
    if not sensor.configure():
        return False, "The sensor does not work: %s." % sensor.fault, _LOOK_AT_BUS
    sensor.power(True)
    lit_ua = sensor.led_ir_ua
    before = sensor.samples_total
    for _ in range(_SAMPLES_MS // 100):
        device.clock.sleep_us(100_000)  # a third of what its FIFO holds
        sensor.read(device.ir, device.red)
    came = sensor.samples_total - before
    sensor.power(False)
    if sensor.fault is not None:
        return False, "The sensor stopped working: %s." % sensor.fault, _LOOK_AT_BUS
    if not lit_ua:
        return False, "The sensor's lights do not take a current.", "Replace the sensor."
    if came < _SAMPLES_LEAST:
        return (
            False,
            "%d samples came in half a second where 50 should." % came,
            "Replace the sensor; its clock is slow.",
        )
    if sensor.on:
        return False, "The sensor's lights do not go out.", "Switch off, and replace the sensor."
    warm = sensor.temperature_centi_c
    if warm is not None and not _COLD_CENTI_C <= warm <= _HOT_CENTI_C:
        return False, "The sensor says %d degrees." % (warm // 100), "Let it cool; replace it if it stays."
    return True, "The sensor answers, gives 100 samples a second, and its lights went out.", None


def _lights(device):
    """Return whether red is red and infrared is infrared, from the finger of somebody whose saturation is that of
    health.
    """
    sensor = device.sensor
    if not sensor.configure():
        return False, "The sensor does not work: %s." % sensor.fault, _LOOK_AT_BUS
    sensor.power(True)
    try:
        return _ratio_of_finger(device, sensor)
    finally:
        sensor.power(False)


def _ratio_of_finger(device, sensor):
    ir = _Swing()
    red = _Swing()
    again = (
        "Put a healthy person's warm finger on the sensor, still, and repeat: calando selftest --part lights."
    )
    for _ in range(_FINGER_WITHIN_S):
        _look(device, sensor, ir, red)
        # Exchanged lights may be the dimmer way round: either colour shows that somebody is there.
        if ir.mean >= _FINGER_COUNTS and red.mean >= _FINGER_COUNTS // 2:
            break
    else:
        return None, "No finger was on the sensor: which light is which was not seen.", again
    for _ in range(_FINGER_SETTLES_S):
        _look(device, sensor, ir, red)
    ratios = []
    for _ in range(_FINGER_S):
        _look(device, sensor, ir, red)
        if sensor.fault is not None:
            return False, "The sensor stopped working: %s." % sensor.fault, _LOOK_AT_BUS
        ir_ppm = ir.share_ppm()
        red_ppm = red.share_ppm()
        if ir_ppm >= _PULSE_LEAST_PPM and red_ppm >= _PULSE_LEAST_PPM:
            ratios.append(red_ppm * 1000 // ir_ppm)
    if len(ratios) * 2 <= _FINGER_S:
        return None, "No pulse was seen in the finger: which light is which cannot be told.", again
    ratios.sort()
    ratio = ratios[len(ratios) // 2]
    text = "Red pulses %d %% as much as infrared" % (ratio // 10)
    if ratio >= _RATIO_EXCHANGED_PERMILLE:
        return (
            False,
            text + ": the two lights of this module are exchanged.",
            "Set LIGHTS_EXCHANGED in firmware/board.py to %s, deploy, and repeat."
            % (not board.LIGHTS_EXCHANGED),
        )
    if ratio > _RATIO_RIGHT_PERMILLE:
        return None, text + ": neither as in health nor as if the lights were exchanged.", again
    return True, text + ", as in a healthy person: the lights are where they should be.", None


class _Swing:
    """Lowest, highest and mean count of one light over a second."""

    def __init__(self):
        self.mean = 0
        self.begin()

    def begin(self):
        self._low = 1 << 18
        self._high = 0
        self._sum = 0
        self._count = 0

    def add(self, samples, count):
        for i in range(count):
            value = samples[i]
            self._low = min(self._low, value)
            self._high = max(self._high, value)
            self._sum += value
        self._count += count

    def end(self):
        self.mean = self._sum // self._count if self._count else 0

    def share_ppm(self):
        """Return how far the light swung, of the light; 0 when there was none."""
        return (self._high - self._low) * 1000 // (self.mean // 1000) if self.mean >= 1000 else 0


def _look(device, sensor, ir, red):
    """Feed a second of light to the two swings; the watchdog is told that all is well."""
    ir.begin()
    red.begin()
    for _ in range(10):
        device.clock.sleep_us(100_000)
        count = sensor.read(device.ir, device.red)
        ir.add(device.ir, count)
        red.add(device.red, count)
    ir.end()
    red.end()
    device.loop.feed()


def _light(device):
    for colour in ("green", "amber", "off"):
        device.light.show(colour, 200)
        device.clock.sleep_us(400_000)
    return (
        None,
        "The light was green, then amber, then out; did you see that?",
        "If not, look at the LED's wires and resistors.",
    )


def _adc(device):
    adc = device.adc
    if not adc.configure():
        return False, "The converter does not work: %s." % adc.fault, _LOOK_AT_BUS
    _wait(device, 300, adc.step)
    if adc.fault is not None:
        return False, "The converter stopped working: %s." % adc.fault, _LOOK_AT_BUS
    supply = adc.millivolts(board.ADC_SUPPLY)
    knob = adc.millivolts(board.ADC_KNOB)
    room = adc.millivolts(board.ADC_ROOM_SOUND)
    output = adc.millivolts(board.ADC_OUTPUT)
    if supply is None or knob is None or room is None or output is None:
        return False, "Not every channel of the converter was read.", "Replace the converter."
    supply *= board.SUPPLY_DIVIDER
    if not _SUPPLY_MV[0] <= supply <= _SUPPLY_MV[1]:
        return False, "The supply reads %d mV." % supply, "The divider at A2, and the supply."
    if not -20 <= knob <= board.KNOB_FULL_MV + 100:
        return False, "The knob reads %d mV." % knob, "The potentiometer at A1."
    if not 200 <= room <= 2600:
        return False, "The microphone reads %d mV: no room sounds like that." % room, "The detector at A0."
    if output > _SILENT_MV:
        return False, "The output reads %d mV while nothing plays." % output, "The detector at A3."
    text = "Supply %d mV, knob %d mV, room %d dB(A), output silent."
    return True, text % (supply, knob, room // board.ROOM_SOUND_MV_PER_DBA), None


def _play(device, bench, now_ms):
    """A second of the test sound; what the detector at the loudspeaker reads at its end, in mV or None."""
    bench.answer("tone", {"level_dbfs": _TONE_DBFS, "seconds": 2}, now_ms)

    def turn():
        device.sound(0)
        device.adc.step()

    _wait(device, _TONE_MS, turn)
    return device.adc.millivolts(board.ADC_OUTPUT)


def _amplifier(device, bench, now_ms):
    heard_mv = _play(device, bench, now_ms)
    sent_cdba = device.audio.loudness.level_cdba
    bench.stop()
    if heard_mv is None:
        return False, "The detector at the loudspeaker was not read.", "Run the adc test first."
    heard_cdba = device.output_level_cdba(heard_mv)
    text = "The loudspeaker gets %d dB where %d was sent." % (heard_cdba // 100, sent_cdba // 100)
    if heard_cdba < sent_cdba - _TONE_WITHIN_CDB:
        return False, text, "The loudspeaker's wires, the amplifier's supply, and its three data wires."
    if heard_cdba > sent_cdba + _TONE_WITHIN_CDB:
        return False, text, "The gain strap and the series resistor (docs/hardware.md)."
    return True, text, None


def _mute(device, bench, now_ms):
    _play(device, bench, now_ms)
    device.pcm.mute()

    def turn():
        device.sound(0)
        device.adc.step()

    _wait(device, _MUTED_MS, turn)
    heard_mv = device.adc.millivolts(board.ADC_OUTPUT)
    bench.stop()
    if heard_mv is None:
        return False, "The detector at the loudspeaker was not read.", "Run the adc test first."
    if heard_mv > _SILENT_MV:
        text = "Muted, the loudspeaker still gets %d mV." % heard_mv
        return False, text, "The wire of SD_MODE: nothing may play until it mutes."
    return True, "The amplifier is silent when it is muted, whatever is sent.", None


def _flash(device):
    pattern = bytes(range(64))
    try:
        device.store.save(names.SELFTEST, 1, pattern)
        found = device.store.load(names.SELFTEST)
        free_bytes = device.files.free_bytes()
        device.store.remove(names.SELFTEST)
    except OSError as error:
        return False, "The flash refused a record (error %d)." % error.args[0], "Replace the board."
    _version, record = found or (None, b"")
    if bytes(record) != pattern:
        return False, "The flash gave back something else than was written.", "Replace the board."
    return True, "A record was written, read back and removed; %d bytes are free." % free_bytes, None


def _button(device):
    if device.gestures.stuck or device.button.down():
        return False, "The button is down.", "Let it go; if it is up, look at its wires for a short."
    return True, "The button was held to begin bench mode, and is up now.", None
