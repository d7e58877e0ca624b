"""Samples to the device's IMA-ADPCM, the counterpart of firmware/sound/adpcm.py, which decodes it.

Every block is searched for by itself, all of them at once: of all ways to write it, the few with the least error
so far are followed. That is 1 dB better than taking the nearest step each time, for a second of a desk's time.
"""

import binascii

import numpy as np

from firmware.sound import adpcm

PATHS = 16  # followed at a time
FIRST_SAMPLES = 12  # for so long, one path from every step size

_STEPS = np.array(adpcm.STEPS, dtype=np.int32)
_CODES = np.arange(16, dtype=np.int32)
_INDEX_CHANGE = np.array([-1, -1, -1, -1, 2, 4, 6, 8] * 2, dtype=np.int32)
_FIRST_INDICES = np.arange(len(_STEPS), dtype=np.int32)


def _differences() -> np.ndarray:
    """Return what each code (second axis) adds at each step size (first axis)."""
    step = _STEPS[:, None]
    size = (
        (step >> 3) + (step >> 2) * (_CODES & 1) + (step >> 1) * (_CODES >> 1 & 1) + step * (_CODES >> 2 & 1)
    )
    return np.where(_CODES & 8, -size, size)


_DIFFERENCES = _differences()


def encode(samples: np.ndarray, kind: int, loudness_cdb: int) -> bytes:
    """Encode a whole file. samples: int16 at 8 kHz; loudness_cdb: hundredths of a dB below a full-scale sine."""
    head = adpcm.header(kind, len(samples), loudness_cdb)
    crc = int.from_bytes(head[12:14], "little")
    parts = [head]
    for number, (predictor, index, codes) in enumerate(zip(*_search(samples), strict=True)):
        body = bytearray((int(predictor) + 32768).to_bytes(2, "little"))
        body.append(int(index))
        body += (codes[0::2] | codes[1::2] << 4).astype(np.uint8).tobytes()
        parts.append(binascii.crc_hqx(body, crc ^ (number + 1)).to_bytes(2, "little") + body)
    return b"".join(parts)


def _search(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(predictors, first indices, codes) of the blocks: for each, the best path found."""
    count = -(-len(samples) // adpcm.BLOCK_SAMPLES)
    wanted = np.zeros(count * adpcm.BLOCK_SAMPLES, dtype=np.int32)
    wanted[: len(samples)] = samples
    wanted = wanted.reshape(count, adpcm.BLOCK_SAMPLES)
    first = wanted[:, 0].copy()
    rows = np.arange(count)[:, None]
    paths = len(_STEPS)
    predictor = np.repeat(first[:, None], paths, axis=1)
    index = np.tile(_FIRST_INDICES, (count, 1))
    begun = index
    cost: np.ndarray = np.zeros((count, paths))
    history = []
    for at in range(adpcm.BLOCK_SAMPLES):
        tried = np.clip(predictor[:, :, None] + _DIFFERENCES[index], -32768, 32767)
        errors = (tried - wanted[:, at, None, None]).astype(float)
        costs = (cost[:, :, None] + np.square(errors)).reshape(count, -1)
        keep = paths if at < FIRST_SAMPLES else PATHS
        if at < FIRST_SAMPLES:
            # One of each beginning, so that none is given up before it could show what it is worth.
            chosen = costs.reshape(count, paths, 16).argmin(axis=2) + 16 * np.arange(paths)
        else:
            chosen = np.argpartition(costs, keep, axis=1)[:, :keep]
        parent, code = chosen >> 4, chosen & 15
        cost = costs[rows, chosen]
        predictor = tried.reshape(count, -1)[rows, chosen]
        index = np.clip(index[rows, parent] + _INDEX_CHANGE[code], 0, len(_STEPS) - 1)
        begun = begun[rows, parent]
        paths = keep
        history.append((parent.astype(np.uint8), code.astype(np.uint8)))
    best = cost.argmin(axis=1)
    index_at_first = begun[rows[:, 0], best]
    codes = np.zeros((count, adpcm.BLOCK_SAMPLES), dtype=np.uint8)
    for at in range(adpcm.BLOCK_SAMPLES - 1, -1, -1):
        parent, code = history[at]
        codes[:, at] = code[rows[:, 0], best]
        best = parent[rows[:, 0], best]
    return first, index_at_first, codes


def decode(data: bytes) -> np.ndarray:
    """Return the samples (int16, 8 kHz) of a whole file, as the firmware decodes it, before filter and gain.

    Raises adpcm.SoundRecordingError for a damaged one.
    """
    _, samples, _ = adpcm.check_whole(reader(data), len(data))
    blocks = np.frombuffer(data, dtype=np.uint8)[adpcm.HEADER :].reshape(-1, adpcm.BLOCK)
    predictor = blocks[:, 2].astype(np.int32) + (blocks[:, 3].astype(np.int32) << 8) - 32768
    index = blocks[:, 4].astype(np.int32)
    found = np.zeros((len(blocks), adpcm.BLOCK_SAMPLES), dtype=np.int16)
    for at in range(adpcm.BLOCK_SAMPLES):
        code = blocks[:, 5 + at // 2] >> 4 * (at & 1) & 15
        predictor = np.clip(predictor + _DIFFERENCES[index, code], -32768, 32767)
        index = np.clip(index + _INDEX_CHANGE[code], 0, len(_STEPS) - 1)
        found[:, at] = predictor
    return found.ravel()[:samples]


def reader(data: bytes):
    """Return read_into(offset, buffer) over bytes, as firmware/sound/adpcm.py asks for it."""

    def read_into(offset: int, buffer: bytearray) -> int:
        piece = data[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)

    return read_into
