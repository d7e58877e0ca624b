"""Reads a sound file of any usual kind, for `calando song import`, `calando song record` and `calando meter`.

FFmpeg's libraries do it, through PyAV (`av`), which is loaded only here. The kind is told by the file's first bytes,
never by its name, and only the reader of that kind is let at it: a file that names other files or addresses
(a playlist) is none of them.
"""

import math
import os
import struct
from pathlib import Path

import numpy as np

from simulator.files import contents
from simulator.files.errors import CalandoError, os_reason

SUFFIXES = (
    ".wav",
    ".flac",
    ".m4a",
    ".mp4",
    ".aac",
    ".mp3",
    ".ogg",
    ".oga",
    ".opus",
    ".aiff",
    ".aif",
    ".caf",
    ".webm",
)
LARGEST_FILE = 64_000_000  # bytes: 40 s of two channels at 96 kHz are half of it; a recording has a few
LONGEST_S = 600  # of decoded sound, whatever a small file unpacks to
RATES_HZ = (8000, 96_000)
WAY_OUT = "save it as a 16-bit PCM WAV file"
# A writer that could not go back to fill in the length leaves nothing or the largest number there.
STREAMED_BYTES = 0x7FFF0000
# A file that tells its length may be a frame of its coder short of it.
MISSING_S = 0.25


def read(
    path: Path, longest_s: float = LONGEST_S, largest_bytes: int = LARGEST_FILE
) -> tuple[np.ndarray, int]:
    """Read a sound file.

    Returns its samples (float64, shape (count,), channels averaged, 1.0 is full scale, never empty) and their rate
    in Hz (8000 to 96 000). CalandoError says in one sentence what is missing, damaged, cut short, over
    `largest_bytes`, longer than `longest_s` seconds, or of another kind.
    """
    if path.is_fifo():
        raise CalandoError(f"{path} is a pipe, and sound is read from a file; {WAY_OUT}")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise CalandoError(f"cannot read {path}: {os_reason(error)}") from error
    if size > largest_bytes:
        told, most = contents.sizes(size, largest_bytes)
        raise CalandoError(f"{path} has {told}, and at most {most} are read: cut it, or give another file")
    kind = _kind(head)
    if kind is None:
        raise CalandoError(f"{path} is not a sound file of a known kind; {WAY_OUT}")
    if kind == "wav":
        _refuse_cut_wav(path, size)
    return _decode(path, kind, longest_s)


def _kind(head: bytes) -> str | None:
    """FFmpeg's name for what begins so."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[4:8] == b"ftyp":
        return "mov"
    starts = {
        b"OggS": "ogg", b"fLaC": "flac", b"ID3": "mp3", b"caff": "caf", b"\x1aE\xdf\xa3": "matroska",
    }  # fmt: skip
    for start, name in starts.items():
        if head.startswith(start):
            return name
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "mp3"
    return None


def _refuse_cut_wav(path: Path, size: int) -> None:
    """FFmpeg plays what is there of half a WAV file, and says nothing."""
    with path.open("rb") as file:
        rf64 = file.read(12)[:4] == b"RF64"  # its lengths stand elsewhere
        while len(head := file.read(8)) == 8:
            name, length = head[:4], struct.unpack("<I", head[4:])[0]
            if name == b"data":
                if not rf64 and length < STREAMED_BYTES and file.tell() + length > size:
                    raise CalandoError(f"{path} ends before its own header says; copy it again")
                return
            file.seek(length + (length & 1), os.SEEK_CUR)


def _decode(path: Path, kind: str, longest_s: float) -> tuple[np.ndarray, int]:
    import av  # FFmpeg's libraries: half a second, and only for sound
    from av.error import FFmpegError

    pieces: list[np.ndarray] = []
    rate, count, told_s, damaged = 0, 0, None, False
    try:
        # The open file, not its name: nothing but this file can be reached.
        with path.open("rb") as file, av.open(file, "r", format=kind) as container:
            if not container.streams.audio:
                raise CalandoError(f"{path} holds no sound: it has no track of it")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise CalandoError(f"{path} holds sound of a kind that is not known; {WAY_OUT}")
            rate = int(stream.codec_context.sample_rate or 0)
            if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
                raise CalandoError(
                    f"{path} has {rate} samples a second; {RATES_HZ[0]} to {RATES_HZ[1]} can be used"
                )
            if stream.duration is not None and stream.time_base is not None and kind in ("flac", "mov"):
                told_s = float(stream.duration * stream.time_base)
            resampler = av.AudioResampler(format="dblp")
            try:
                for frame in container.decode(stream):
                    # A later part with another rate or number of channels is brought to the first's by no one.
                    for plain in resampler.resample(frame):
                        piece = plain.to_ndarray()
                        pieces.append(piece.mean(axis=0))
                        count += piece.shape[1]
                    if frame.sample_rate != rate:
                        raise CalandoError(f"{path} changes its rate in the middle; {WAY_OUT}")
                    if count > longest_s * rate:
                        raise CalandoError(
                            f"{path} lasts more than {longest_s:.0f} s, the most that is read: cut it"
                        )
            except (FFmpegError, EOFError, ValueError):
                damaged = True
    except CalandoError:
        raise
    except OSError as error:
        if not isinstance(error, FFmpegError):
            raise CalandoError(f"cannot read {path}: {os_reason(error)}") from error
        raise CalandoError(f"{path} is damaged, or holds no sound that can be read; {WAY_OUT}") from error
    except (FFmpegError, ValueError, OverflowError) as error:
        raise CalandoError(f"{path} is damaged, or holds no sound that can be read; {WAY_OUT}") from error
    if damaged or (told_s is not None and math.isfinite(told_s) and count < (told_s - MISSING_S) * rate):
        raise CalandoError(f"{path} is damaged or ends before its own header says; copy it again")
    if not count:
        raise CalandoError(f"{path} holds no sound: it has no samples")
    samples = np.concatenate(pieces)
    if not np.isfinite(samples).all() or np.abs(samples).max() > 100:
        raise CalandoError(f"{path} holds samples that are no numbers, or far too large; {WAY_OUT}")
    return samples, rate
