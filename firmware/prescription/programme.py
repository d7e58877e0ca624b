"""A listening programme: segments of music, soundscape and silence, for an adult. The table of a segment, the rules, and
the compact form in which a programme lies on the device.

Loaded only for a profile that names a programme, or a computer that brings one. What plays it is care/programme.py.

The compact form is one line of JSON, {"form":1,"title":..,"shape":..,"segments":[[..],..]} with a segment's values in the
order of the table, and a line with the CRC-32 of the first in eight hex digits.
"""

import binascii
import json
from array import array

from firmware.care import plan as columns
from firmware.prescription.setting import Setting, check_setting
from firmware.sound.score import PATTERNS

FORM = 1
LARGEST = 2048  # bytes of the compact form
PROGRAMMES_MAX = 8  # on one device
SEGMENTS_MAX = 12
SONG_BYTES_MAX = (
    3072  # of all its songs together: they wait in memory, so that nothing is read while music plays
)
TITLE = Setting("title", "text", "", (1, 16), (1, 16), "shown in reports; never a patient's name")
SHAPES = ("U", "L", "J", "flat")
SOUNDSCAPES = ("ocean", "womb", "rain")

# The rules. The table with their reasons is in docs/programmes.md, made from host_tools/programmes/rules.py.
INTENSITY_STEP = 2
TEMPO_STEP_PERCENT = 10
TEMPO_LOWEST_PERCENT = 85  # of the first tempo
TEMPO_PERMILLE_A_MINUTE = 20  # within a segment: the most that an adult's lead_rate_percent_per_min may be
LEVEL_STEP_CDB = 300
RETURN_MS = 180_000
SILENCE_MS = 60_000
LONGEST_MS = 2_700_000
NO_JSON = "the programme is not JSON; put it there again"
_LESS = ", less what the phrase before a silence may take"
# A shape's intensity falls by this much, or stays within it where it is flat.
SHAPE_FALL = 2
SHAPE_LEVEL = 1


def _row(name, kind, unit, allowed, meaning, step: float = 1, scale=1):
    return Setting(name, kind, unit, allowed, allowed, meaning, step, scale)  # pyright: ignore[reportArgumentType]


TABLE = (
    _row(
        "role",
        "choice",
        "",
        columns.ROLES,
        "what the segment is for; roles come in this order, silence anywhere",
    ),
    _row("source", "choice", "", columns.SOURCES, "what sounds"),
    _row("name", "name", "", (1, 24), "which of them; none for silence"),
    _row("minutes", "number", "min", (0.5, 45), "how long; with repeats the longest it may take", 0.5, 60000),
    _row("repeats", "number", "", (0, 20), "how often a song is played through; 0 goes by minutes"),
    _row(
        "tempo",
        "choice",
        "",
        ("fixed", "matched"),
        "matched goes by the pulse, or as fixed where none is known",
    ),
    _row("tempo_start_bpm", "number", "bpm", (40, 90), "tempo at its beginning", 1, 1000),
    _row("tempo_end_bpm", "number", "bpm", (40, 90), "tempo at its end", 1, 1000),
    _row("level_db", "number", "dB", (-20, 0), "against the profile's level", 0.5, 100),
    _row("minor_percent", "number", "%", (-100, 100), "phrases that turn to minor; below 0 to major", 1, 10),
    _row("brightness_percent", "number", "%", (0, 100), "of the timbre", 1, 10),
    _row("density_percent", "number", "%", (0, 100), "of the accompaniment", 1, 10),
    _row("intensity", "number", "", (0, 10), "how moving it is, by ear; the shape is drawn from it"),
    _row("crossfade_s", "number", "s", (4, 20), "from what was before", 0.5, 1000),
    _row(
        "until", "choice", "", ("time", "phrase_end"), "ends at its time, or with the phrase that sounds then"
    ),
)
DEFAULTS = {
    "name": "none", "repeats": 0, "tempo": "fixed", "tempo_start_bpm": 66, "tempo_end_bpm": 66, "level_db": 0,
    "minor_percent": 0, "brightness_percent": 50, "density_percent": 50, "crossfade_s": 8, "until": "time",
}  # fmt: skip


