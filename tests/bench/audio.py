"""What sound costs the MicroPython interpreter: `python tests/bench/audio.py`. The best of several runs is told.

A session's bar is 8 s of wall time for 20 minutes with everything in it; sound may take 3.5 s of that.
"""

# pyright: reportAttributeAccessIssue=false, reportArgumentType=false

import json
import sys

BLOCKS_A_SESSION = 75_000
BAR_S = 3.5


def on_the_interpreter():
    """Runs under MicroPython: nanoseconds a block of each stage and of the whole."""
    import time
    from array import array

    from firmware.audio import Audio
    from firmware.sound import loops, master, voices
    from firmware.sound.songs import SONGS

    def best(work, blocks, repeats=7):
        lowest = 1 << 30
        for _ in range(repeats):
            start = time.ticks_us()
            for _ in range(blocks):
                work()
            lowest = min(lowest, time.ticks_diff(time.ticks_us(), start) * 1000 // blocks)
        return lowest

    audio = Audio(7400, 6000, 6500)
    block = array("h", bytes(512))
    audio.soundscape("ocean")
    audio.play(SONGS["brahms"])
    audio.set_level(4800, 0)
    audio.set_mood(300, 500, 700)
    for _ in range(3000):
        audio.render(block)
    found = {"whole": best(lambda: audio.render(block), 1500)}
    state = array("I", [0] * (voices.VOICES * voices.STRIDE))
    for voice in range(6):
        base = voice * voices.STRIDE
        state[base + voices.STAGE], state[base + voices.COUNT] = voices.DECAY, 1 << 29
        state[base + voices.STEP] = voices.note_step(60 + 2 * voice)
        for place in (voices.AMPLITUDE, voices.PEAK, voices.SUSTAIN):
            state[base + place] = 1 << 24
        state[base + voices.DECAY_SHIFT] = 14
    mix, wide, waves = audio._mix, audio._wide, audio._waves
    half, whole = master.HALF, 2 * master.HALF
    found["six voices"] = best(lambda: loops.add_voices(state, mix, waves, half), 500)
    found["noise"] = best(lambda: loops.add_noise(audio.noise, mix, waves, half), 500)
    found["half-band filter"] = best(lambda: loops.upsample(mix, wide, half), 500)
    found["gain, dither, clamp, meter"] = best(
        lambda: loops.finish(wide, block, audio.loudness.state, whole), 500
    )
    print(json.dumps(found))


def main():
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    from simulator import interpreter

    found = json.loads(interpreter.run_script(Path(__file__)).stdout)
    for name, nanoseconds in found.items():
        print(f"{name:<28} {nanoseconds / 1000:7.2f} µs a block {nanoseconds / 256:7.1f} ns a sample")
    session_s = found["whole"] * BLOCKS_A_SESSION / 1e9
    print(f"20 minutes: {session_s:.2f} s of {BAR_S} s")
    return 0 if session_s <= BAR_S else 1


if __name__ == "__main__":
    if sys.implementation.name == "micropython":
        on_the_interpreter()
    else:
        sys.exit(main())
