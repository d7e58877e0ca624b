"""What of a programme is not heard, not reached or has no part, beside a profile: the device takes it, so it is told."""

import math
from typing import TYPE_CHECKING

from firmware.care import plan as columns
from firmware.prescription import programme
from firmware.sound import songs
from firmware.sound.score import HEADER, TICKS_PER_BEAT, Score
from host_tools.programmes.rules import Segment, segments
from simulator.files import programme_file
from simulator.files.errors import CalandoError

if TYPE_CHECKING:
    from firmware.care.plan import Plan
    from firmware.prescription.profile import Profile
    from host_tools.programmes.programmes import Listening

# In a ward's room at night the World Health Organization asks for 30 dB(A) at most (Guidelines for community noise, 1999,
# table 4.1), and nearly every real one is louder; what is less than 5 dB above that is lost.
HEARD_FROM_DBA = 35.0
# How the level comes up out of silence (firmware/sound/loudness.py, firmware/sound/segue.py). A melody's waits in each rest
# and in the first seconds of each phrase: measured on every song and air at 40 to 75 beats a minute it has about this much.
BEGINS_DBA = 18.0
RISE_DB_PER_S = 0.47
MELODY_RISE_DB_PER_S = 0.3
REACHED_WITHIN_DB = 3.0
REPEATS_SURE = 0.9
# How fast a tempo goes to a new piece's, and how far within the profile's rate afterwards: firmware/care/tempo.py.
MATCH_A_MINUTE = 0.05
LEAD_MARGIN = 1.02
TEMPO_WITHIN_BPM = 0.5  # half of the step in which a tempo is written

_TEMPO = (
    "tempo",
    "tempo_start_bpm",
    "tempo_end_bpm",
    "minor_percent",
    "brightness_percent",
    "density_percent",
    "until",
)
# What a setting has no part in, by source.
NO_PART = {
    "silence": ("name", "repeats", "level_db", "intensity", *_TEMPO),
    "soundscape": ("repeats", *_TEMPO),
    "voice": ("repeats",),
    "pattern": ("repeats",),
    "song": (),
}


def remarks(listening: "Listening", profile: "Profile") -> list[str]:
    """Return a sentence for each thing of a programme that a profile which names it would not let be heard as written."""
    plan = listening.plan
    return [
        *without_part(listening.data),
        *too_soft(plan, profile.level_cdba / 100),
        *comes_up(plan, profile),
        *held_back(plan, profile),
        *cut_short(listening),
        *left_over(listening),
    ]


def beside(
    listening: "Listening", profile: "Profile | None", where: str = "the profile on the device"
) -> list[str]:
    """Return what is to be told of a programme beside a profile of `where`: also that it is longer than its session. A
    usual profile stands in for one that is not there, or is no adult's.
    """
    from host_tools.programmes import programmes

    if profile is None or profile.population != "adult":
        return remarks(listening, programmes.profile_for(listening))
    too_long = programme_file.longer_than_session(
        listening.name, listening.data, profile.values["session_min"], where
    )
    return [*filter(None, [too_long]), *remarks(listening, profile)]


def cut_short(listening: "Listening") -> list[str]:
    """Return a sentence for each song whose minutes are too few for its repeats; of songs that are not here, none."""
    found = []
    for segment, song in _songs(listening):
        if not segment.repeats:
            continue
        tempo = ((segment.tempo_start_bpm or 0) + (segment.tempo_end_bpm or 0)) / 2
        phrases = _phrase_beats(song)
        once = (sum(phrases) + len(phrases) * song.beats_per_bar) / tempo
        minutes = segment.to_min - segment.from_min
        # Its last rest need not be over, and rests may be shorter.
        if minutes < (segment.repeats * once - song.beats_per_bar / tempo) * REPEATS_SURE:
            found.append(
                f"segment {segment.number}: {segment.name} takes about {once:.1f} min at {tempo:g} bpm, so "
                f"{segment.repeats} times is more than its {minutes:g} min, and it ends with a phrase before; give it more "
                "minutes, or fewer repeats"
            )
    return found


def left_over(listening: "Listening") -> list[str]:
    """Return a sentence for each piece of which the song before it may leave little or nothing: its last phrase takes its
    time from what follows. Of songs that are not here, none.
    """
    found = []
    following = segments(listening.plan)[1:]
    for before, song in _songs(listening):
        after = next((segment for segment in following if segment.number == before.number + 1), None)
        if after is None or after.source == "silence" or before.until != "phrase_end" or before.repeats:
            continue
        tempo = min(before.tempo_start_bpm or 0, before.tempo_end_bpm or 0)
        late_s = min(60 * max(_phrase_beats(song)) / tempo, columns.PHRASE_MS / 1000)
        minutes = after.to_min - after.from_min
        if minutes * 60 - late_s <= after.crossfade_s:
            found.append(
                f"segment {after.number}: segment {before.number} ends with its phrase, up to {late_s:.0f} s after its "
                f"time, so of these {minutes:g} min little or nothing may be heard; give it more minutes, or let the one "
                "before end at its time"
            )
    return found


def _songs(listening: "Listening") -> list[tuple[Segment, Score]]:
    """Return the segments that play a song, each with it; none where one is not here."""
    from host_tools.programmes import programmes

    try:
        own = programmes.songs_of(listening)
    except CalandoError:
        return []
    return [
        (
            segment,
            Score(own[segment.name], segment.name) if segment.name in own else songs.SONGS[segment.name],
        )
        for segment in segments(listening.plan)
        if segment.source == "song"
    ]