class ProgrammeError(ValueError):
    """A programme cannot be used; the text is one sentence with the segment, the value, what is allowed and what to do."""


def read_segment(number, values, names):
    """Return one row of a Plan. `names` grows by what is named."""
    where = "segment %d" % (number + 1)
    numbers = []
    for setting, value in zip(TABLE, values):  # noqa: B905
        try:
            numbers.append(check_setting(setting, value, "adult"))
        except ValueError as error:
            raise ProgrammeError("%s: %s" % (where, error.args[0]))  # noqa: B904
    role, source, name, length_ms, repeats, tempo = numbers[:6]
    phrase = numbers[14] == "phrase_end"
    if (role == "silence") != (source == "silence"):
        raise ProgrammeError("%s: role and source are silence together or not at all; set both" % where)
    if source == "silence":
        name = "none"
    elif name == "none":
        raise ProgrammeError("%s: name is missing; write which %s it is" % (where, source))
    if source == "soundscape" and name not in SOUNDSCAPES:
        raise ProgrammeError(
            "%s: there is no soundscape %s; choose one of %s" % (where, name, ", ".join(SOUNDSCAPES))
        )
    if source == "pattern" and name not in PATTERNS:
        raise ProgrammeError(
            "%s: there is no pattern %s; choose one of %s" % (where, name, ", ".join(PATTERNS))
        )
    if repeats and source != "song":
        raise ProgrammeError("%s: repeats are of a song; set minutes instead" % where)
    if phrase and source in ("soundscape", "silence"):
        raise ProgrammeError("%s: a %s has no phrases; set until = 'time'" % (where, source))
    if length_ms <= 2 * numbers[13]:
        raise ProgrammeError("%s: minutes are hardly longer than its crossfade; lengthen it" % where)
    if name not in names:
        names.append(name)
    row = [columns.ROLES.index(role), columns.SOURCES.index(source), names.index(name), length_ms, repeats]
    return row + [1 if tempo == "matched" else 0] + numbers[6:14] + [1 if phrase else 0]


def from_values(values):
    """Return title, shape and rows in the table's order, checked, of a table with title, shape and a list of segments.

    Raises ProgrammeError.
    """
    if not isinstance(values, dict):
        raise ProgrammeError("a programme is a table with title, shape and segments")
    for name in sorted(values):
        if name not in ("title", "shape", "segment"):
            raise ProgrammeError(
                "%s is no part of a programme; remove it or correct its name" % repr(name)[:40]
            )
    segments = values.get("segment")
    if not isinstance(segments, list) or not 1 <= len(segments) <= SEGMENTS_MAX:
        raise ProgrammeError("a programme has 1 to %d segments; write each under [[segment]]" % SEGMENTS_MAX)
    rows = [row_of(number, one) for number, one in enumerate(segments)]
    make(values.get("title"), values.get("shape"), rows)
    return values["title"], values["shape"], rows


def row_of(number, segment):
    """Return the values of a segment in the table's order, with the default of what is left out. Raises ProgrammeError."""
    where = "segment %d" % (number + 1)
    if not isinstance(segment, dict):
        raise ProgrammeError("%s is not a table of settings; write it under [[segment]]" % where)
    names = [setting.name for setting in TABLE]
    for name in segment:
        if name not in names:
            raise ProgrammeError(
                "%s: %s is not a setting of a segment; remove it or correct its name"
                % (where, repr(name)[:40])
            )
    row = []
    for name in names:
        default = DEFAULTS.get(name)
        if name == "tempo_end_bpm":
            default = segment.get("tempo_start_bpm", default)
        value = segment.get(name, default)
        if value is None and name == "intensity" and segment.get("source") == "silence":
            value = 0
        if value is None:
            raise ProgrammeError("%s: %s is missing; set it" % (where, name))
        row.append(value)
    return row


