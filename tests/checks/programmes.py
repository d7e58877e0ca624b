"""Plays all that adults may hear and judges it by the gates of docs/sound.md: a table; status 1 where one is missed.

    nice python tests/checks/programmes.py [--phrases 10000] [--seeds 3] [PART ...]

Every ready-made programme and one with every kind of change: on the whole device (when each segment begins) and by the
renderer (its notes); every pattern; every song and air accompanied; a recorded voice over a song's chords; and the
phrases of patterns by themselves, with what they leave on the heap. Some minutes. A small part of each is in `make test`.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

if __name__ == "__main__":
    sys.path[:0] = [
        str(Path(__file__).resolve().parents[2]),
        str(Path(__file__).resolve().parents[1] / "support"),
    ]
    import simulator  # noqa: F401  (what conftest.py does for the tests)

import pattern_phrases
import programme_gates as gates
import sung_voices
from programme_parts import EVERY_CHANGE, compact
from sound_measures import click_db

from firmware.care import plan as columns
from firmware.sound import score, songs
from firmware.sound.score import PATTERN, PATTERNS, Score
from host_tools.programmes import programmes
from host_tools.songs import record
from host_tools.songs.airs import AIRS
from host_tools.sound import meter, render
from simulator import interpreter, play, scenario
from simulator.files import programme_file

RATE_HZ = render.RATE_HZ
ROOT = Path(__file__).resolve().parents[2]
ON_DEVICE = ROOT / "tests" / "on_device"
ADULT = render.load_profile(Path("adult"))
NEWBORN = render.load_profile(None)
CEILING_DBA, CEILING_DBC = 60, 65  # of an adult's device
CLICK_DB, SEAM, DIP_DB, RISE_DB_PER_S = 14.0, 1.05, 2.0, 1.0
LEVEL_DB = 1.0
BOUNDARY_S = 0.5
LEVEL_CDBA = 5000
# The voice that the tests of recordings sing: no person.
VOICE_SONGS = ("twinkle", "suo_gan", "brahms", "fais_dodo")


class Judged:
    """One row of the table: what was measured of a piece, and which gates it missed."""

    def __init__(self, name: str):
        self.name = name
        self.told: list[str] = []
        self.missed: list[str] = []

    def look(self, what: str, value: float, lowest: float, highest: float, unit: str) -> None:
        """Note one figure beside its gate."""
        self.told.append(f"{what} {value:.2f} {unit}".rstrip())
        if not lowest <= value <= highest:
            self.missed.append(f"{what} is {value:.2f} {unit}, and may be {lowest:g} to {highest:g}")

    def row(self) -> str:
        return f"{'ok' if not self.missed else 'BAD':<4}{self.name:<33}{'; '.join(self.told)}"


def sound(
    judged: Judged, samples: np.ndarray, asked_dba: float, parts: list[np.ndarray] | None = None
) -> None:
    """Look at what no sound may have: clicks, steps of gain, an offset, too high a level.

    parts: what sounds from silence to silence, where there is one.
    """
    clicks = [click_db(part, local=True) for part in ([samples] if parts is None else parts)]
    judged.look("click", max(clicks), 0, CLICK_DB, "dB")
    judged.look("seam", gates.seam_ratio(samples), 0, SEAM, "")
    judged.look("DC", abs(float(samples.mean())) / 32768 * 1e4, 0, 1, "e-4")
    measured = meter.measure(samples, RATE_HZ, gates.FULL_SCALE_DBA)
    judged.look("LAS max", measured.las_max_dba or 0, 0, min(CEILING_DBA, asked_dba + 5), "dB(A)")
    judged.look("LCS max", measured.lcs_max_dbc or 0, 0, CEILING_DBC, "dB(C)")


def laeq(samples: np.ndarray) -> float:
    return meter.measure(samples, RATE_HZ, gates.FULL_SCALE_DBA).laeq_dba or 0.0


# Programmes


def on_the_device(listening: programmes.Listening, folder: Path) -> tuple[np.ndarray, list[float]]:
    """Play a programme on the whole device with nobody on the sensor: samples, and when segments began and the end was, s.

    Both count from the first segment.
    """
    (folder / "judged.toml").write_text(programme_file.dump(listening.data), encoding="utf-8")
    for name, data in programmes.songs_of(listening).items():
        (folder / f"{name}.lul").write_bytes(data)
    minutes = listening.plan.total_ms / 60_000
    result = play.run(
        scenario.from_values(
            {
                "title": "a programme", "duration_s": round(minutes * 60) + 40,
                "profile": {
                    "population": "adult", "mode": "open_loop", "listening_programme": "judged",
                    "session_min": -(-minutes // 1),
                },
                "patient": {"population": "adult"},
                "event": [{"at_s": 5, "do": "press"}, {"at_s": 0, "do": "sensor_off"}],
            },
            folder / "judged_scenario.toml",
        )
    )  # fmt: skip
    assert result.summary["end"] == "faded" and result.summary["underruns"] == 0, result.summary
    begins = [event["time_s"] for event in result.events if event["kind"] == "device_segment"]
    first = begins[0]
    samples = result.pcm[round(first * RATE_HZ) :]
    return samples, [at - first for at in begins] + [minutes * 60]


def programme(listening: programmes.Listening, seed: int) -> Judged:
    """Play one programme and judge it whole: its boundaries, crossfades, levels and silences."""
    judged = Judged(f"programme {listening.name}")
    plan = listening.plan
    with tempfile.TemporaryDirectory() as folder:
        samples, begins_s = on_the_device(listening, Path(folder))
    _, notes = render.play(programmes.plan_for(listening, notes=True, seed=seed))
    late = boundaries(judged, plan, begins_s, notes)
    judged.look("boundary off by", max(late), 0, BOUNDARY_S, "s")
    found = [decibels for _, decibels in gates.dips(samples, plan, begins_s)]
    judged.look("dip", max(found, default=0.0), -99, DIP_DB, "dB")
    judged.look("rise", gates.rise_rate(samples, plan, begins_s), 0, RISE_DB_PER_S, "dB/s")
    off = 0.0
    for segment in range(plan.segments):
        if plan.source(segment) == "silence":
            begin, end = begins_s[segment] + gates.FADE_S, begins_s[segment + 1] - 0.5
            judged.look(
                "in silence", np.abs(samples[round(begin * RATE_HZ) : round(end * RATE_HZ)]).max(), 0, 0, ""
            )
            continue
        begin, end = gates.settled_s(plan, begins_s, segment)
        if end - begin >= 25:
            asked = LEVEL_CDBA / 100 + plan.at(segment, columns.LEVEL_CDB) / 100
            difference = laeq(samples[round(begin * RATE_HZ) : round(end * RATE_HZ)]) - asked
            off = max(off, difference, -difference)
    judged.look("level off by", off, 0, LEVEL_DB, "dB")
    sound(judged, samples, LEVEL_CDBA / 100, gates.stretches(samples, plan, begins_s))
    return judged


def boundaries(judged: Judged, plan, begins_s: list[float], notes: list[tuple]) -> Iterator[float]:
    """Yield by how many seconds each segment's beginning missed what was planned.

    One that waits for a phrase begins after its time and with the end of a note: the last of the melody before it; within a
    beat, which is taken off. A silence that begins late has its minutes when its fade is over.
    """
    planned = 0.0
    for segment in range(1, plan.segments):
        before, at = begins_s[segment - 1], begins_s[segment]
        if plan.source(segment - 1) == "silence" and before > planned + BOUNDARY_S:
            level_cdb = LEVEL_CDBA + plan.at(segment - 2, columns.LEVEL_CDB)
            fall_ms = max(plan.at(segment - 1, columns.CROSSFADE_MS), level_cdb * columns.FALL_MS_PER_CDB)
            planned = before + fall_ms / 1000
        planned += plan.at(segment - 1, columns.LENGTH_MS) / 1000
        if not plan.at(segment - 1, columns.UNTIL_PHRASE):
            yield abs(at - planned)
            continue
        sung = [
            (start / RATE_HZ, (start + length) / RATE_HZ, 60_000 / tempo)
            for start, voice, _, length, tempo in notes
            if voice < 3 and start / RATE_HZ < at - 0.05
        ]
        _, end, beat = sung[-1]
        yield max(0.0, planned - at, at - planned - 90, abs(at - end) - beat)


def every_programme(seeds: int) -> Iterator[Judged]:
    for name in programmes.ready():
        yield programme(programmes.load(name), seed=seeds)
    with tempfile.TemporaryDirectory() as folder:
        yield programme(programmes.Listening("every_change", compact(EVERY_CHANGE), Path(folder)), seed=seeds)


# Patterns


def pattern(kind: str, seed: int, tempo_bpm: int, density_permille: int, minor_permille: int) -> Judged:
    """Play two minutes of one pattern, and judge sound and notes."""
    judged = Judged(f"pattern {kind}, seed {seed}")
    plan = render.plan_for(
        ADULT, PATTERN + kind, seconds=124, seed=seed, soundscape=None, first_level_cdba=LEVEL_CDBA, onset_ms=0,
        level_cdba=LEVEL_CDBA, tempo_mbpm=tempo_bpm * 1000, density_permille=density_permille,
        minor_permille=minor_permille, notes=True, changes=[[120_000, "fade_out", 3000]],
    )  # fmt: skip
    samples, notes = render.play(plan)
    judged.look(
        "level off by", abs(laeq(samples[5 * RATE_HZ : 119 * RATE_HZ]) - LEVEL_CDBA / 100), 0, LEVEL_DB, "dB"
    )
    sound(judged, samples, LEVEL_CDBA / 100)
    beat = RATE_HZ * 60 / tempo_bpm
    sung = [(at, at + length, note) for at, voice, note, length, _ in notes if voice < 3]
    longest = 0.0
    for at, voice, note, length, _ in notes:
        if voice in (3, 4, 5):
            for first, last, other in sung:
                if (other - note) % 12 in pattern_phrases.DISSONANT:
                    longest = max(longest, (min(at + length, last) - max(at, first)) / beat)
    judged.look("dissonance", longest, 0, 1, "beats")
    judged.look("leap", float(np.abs(np.diff([note for *_, note in sung])).max()), 0, 12, "semitones")
    return judged


def every_pattern(seeds: int) -> Iterator[Judged]:
    for kind in PATTERNS:
        for seed in range(1, seeds + 1):
            yield pattern(kind, seed, (60, 48, 75)[seed % 3], (900, 300)[seed % 2], (0, 600, -600)[seed % 3])


# Singing with it


def accompanied(song: Score, profile, soundscape: str | None) -> Judged:
    """Play a song without its melody, introduction to second stanza and last fade."""
    judged = Judged(f"accompanied {song.name}" + ("" if soundscape is None else f", {soundscape}"))
    beat_bpm = 50 if song.compound else 60
    seconds = max(110.0, (2 * song.ticks / score.TICKS_PER_BEAT + 30) * 60 / beat_bpm)
    plan = render.plan_for(profile, "twinkle", seconds=seconds, onset_ms=0, soundscape=soundscape)
    plan.update(
        song=song.name, score=song.data.hex(), melody="accompany", first_level_cdba=4800, level_cdba=4800,
        tempo_mbpm=beat_bpm * 1000, brightness_permille=500, density_permille=700,
        changes=[[round(seconds * 1000) - 4000, "fade_out", 3000]],
    )  # fmt: skip
    samples, _ = render.play(plan)
    if soundscape is None:
        # Six decibels are left to who sings.
        judged.look("level off by", laeq(samples[60 * RATE_HZ : -5 * RATE_HZ]) - 42, -1, 0.5, "dB")
    judged.look("rise", gates.rise_over_rests(samples[: -4 * RATE_HZ]), 0, RISE_DB_PER_S, "dB/s")
    sound(judged, samples, 48)
    return judged


def every_accompaniment() -> Iterator[Judged]:
    for name in songs.NAMES:
        yield accompanied(songs.SONGS[name], NEWBORN, None)
    for air in AIRS:
        yield accompanied(Score(air.encode(), air.name), ADULT, None)
    for name in ("brahms", "dromore"):
        yield accompanied(songs.SONGS[name], NEWBORN, "ocean")


def voice_with_chords(name: str, folder: Path) -> Judged:
    """Sing a song by a made-up voice, lay it over the song's chords, and judge both and what the chords add."""
    judged = Judged(f"voice over {name}")
    song = songs.SONGS[name]
    sung = [
        (song.data[score.HEADER + 2 * at] & 127, song.data[score.HEADER + 2 * at + 1] / 24)
        for at in range(song.notes)
    ]
    made = record.make(
        sung_voices.sing(sung, beat_s=0.55, rate_hz=RATE_HZ, consonants=False)[0], RATE_HZ, "voice", "judged"
    )
    file = folder / f"{name}.adp"
    file.write_bytes(made.data)
    both = []
    for melody in ("play", "accompany"):
        plan = render.plan_for(NEWBORN, "twinkle", seconds=made.seconds, onset_ms=0, soundscape=None)
        plan.update(
            song=song.name, score=song.data.hex(), melody=melody, first_level_cdba=4800, tempo_mbpm=60_000,
            brightness_permille=500, density_permille=700, recording=str(file), recording_bytes=file.stat().st_size,
        )  # fmt: skip
        both.append(render.play(plan)[0])
    alone, together = both
    bed = (together.astype(int) - alone).astype(np.int16)
    judged.look("chords under the voice by", laeq(alone) - laeq(bed), 8, 14, "dB")
    judged.look("the sum is louder by", laeq(together) - laeq(alone), -0.6, 0.6, "dB")
    judged.look("click of the chords", click_db(bed), 0, CLICK_DB, "dB")
    judged.look("seam of the chords", gates.seam_ratio(bed), 0, SEAM, "")
    judged.look("click", click_db(together), 0, CLICK_DB, "dB")
    measured = meter.measure(together, RATE_HZ, gates.FULL_SCALE_DBA)
    judged.look("LAS max", measured.las_max_dba or 0, 0, 48 + 5, "dB(A)")
    return judged


