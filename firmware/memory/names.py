"""The names under which things lie on the device's flash: records of the store, and files of people.

Records have two slots, sessions SESSIONS_KEPT; which version of its form a record has is said where its form is.
"""

PROFILE = "profile"  # the prescription as JSON, prescription/profile.py
CALIBRATION = "calibration"  # prescription/calibration.py
DOSE = "dose"  # what was played in this hour and day, care/dose.py
SESSION = "session"  # what happened, memory/journal.py
FAULT = "fault"  # text: what the device last died of, main.py
SELFTEST = "selftest"  # for a moment, usb/selftest.py
# Files: one of these, and the name that somebody gave it.
SONG = "song."  # a melody in the compact form, sound/score.py
VOICE = "voice."  # a recorded voice or heartbeat, sound/adpcm.py
PROGRAMME = "programme."  # segments of music in the compact form, prescription/programme.py

SESSIONS_KEPT = 8