def encode(title, shape, rows):
    """Return the compact form of a programme. rows: each segment's values in the table's order. Raises ProgrammeError."""
    make(title, shape, rows)
    parts = [json.dumps(row) for row in rows]
    line = '{"form":%d,"title":%s,"shape":%s,"segments":[%s]}' % (
        FORM, json.dumps(title), json.dumps(shape), ",".join([part.replace(", ", ",") for part in parts]),
    )  # fmt: skip
    data = line.encode()
    data += b"\n%08X" % (binascii.crc32(data) & 0xFFFFFFFF)
    if len(data) > LARGEST:
        raise ProgrammeError(
            "the programme takes %d bytes and may take %d; leave out a segment" % (len(data), LARGEST)
        )
    return data


def check_whole(data):
    """Check that nothing of a compact form is missing, and nothing changed. Raises ProgrammeError."""
    if not 10 <= len(data) <= LARGEST:
        raise ProgrammeError("a programme has 10 to %d bytes, this one has %d" % (LARGEST, len(data)))
    if bytes(data[-9:]) != b"\n%08X" % (binascii.crc32(data[:-9]) & 0xFFFFFFFF):
        raise ProgrammeError("the programme is damaged: its checksum does not match; put it there again")


def decode(data):
    """Return title, shape and the segments' values from the compact form. Raises ProgrammeError when it is damaged."""
    data = bytes(data)
    check_whole(data)
    try:
        values = json.loads(data[:-9])
    except ValueError:
        raise ProgrammeError(NO_JSON)  # noqa: B904
    if not isinstance(values, dict) or values.get("form") != FORM:
        raise ProgrammeError(
            "the programme has another form than %d; renew the firmware or the programme" % FORM
        )
    segments = values.get("segments")
    if not isinstance(segments, list) or not 1 <= len(segments) <= SEGMENTS_MAX:
        raise ProgrammeError("a programme has 1 to %d segments" % SEGMENTS_MAX)
    for number, segment in enumerate(segments):
        if not isinstance(segment, list) or len(segment) != len(TABLE):
            raise ProgrammeError(
                "segment %d has not %d values; put the programme there again" % (number + 1, len(TABLE))
            )
    return values.get("title"), values.get("shape"), segments


def read(data):
    """Return a Plan from the compact form. Raises ProgrammeError."""
    return make(*decode(data))


def make(title, shape, segments):
    """Return a Plan of each segment's values in the table's order. Raises ProgrammeError."""
    try:
        check_setting(TITLE, title, "adult")
    except ValueError as error:
        raise ProgrammeError(error.args[0])  # noqa: B904
    if shape not in SHAPES:
        raise ProgrammeError(
            "shape = %s is none of the shapes; choose one of %s" % (repr(shape)[:40], ", ".join(SHAPES))
        )
    names = []
    rows = array("i", [0] * (columns.COLUMNS * len(segments)))
    for number, values in enumerate(segments):
        place = number * columns.COLUMNS
        for value in read_segment(number, values, names):
            rows[place] = value
            place += 1
    plan = columns.Plan(title, shape, rows, names)
    _check_rules(plan)
    return plan


# The rules


