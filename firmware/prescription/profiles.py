"""The ready-made profiles, newborn and adult: a value for every setting, in human units, and where it comes
from.

What a setting means and may be is in firmware/prescription/profile.py; limits that no profile can pass are in
firmware/care/guard.py. "Choice" marks a number of ours that no publication gives. No study gives a rate of slowing
in beats per minute per minute, and none shows that a newborn's pulse follows a beat: these profiles aim at
comfort, not at a pulse.
"""

NEWBORN = {
    "title": "Newborn",
    "population": "newborn",
    # Consensus of live and recorded studies: from 32 weeks (Standley; Arnon 2006; Loewy 2013). The strictest
    # first.
    "maturity": "preterm",
    "early_unlock": False,
    "song": "twinkle",  # a song of kin, by default Twinkle: Loewy 2013, Pediatrics 131:902
    "voice": "none",  # whose it would be is the family's to say
    "listening_programme": "none",  # for adults only
    "melody": "play",
    "light_swell": False,
    "soundscape": "ocean",  # ocean disc: lower heart rate afterwards, Loewy 2013
    "opening": "soundscape",  # Choice: so that the first tempo heard is the patient's own
    "metre": "song",
    "mode": "follow_pulse",
    "programme": "curve",
    "opening_tempo_bpm": 66,  # Choice: 1:2 of 132, the upper end of a quiet term newborn
    # 50 dBA for an hour: Philbin 1999, J Perinatol 19. 20 minutes at 48 keep the hour's mean from music below
    # 45 dBA (Consensus Standards for NICU design). More than 10 dB over a ward of 55 to 60 is a stressor:
    # Kuhn 2012.
    "level_dba": 48,
    "baseline_below_db": 6,  # Choice: the melody enters by rising out of the soundscape
    "knob_range_db": 12,  # Choice: the knob only ever turns down
    "session_min": 20,  # 15 to 20 min: Shin, Cassidy, Calabro; 30 min: Arnon 2006, Wirth 2016
    "gap_min": 60,  # Choice
    "daily_min": 60,  # Choice, far below the 1.5 to 4 h a day that were reported
    "sessions_a_day": 3,  # Choice; studies gave one a day or three a week
    "onset_s": 30,  # Choice, at most 1 dB a second: sudden sound startles
    "fade_s": 30,  # Choice
    "baseline_s": 60,  # Choice
    "baseline_max_s": 180,  # Choice
    "match_min": 2,  # Choice after the iso-principle; Loewy expects a small rise of the pulse at first
    "lead_rate_percent_per_min": 1.0,  # Choice: no published rate was found
    "margin_percent": 4,  # Choice: plausible effects are 1 to 4 bpm of 150 (Cochrane 2023)
    # Choice: 7 to 10 % differed from 15 % in an adult pilot; PAL: no tempo change at all
    "slowing_percent": 8,
    "follow": "wait",  # Choice
    "sensor_off": "fade",  # Choice: somebody has taken it off; without readings 135 s of a melody are the most
    "sensor_off_hold_s": 15,
    "poor_signal_hold_s": 120,  # Choice: newborns move; the tempo stays fixed meanwhile
    "pulse_low_stop_bpm": 100,  # brady-desaturation: below 100 for 4 s (10.1055/a-2437-0461); term: 80
    "pulse_rise_stop_percent": 20,  # tachycardia: 20 % over the baseline, same source
    "spo2_stop_percent": 85,  # NICU warning limit, PMC6906083 table 6; uncalibrated here: stops only
    # Of an adult's mode = "follow_breath" only; a newborn's profile may ask for nothing of it.
    "breath_tempo_bpm": 60,
    "breath_first_percent": 75,
    "breath_floor_per_min": 6,
    "breath_inhalation_percent": 40,
    "breath_swell_db": 2,
    "breath_length_min": 10,
    "breath_feedback": "own",
    "arm": "none",
    # minute since matching ended, tempo %, level dB, minor %, brightness %, density %.
    # The mode is the song's own: whoever wants major turned to minor asks for it in a profile of their own.
    "curve": [
        [0, 100, 0, 0, 60, 70],
        [9, 92, -2, 0, 40, 50],
        [16, 92, -4, 0, 30, 40],
    ],
}

ADULT = {
    "title": "Adult",
    "population": "adult",
    "maturity": "none",
    "early_unlock": False,
    "song": "suo_gan",  # Choice
    "voice": "none",
    "listening_programme": "none",  # Choice: one song, met and led
    "melody": "play",
    "light_swell": False,
    "soundscape": "ocean",
    "opening": "soundscape",
    "metre": "song",
    "mode": "follow_pulse",
    "programme": "curve",
    "opening_tempo_bpm": 66,  # 60 to 80 bpm: Poulsen and Coto 2017; Nilsson 2008
    "level_dba": 50,  # at most 60 dB: Nilsson 2008
    "baseline_below_db": 6,
    "knob_range_db": 20,
    "session_min": 30,  # 15 to 30 min: Poulsen and Coto 2017; 30 min: palliative trial, 1472-684X-13-60
    "gap_min": 30,  # Choice
    "daily_min": 90,  # twice a day and more: Poulsen and Coto 2017
    "sessions_a_day": 4,
    "onset_s": 15,
    "fade_s": 30,
    "baseline_s": 60,
    "baseline_max_s": 180,  # cold hands: a signal in 5 of 9 palliative sessions (s12906-015-0933-8)
    "match_min": 2,
    "lead_rate_percent_per_min": 2.0,  # Choice
    "margin_percent": 8,
    # Choice; Van Dyck 2017: only -30 and -45 % damped the pulse, that is too much here
    "slowing_percent": 15,
    # no entrainment to a pulse-coupled beat (1029864918817805): there is no one to wait for
    "follow": "lead_anyway",
    "sensor_off": "fixed_tempo",  # routine vital signs help little at the end of life (PMID 24731412)
    "sensor_off_hold_s": 15,
    "poor_signal_hold_s": 120,
    "pulse_low_stop_bpm": 45,
    "pulse_rise_stop_percent": 20,
    "spo2_stop_percent": 0,  # off: SpO2 falls in the dying, and that is no reason to take the music away
    # Of mode = "follow_breath" only. No effect is claimed: in heart failure (n = 72) slow breathing led by music gained
    # nothing over its comparison.
    "breath_tempo_bpm": 60,  # Choice: a breath is a whole number of its beats
    "breath_first_percent": 75,  # of the patient's own rate beat a fixed 6 a minute: Leslie 2019
    "breath_floor_per_min": 6,  # near the resonance of most adults
    "breath_inhalation_percent": 40,  # Choice
    "breath_swell_db": 2,  # Choice; natural sounds were the pleasantest pacer and slowed most: Ghent 2021 (n = 18)
    "breath_length_min": 10,  # Choice
    "breath_feedback": "own",
    "arm": "none",
    # The mode is the song's own here too: it is the family's song, and what was shown when it came in is what plays.
    "curve": [
        [0, 100, 0, 0, 60, 80],
        [10, 85, -2, 0, 45, 55],
        [25, 85, -5, 0, 30, 35],
    ],
}

READY = {"newborn": NEWBORN, "adult": ADULT}
