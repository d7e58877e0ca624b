"""The pictures of docs/therapist-guide.md, made by the program itself: `make guide`."""

import argparse
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator
from PIL import Image

from firmware.prescription.profile import Profile
from host_tools.docs import listen
from host_tools.output import write_files
from host_tools.play import results
from host_tools.sessions import picture
from host_tools.sound import render
from simulator import bedside, play, scenario
from simulator.files.errors import CalandoError
from simulator.interpreter import ROOT

FOLDER = ROOT / "docs" / "pictures"
SESSIONS = ("newborn", "bradycardia")  # one that went as it should, one that stopped by itself
SONG = "twinkle"
SONG_S = 30
WIDEST_POINTS = 1300
NAMES = (*(f"session_{name}.png" for name in SESSIONS), "curve.png", "song.png")


def session(name: str) -> bytes:
    """Play a scenario on the firmware, and return the picture that its report shows."""
    return picture.pngs(results.facts_of(play.run(scenario.load(name))))[0]


def curve(population: str) -> bytes:
    """Return the curve of a ready-made profile: what the music does, minute by minute, after it has met the patient."""
    values = Profile.ready(population).values
    minutes, *rows = zip(*values["curve"], strict=True)
    names = ("tempo, %", "level, dB", "minor, %", "brightness, %", "density, %")
    end = max(values["session_min"] - values["match_min"] - 1, minutes[-1])
    figure, panels = plt.subplots(len(rows), 1, figsize=(8, 6), sharex=True, layout="constrained")
    figure.suptitle(f"The curve of the profile {values['title']}", x=0.01, ha="left", fontsize=11)
    for axes, row, name in zip(panels, rows, names, strict=True):
        axes.plot((*minutes, end), (*row, row[-1]), color=picture.MUSIC, lw=2)
        axes.plot(minutes, row, "o", color=picture.MUSIC, ms=5)
        axes.set_ylabel(name, fontsize=8.5)
        middle, half = (max(row) + min(row)) / 2, max(max(row) - min(row), 4) / 2
        axes.set_ylim(middle - 1.6 * half, middle + 1.6 * half)
        axes.grid(color=picture.GRID)
        axes.spines[["top", "right"]].set_visible(False)
    panels[-1].xaxis.set_major_locator(MaxNLocator(10, integer=True))
    panels[-1].set_xlabel("minutes since matching ended; a dot is a row of the file")
    out = BytesIO()
    figure.savefig(out, format="png", dpi=100)
    plt.close(figure)
    return out.getvalue()


def song(name: str, folder: Path) -> bytes:
    """Draw waveform, spectrogram and level of a song as the newborn's profile opens it."""
    samples, _ = render.play(render.plan_for(render.load_profile(None), name, seconds=SONG_S))
    path = folder / "song.png"
    listen.picture(samples, path, f"{name}, {SONG_S} seconds as the newborn's profile begins it")
    return path.read_bytes()


def small(png: bytes) -> bytes:
    """Return the same picture with 256 colours and no wider than a page needs."""
    with Image.open(BytesIO(png)) as full:
        image = full.convert("RGB")
    if image.width > WIDEST_POINTS:
        image = image.resize(
            (WIDEST_POINTS, image.height * WIDEST_POINTS // image.width), Image.Resampling.LANCZOS
        )
    out = BytesIO()
    # Its colours mean something: thin lines keep theirs by the method, large areas by the means.
    few = image.quantize(method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
    few.save(out, format="png", optimize=True)
    return out.getvalue()


def take(folder: Path) -> dict[str, bytes]:
    """Return each picture by its name. `folder`: where the files beside a song may lie."""
    made = [*(session(name) for name in SESSIONS), curve("newborn"), song(SONG, folder)]
    return {name: small(png) for name, png in zip(NAMES, made, strict=True)}


def main(
    what: str = "Make the pictures of the therapist's guide.",
    folder: Path = FOLDER,
    take: Callable[[Path], dict[str, bytes]] = take,
) -> int:
    """Write the pictures that `take` gives into a folder, another with --out; returns the exit status."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--out", type=Path, default=folder, help="folder for the pictures")
    folder = parser.parse_args().out
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = {folder / name: png for name, png in take(folder).items()}
        write_files(files)
    except (CalandoError, bedside.RuntimeDied, OSError) as error:
        print(f"calando: {error}", file=sys.stderr)
        return 1
    for path, png in files.items():
        print(f"{path}: {len(png) / 1000:.0f} KB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