def every_voice() -> Iterator[Judged]:
    with tempfile.TemporaryDirectory() as folder:
        for name in VOICE_SONGS:
            yield voice_with_chords(name, Path(folder))


# Phrases by themselves, and the heap


def every_phrase(count: int) -> Iterator[Judged]:
    """Make that many phrases under as many seeds, look at each, and play minutes of one with the garbage collector off."""
    judged = Judged(f"{count} phrases, as many seeds")
    broken = [
        (kind, seed, words)
        for kind, seed, made in pattern_phrases.phrases(count)
        if (words := pattern_phrases.broken(made))
    ]
    judged.look("break a rule", len(broken), 0, 0, "")
    judged.missed += [f"{kind}, seed {seed}: {', '.join(words)}" for kind, seed, words in broken[:5]]
    yield judged
    for script, what in (
        ("pattern_notes.py", "96 s of a pattern"),
        ("accompaniment_allocation.py", "240 s sung with"),
    ):  # fmt: skip
        judged = Judged(what)
        left = int(interpreter.run_script(ON_DEVICE / script, heap_kib=400).stdout.split()[-1])
        judged.look("left on the heap", left, 0, 0, "bytes")
        yield judged


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        help="programmes, patterns, accompanied, voices, phrases; default: all",
    )
    parser.add_argument("--phrases", type=int, default=10_000, metavar="COUNT")
    parser.add_argument("--seeds", type=int, default=3, metavar="COUNT", help="of each kind of pattern")
    asked = parser.parse_args()
    parts = {
        "programmes": lambda: every_programme(asked.seeds),
        "patterns": lambda: every_pattern(asked.seeds),
        "accompanied": every_accompaniment,
        "voices": every_voice,
        "phrases": lambda: every_phrase(asked.phrases),
    }
    unknown = [name for name in asked.parts if name not in parts]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there are {', '.join(parts)}")
    bad = 0
    for name in asked.parts or parts:
        for judged in parts[name]():
            print(judged.row(), flush=True)
            for line in judged.missed:
                print(f"    {line}", flush=True)
            bad += bool(judged.missed)
    print("every gate is kept" if not bad else f"{bad} pieces miss a gate")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
