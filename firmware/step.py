"""The two records that pass between the main program and the session: what is known, and what is wanted.

One of each is made at start and filled again and again. Unknown is None. No behaviour here.
"""

# The gestures of the button. reasons.HOLD is another thing: the phase in which the tempo stays.
PRESS = "press"  # as the button goes down
HELD = "hold"  # a second later, if it is down still


class Prescription:
    """What a profile says, in the firmware's units: the attributes of profile.Profile without its table and checks."""

    title: str
    population: str
    song: str
    voice: str
    listening_programme: str
    soundscape: str
    melody: str
    silent: bool
    stranger: bool
    study: int | None

    def __init__(self, profile):
        for name, value in profile.__dict__.items():
            if name != "values":  # the same in a person's units: the device needs it once
                setattr(self, name, value)


class Inputs:
    """What is known at this step; main.py sets every attribute before each step."""

    def __init__(self):
        # the button
        self.gesture: str | None = None  # PRESS or HELD
        self.button_stuck = False
        # the patient, from vitals.py
        self.pulse_rate_mbpm: int | None = None
        self.pulse_reason: str | None = None
        # from its waves alone: what the guard sees besides
        self.candidate_mbpm: int | None = None  # the only rate they allow, also outside of what is shown
        self.slow_for_ms = 0  # for how long slower than the guard's stop, whatever the beat is
        self.perhaps_slow_for_ms = 0  # the same of the slower of two rates
        # Under an adult's profile: no rate is known, and the waves may be a newborn's beats.
        self.perhaps_newborns = False
        self.spo2_permille: int | None = None
        self.perfusion_index_ppm: int | None = None
        self.quality_percent: int | None = None
        self.contact: bool | None = None
        # an adult's breath, from light/breath.py
        self.breathing_rate_mbpm: int | None = None
        self.breath_amplitude_mbpm: int | None = None  # of the pulse rate within a breath
        self.breath_in_ms: int | None = None  # for how long still in, or, negative, for how long still out
        self.rhythm_irregular = False
        # the music, from audio.py by way of conductor.py
        self.phrase_ended = False  # since the last step
        self.compound: bool | None = (
            None  # metre of the song: True three pulses a beat, False two, None unknown
        )
        self.bar_permille: int | None = None  # of a song that is accompanied, how much of its bar has passed
        self.audio_silent = True  # the last block was all zero
        self.level_cdba = 0  # the device's own estimate of what it plays, A- and C-weighted
        self.level_cdbc = 0
        # the analogue inputs
        self.measured_level_cdba: int | None = None  # at the loudspeaker's terminals
        self.room_level_cdba: int | None = None
        self.knob_permille: int | None = None
        self.supply_mv: int | None = None
        # the device
        self.usb_host_present = False
        self.bench_mode = False  # somebody held the button for it, and can hear the device
        self.sensor_fault: str | None = None  # a reason, or None
        self.adc_fault: str | None = None
        self.audio_fault: str | None = None
        self.fell_back = False  # an older firmware runs, because the one that should does not
        self.memory_fault: str | None = None  # set where what the profile plays found no room at the start
        self.flash_fault: str | None = None  # set while the dose is not on flash as it should be
        self.led_current_ua: int | None = None
        self.sensor_temperature_centi_c: int | None = None
        self.lateness_ms = 0
        self.heap_free_bytes: int | None = None
        # a therapist confirmed the contraindications when this profile was committed to this device
        self.profile_confirmed: bool | None = True


class Outputs:
    """What is wanted after this step."""

    def __init__(self):
        self.phase = "idle"  # one of reasons.PHASES
        self.reason: str | None = None  # one of reasons.REASONS
        self.end: str | None = None  # one of reasons.ENDS once a session is over, until the next begins
        self.amplifier_on = False
        self.mute_now = False  # silence at once
        self.playing = False  # sound is wanted: soundscape, melody or both
        self.soundscape_on = False
        self.melody_on = False
        self.segment = -1  # of a listening programme; -1 without one
        self.segment_ends = False  # and the next one is near
        self.tempo_mbpm: int | None = None  # to play now, eased already; None before the first melody
        self.target_tempo_mbpm: int | None = None
        self.ratio_beats = 0  # beats of music to so many pulses; 0 to 0 where no pulse leads
        self.ratio_pulses = 0
        self.level_cdba = 0
        self.level_over_ms: int | None = (
            None  # a glide to level_cdba must begin now and take this long; or None
        )
        self.fade_over_ms: int | None = None  # a fade-out must begin now and take this long; or None
        self.minor_permille = 0
        self.brightness_permille = 0
        self.density_permille = 0
        # of a profile that follows the breath
        self.pace_mbpm: int | None = (
            None  # breaths a minute, thousandths, that the soundscape's swell shows; or None
        )
        self.swell_cdb: int | None = None  # how far above and below its level; 0: steady; None: its own way
        self.inhalation_permille = 400  # of a breath
        self.feedback_permille: int | None = (
            None  # added to brightness and density; None: there is no feedback
        )
        self.stranger_permille: int | None = None  # of a study's sham: what is heard in place of the feedback
        self.pacer = "off"  # one of journal.PACERS
        self.breath_followed = False  # the last breath that was paced
        self.sensor_on = False  # the sensor's LEDs may be lit
        self.save_dose = False  # write the dose to flash now: the amplifier is off in this step
        self.minutes_left = 0
        self.baseline_mbpm: int | None = None  # the patient's pulse rate at the start; None while unknown
        self.light_colour = "off"  # "off", "green" or "amber"
        self.light_permille = 0