def _phrase_beats(song: Score) -> list[float]:
    """Return how many beats each phrase of a song has."""
    beats, ticks = [], 0
    for note in range(song.notes):
        ticks += song.data[HEADER + 2 * note + 1]
        if song.data[HEADER + 2 * note] >= 128:
            beats.append(ticks / TICKS_PER_BEAT)
            ticks = 0
    return beats


def without_part(data: bytes) -> list[str]:
    """Return a sentence for each segment with settings that its source makes nothing of, and that are not as left out."""
    _, _, rows = programme.decode(data)
    names = [setting.name for setting in programme.TABLE]
    found = []
    for number, row in enumerate(rows, 1):
        values = dict(zip(names, row, strict=True))
        usual = {**programme.DEFAULTS, "intensity": 0}
        if values["tempo_end_bpm"] == values["tempo_start_bpm"]:
            usual["tempo_end_bpm"] = values["tempo_end_bpm"]
        idle = [name for name in NO_PART[values["source"]] if values[name] != usual[name]]
        if idle:
            found.append(
                f"segment {number}: {', '.join(idle)} has no part in a {values['source']}; leave it out"
                if len(idle) == 1
                else f"segment {number}: {', '.join(idle)} have no part in a {values['source']}; leave them out"
            )
    return found


def too_soft(plan: "Plan", level_dba: float) -> list[str]:
    """Return a sentence for each segment that would hardly be heard, at a profile's level."""
    return [
        f"segment {segment.number}: {level_dba + segment.level_db:g} dB(A), {segment.level_db:g} dB from the profile's "
        f"{level_dba:g}, is hardly heard even in a quiet room; "
        + (
            f"raise level_db to {HEARD_FROM_DBA - level_dba:g} or more"
            if level_dba >= HEARD_FROM_DBA
            else "raise level_dba in the profile"
        )
        for segment in segments(plan)
        if segment.level_db is not None and level_dba + segment.level_db < HEARD_FROM_DBA
    ]


def comes_up(plan: "Plan", profile: "Profile") -> list[str]:
    """Return a sentence for each segment that is over before it came up out of silence, or heard for half its time."""
    found = []
    level = BEGINS_DBA
    for segment in segments(plan):
        if segment.level_db is None:
            level = BEGINS_DBA
            continue
        asked = profile.level_cdba / 100 + segment.level_db
        begins, rate = level, _rise_db_per_s(segment, asked, profile)
        lasts_s = 60 * (segment.to_min - segment.from_min)
        if segment.number == plan.segments:
            lasts_s -= min(profile.fade_ms / 1000, lasts_s - segment.crossfade_s)
        level = min(asked, begins + rate * lasts_s)
        soft_s = max(0.0, (HEARD_FROM_DBA - begins) / rate)
        up_s = max(2 * soft_s, (asked - REACHED_WITHIN_DB - begins) / rate)
        if asked >= HEARD_FROM_DBA and lasts_s < up_s:
            lacks_s = up_s - lasts_s
            enough = math.ceil(2 * (segment.to_min - segment.from_min + lacks_s / 60)) / 2
            found.append(
                f"segment {segment.number}: a {segment.source} comes up slowly out of silence; in "
                f"{segment.to_min - segment.from_min:g} min this one reaches about {level:.0f} dB(A) of the {asked:g} that "
                f"are asked for, and is {'not heard in a room' if lasts_s <= soft_s else 'hardly heard at first'}; give it "
                f"{enough:g} min or more"
            )
    return found


def _rise_db_per_s(segment: Segment, asked_dba: float, profile: "Profile") -> float:
    onset = (asked_dba - BEGINS_DBA) / (profile.onset_ms / 1000)
    share = 1.0 if segment.source == "soundscape" else MELODY_RISE_DB_PER_S / RISE_DB_PER_S
    return max(0.01, min(RISE_DB_PER_S, onset)) * share


def held_back(plan: "Plan", profile: "Profile") -> list[str]:
    """Return a sentence for each segment whose tempo would not come to its end: a profile's own rate holds it."""
    rate = profile.lead_rate_permille / 10
    found = []
    for segment, reached in zip(segments(plan), tempos_reached(plan, profile), strict=True):
        if reached is None or abs(reached - segment.tempo_end_bpm) < TEMPO_WITHIN_BPM:  # pyright: ignore[reportOperatorIssue]
            continue
        alone = segment.matched and profile.mode != "open_loop"
        slow = profile.lead_rate_permille < programme.TEMPO_PERMILLE_A_MINUTE
        found.append(
            f"segment {segment.number}: its tempo is to go from {segment.tempo_start_bpm:g} to {segment.tempo_end_bpm:g} "
            f"bpm in {segment.to_min - segment.from_min:g} min, and{', where no pulse leads it,' if alone else ''} at the "
            f"profile's lead_rate_percent_per_min of {rate:g} it reaches {reached:.1f}; choose a nearer tempo_end_bpm, or "
            f"more minutes{', or a higher rate there' if slow else ''}"
        )
    return found


def tempos_reached(plan: "Plan", profile: "Profile") -> list[float | None]:
    """Return the tempo in bpm at the end of each segment, with no pulse; None of what has none."""
    lead = profile.lead_rate_permille / 1000 / LEAD_MARGIN
    now = None
    found: list[float | None] = []
    for segment in segments(plan):
        start, end = segment.tempo_start_bpm, segment.tempo_end_bpm
        if start is None or end is None:
            now = None
        else:
            now = start if now is None else now
            rate = MATCH_A_MINUTE
            seconds = round(60 * (segment.to_min - segment.from_min))
            for second in range(1, seconds + 1):
                way = start + (end - start) * second / seconds - now
                most = now * rate / 60
                if abs(way) <= most:
                    rate = lead
                now += max(-most, min(most, way))
        found.append(now)
    return found
