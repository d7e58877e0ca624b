"""Every word for a phase, an ending and a reason: one list for session, guard, journal, light and report.

Words only. The journal stores a place in PHASES or REASONS, so new words go to the end.
"""

IDLE = "idle"
BASELINE = "baseline"
MATCH = "match"
LEAD = "lead"
SUSTAIN = "sustain"
HOLD = "hold"
FADE = "fade"
WITHDRAW = "withdraw"
FAULT = "fault"
PHASES = (IDLE, BASELINE, MATCH, LEAD, SUSTAIN, HOLD, FADE, WITHDRAW, FAULT)

# How a session ended.
FADED = "faded"  # at its length, at a press, or because the profile says so
WITHDRAWN = "withdrawn"  # a stop rule faded it within 2 s
SILENCED = "silenced"  # the button was held
REFUSED = "refused"  # nothing was to be played
FAULTED = "fault"  # the device could not be trusted: silence at once
ENDS = (FADED, WITHDRAWN, SILENCED, REFUSED, FAULTED)

# Why a reading is unknown (firmware/vitals.py says these).
NO_CONTACT = "no_contact"
SATURATED = "saturated"
TOO_WEAK = "too_weak"
MOTION = "motion"
UNSETTLED = "unsettled"
ESTIMATORS_DISAGREE = "estimators_disagree"
STALE = "stale"
TWO_RATES = "two_rates"  # the light allows a rate and its half
OUT_OF_RANGE = "out_of_range"  # slower or faster than what can be told from its multiples
NOT_A_PULSE = "not_a_pulse"  # light that swings without the shape of a pulse
UNKNOWN_PULSE = (
    NO_CONTACT, SATURATED, TOO_WEAK, MOTION, UNSETTLED, ESTIMATORS_DISAGREE, STALE, TWO_RATES, OUT_OF_RANGE,
    NOT_A_PULSE,
)  # fmt: skip

# The patient.
BRADYCARDIA = "bradycardia"
DESATURATION = "desaturation"
TACHYCARDIA = "tachycardia"
WRONG_POPULATION = "wrong_population"
PULSE_LOW = "pulse_low"  # slow enough: no further slowing
SIGNAL_LOST = "signal_lost"
NOT_FOLLOWING = "not_following"  # the pulse stays behind the music: the music waits
OPEN_LOOP = "open_loop"  # no pulse to go by: the profile's fixed curve
IRREGULAR = "irregular"  # too many odd beats: no variability, no swing of the breath, and so no feedback
NO_BREATH = "no_breath"  # no breath to go by, or one too fast to lead: the music plays as without it
LET_GO = "let_go"  # the breath went its own way: the swell has sunk away, the music goes on
# The surroundings.
USB_HOST = "usb_host"
SUPPLY_LOW = "supply_low"
ROOM_TOO_LOUD = "room_too_loud"
# The device.
SENSOR_FAULT = "sensor_fault"
SENSOR_HOT = "sensor_hot"
LED_CURRENT = "led_current"
READINGS_FROZEN = "readings_frozen"
ADC_FAULT = "adc_fault"
AUDIO_FAULT = "audio_fault"
TOO_LOUD = "too_loud"  # over the ceiling
OUTPUT_MISMATCH = "output_mismatch"  # what the loudspeaker gets is not what was sent
NOT_OBEYED = "not_obeyed"  # no rule says it any more; it keeps its place, for journals that are older
LATE = "late"
CLOCK_FAULT = "clock_fault"
HEAP_LOW = "heap_low"
BUTTON_STUCK = "button_stuck"
FLASH_FAULT = "flash_fault"  # what was played could not be written down
# The prescription and the person at the button.
DOSE = "dose"
TOO_SOON = "too_soon"
NOT_CONFIRMED = "not_confirmed"  # no therapist has confirmed the contraindications of this profile
TIME_UP = "time_up"
PRESSED = "pressed"
HELD = "held"
TOO_LONG = "too_long"  # the guard's own limit of a session
# Why the device reset itself.
EXCEPTION = "exception"
WATCHDOG = "watchdog"

REASONS = (
    None, NO_CONTACT, SATURATED, TOO_WEAK, MOTION, UNSETTLED, ESTIMATORS_DISAGREE, STALE,
    BRADYCARDIA, DESATURATION, TACHYCARDIA, WRONG_POPULATION, PULSE_LOW, SIGNAL_LOST, NOT_FOLLOWING,
    OPEN_LOOP, USB_HOST, SUPPLY_LOW, ROOM_TOO_LOUD, SENSOR_FAULT, SENSOR_HOT, LED_CURRENT, READINGS_FROZEN,
    ADC_FAULT, AUDIO_FAULT, TOO_LOUD, OUTPUT_MISMATCH, NOT_OBEYED, LATE, CLOCK_FAULT, HEAP_LOW, BUTTON_STUCK,
    DOSE, TOO_SOON, NOT_CONFIRMED, TIME_UP, PRESSED, HELD, TOO_LONG,
    EXCEPTION, WATCHDOG, FLASH_FAULT, TWO_RATES, OUT_OF_RANGE, NOT_A_PULSE,
    IRREGULAR, NO_BREATH, LET_GO,
)  # fmt: skip