def _check_rules(programme):
    at = programme.at
    sounding = [segment for segment in range(programme.segments) if programme.source(segment) != "silence"]
    if not sounding:
        raise ProgrammeError("all segments are silence; write one that sounds")
    if len(programme.names_of("voice")) > 1:
        raise ProgrammeError("two recorded voices are named; the device has room for one, so choose one")
    if programme.total_ms > LONGEST_MS:
        raise ProgrammeError(
            "the segments last %.4g minutes together and may last %d; shorten them"
            % (programme.total_ms / 60000, LONGEST_MS // 60000)
        )
    _check_roles(programme, sounding)
    _check_steps(programme, sounding)
    _check_shape(programme.shape, [at(segment, columns.INTENSITY) for segment in sounding])
    return_ms, late_ms = _return_ms(programme)
    if programme.shape in ("U", "J") and return_ms - late_ms < RETURN_MS:
        raise ProgrammeError(
            "shape = '%s' needs at least %d minutes with the role return%s; lengthen them"
            % (programme.shape, RETURN_MS // 60000, _LESS if late_ms else "")
        )
    _check_silence(programme)
    if at(programme.segments - 1, columns.LENGTH_MS) < columns.LAST_FADE_MS:
        raise ProgrammeError(
            "the last segment is shorter than the last fade, %d s; lengthen it"
            % (columns.LAST_FADE_MS // 1000)
        )


def _check_silence(programme):
    """Somewhere there is silence for long enough, whatever the level before it was and however long its phrase took."""
    at = programme.at
    best_ms, best, waits = -1, 0, None
    waited = None  # the last segment that may wait for a phrase
    late_ms = carried_ms = 0  # of the segments from here on; of this one alone, which has less for it
    left_ms = programme.total_ms
    for segment in range(programme.segments):
        length_ms = at(segment, columns.LENGTH_MS)
        if programme.source(segment) == "silence":
            fall_ms = _fall_ms(programme, segment)
            # All of it that lies before the session's own end, whose fade it may become.
            quiet_ms = left_ms - columns.LAST_FADE_MS - late_ms - carried_ms
            by_itself_ms = length_ms - fall_ms
            if min(quiet_ms, by_itself_ms) > best_ms:
                best_ms, best, waits = min(quiet_ms, by_itself_ms), segment, None
                if by_itself_ms >= SILENCE_MS and late_ms + carried_ms:
                    waits = waited
            if carried_ms:
                late_ms += carried_ms + fall_ms
                carried_ms = 0
        elif at(segment, columns.UNTIL_PHRASE) or at(segment, columns.REPEATS):
            carried_ms, waited = columns.PHRASE_MS, segment
        else:
            carried_ms = max(0, carried_ms - length_ms)
        left_ms -= length_ms
    if best_ms >= SILENCE_MS:
        return
    if waits is None:
        raise ProgrammeError(
            "no segment of silence leaves %d s without sound once the fade into it is over; write one of 90 s or more"
            % (SILENCE_MS // 1000)
        )
    halves = -(-(at(best, columns.LENGTH_MS) + SILENCE_MS - best_ms) // 30_000)
    raise ProgrammeError(
        "segment %d: the phrase that ends segment %d may take %d s of it; make it %.3g min, that %d s stay silent, or set "
        "until = 'time' and no repeats there"
        % (best + 1, waits + 1, columns.PHRASE_MS // 1000, halves / 2, SILENCE_MS // 1000)
    )


def _fall_ms(programme, segment):
    """Return the longest that the fade into a silence lasts which something comes after."""
    return max(programme.at(segment, columns.CROSSFADE_MS), 6000 * columns.FALL_MS_PER_CDB)


def _return_ms(programme):
    """Return the time with the role return, and by how much it may be less: where it is last, what a phrase before a
    silence took.
    """
    number = columns.ROLES.index("return")
    return_ms = late_ms = 0
    for segment in range(programme.segments):
        if programme.at(segment, columns.ROLE) == number:
            return_ms += programme.at(segment, columns.LENGTH_MS)
        elif segment and programme.source(segment) == "silence":
            before = segment - 1
            if programme.at(before, columns.UNTIL_PHRASE) or programme.at(before, columns.REPEATS):
                late_ms += columns.PHRASE_MS + _fall_ms(programme, segment)
    return return_ms, late_ms


def _check_roles(programme, sounding):
    for before, after in _pairs(sounding):
        if programme.at(after, columns.ROLE) < programme.at(before, columns.ROLE):
            raise ProgrammeError(
                "segment %d: role %s comes after %s; the order is %s"
                % (
                    after + 1,
                    columns.ROLES[programme.at(after, columns.ROLE)],
                    columns.ROLES[programme.at(before, columns.ROLE)],
                    ", ".join(columns.ROLES[:5]),
                )
            )


def _check_steps(programme, sounding):
    """Neighbours are those that sound one after the other, a silence between them or not."""
    at = programme.at
    tempos = [segment for segment in sounding if programme.source(segment) != "soundscape"]
    for before, after in _pairs(sounding):
        step = abs(at(after, columns.INTENSITY) - at(before, columns.INTENSITY))
        if step > INTENSITY_STEP:
            _too_far(after, "intensity", "%d" % step, "%d" % INTENSITY_STEP)
        step = abs(at(after, columns.LEVEL_CDB) - at(before, columns.LEVEL_CDB))
        if step > LEVEL_STEP_CDB:
            _too_far(
                after,
                "level_db",
                "%d.%d dB" % (step // 100, step % 100 // 10),
                "%d dB" % (LEVEL_STEP_CDB // 100),
            )
    for before, after in _pairs(tempos):
        last, first = at(before, columns.END_MBPM), at(after, columns.START_MBPM)
        if abs(first - last) * 100 > last * TEMPO_STEP_PERCENT:
            step = "%.1f %%" % (abs(first - last) * 100 / last)
            _too_far(after, "tempo_start_bpm", step, "%d %%" % TEMPO_STEP_PERCENT)
    for segment in tempos:
        first, last = at(segment, columns.START_MBPM), at(segment, columns.END_MBPM)
        change = abs(last - first) * 1000 // first
        if change * 60 > TEMPO_PERMILLE_A_MINUTE * (at(segment, columns.LENGTH_MS) // 1000):
            raise ProgrammeError(
                "segment %d: tempo_end_bpm is %d.%d %% from its start, and in its minutes a tempo moves by %d %% a "
                "minute at most; choose a nearer value or more minutes"
                % (segment + 1, change // 10, change % 10, TEMPO_PERMILLE_A_MINUTE // 10)
            )
        lowest = min(at(segment, columns.START_MBPM), at(segment, columns.END_MBPM))
        if lowest * 100 < at(tempos[0], columns.START_MBPM) * TEMPO_LOWEST_PERCENT:
            raise ProgrammeError(
                "segment %d: the tempo falls below %d %% of the first; raise it, or begin slower"
                % (segment + 1, TEMPO_LOWEST_PERCENT)
            )


def _pairs(values):
    """Return each value with the one after it."""
    return [(values[place - 1], values[place]) for place in range(1, len(values))]


def _too_far(segment, what, step, most):
    raise ProgrammeError(
        "segment %d: %s is %s from the segment before, and may be %s; choose a nearer value"
        % (segment + 1, what, step, most)
    )


def _check_shape(shape, intensity):
    first, last = intensity[0], intensity[-1]
    lowest = min(intensity)
    if shape == "flat":
        if max(intensity) - lowest > SHAPE_LEVEL:
            raise ProgrammeError(
                "shape = 'flat' and the intensity changes by more than %d; draw it flatter" % SHAPE_LEVEL
            )
        return
    turn = intensity.index(lowest)
    falls = all([after <= before for before, after in _pairs(intensity[: turn + 1])])
    rises = all([after >= before for before, after in _pairs(intensity[turn:])])
    if not falls or first - lowest < SHAPE_FALL:
        raise ProgrammeError(
            "shape = '%s' begins by falling, by at least %d of intensity; draw it so" % (shape, SHAPE_FALL)
        )
    if shape == "L":
        if last - lowest > SHAPE_LEVEL or max(intensity[turn:]) - lowest > SHAPE_LEVEL:
            raise ProgrammeError(
                "shape = 'L' stays low once it is there; lower the intensity after its lowest"
            )
    elif not rises or last - lowest < SHAPE_FALL:
        raise ProgrammeError(
            "shape = '%s' rises again after its lowest, by at least %d of intensity; draw it so"
            % (shape, SHAPE_FALL)
        )
    elif shape == "U" and abs(last - first) > SHAPE_LEVEL:
        raise ProgrammeError(
            "shape = 'U' ends within %d of the intensity it began with; draw it so" % SHAPE_LEVEL
        )
    elif shape == "J" and last <= first:
        raise ProgrammeError("shape = 'J' ends higher than it began; raise the last intensity or take 'U'")
