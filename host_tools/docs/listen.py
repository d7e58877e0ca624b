"""`make listen`: songbooks, patterns, programmes and soundscapes as WAV files, scores and pictures, with a page of them.

The firmware's engine plays them, ten decibels over what a newborn hears, so that a desk's loudspeakers do. verovio draws
the scores, from the ABC of exactly what is played.
"""

import argparse
import html
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from firmware import board
from firmware.sound import score, songs
from firmware.sound.pattern import Pattern
from firmware.sound.score import PATTERN, PATTERNS, Score
from host_tools.programmes import programmes, rules
from host_tools.songs import abc_out
from host_tools.songs import picture as score_picture
from host_tools.songs.airs import AIRS
from host_tools.songs.fit import Imported
from host_tools.songs.songbook import SONGS
from host_tools.sound import meter, render

RATE_HZ = render.RATE_HZ
LEVEL_CDBA = 5800
LONGEST_S = 90
SOUNDSCAPE_S = 40
COLOURS = {"wave": "#35607a", "fast": "#9db8c6", "slow": "#b4552d"}


def _play(
    song: Score | None, soundscape: str | None, seconds: float, minor_permille: int = 0, melody: str = "play"
) -> np.ndarray:
    plan = render.plan_for(render.load_profile(Path("adult")), "twinkle", seconds=seconds)
    plan.update(
        song="ours" if song else None, score=song.data.hex() if song else None, soundscape=soundscape,
        level_cdba=LEVEL_CDBA, first_level_cdba=LEVEL_CDBA, onset_ms=0,
        minor_permille=minor_permille, melody=melody, brightness_permille=600, density_permille=700,
        tempo_mbpm=66000 if song and not song.compound else 50000,
        changes=[[round(seconds * 1000) - 3500, "fade_out", 3000]],
    )  # fmt: skip
    return render.play(plan)[0]


def _play_pattern(kind: str, seed: int) -> np.ndarray:
    plan = render.plan_for(render.load_profile(Path("adult")), PATTERN + kind, seconds=LONGEST_S, seed=seed)
    plan.update(
        soundscape=None, level_cdba=LEVEL_CDBA, first_level_cdba=LEVEL_CDBA, onset_ms=0, tempo_mbpm=60000,
        changes=[[LONGEST_S * 1000 - 3500, "fade_out", 3000]],
    )  # fmt: skip
    return render.play(plan)[0]


def _phrases(kind: str, seed: int) -> Imported:
    """Return the first four phrases of a pattern as a song, to be drawn."""
    pattern = Pattern(kind)
    pattern.begin(seed)
    notes, chords = [], []
    for _ in range(4):
        data = pattern.data
        for at in range(score.HEADER, pattern.chords_at, 2):
            notes.append((data[at] & 127, data[at + 1], data[at] >= 128))
        for at in range(pattern.chords_at, pattern.chords_at + 2 * pattern.chords, 2):
            chords.append((data[at] & 15, data[at] >> 4, data[at + 1]))
        pattern.turn(0)
    scale = score.MINOR if Pattern(kind).minor else score.MAJOR  # of the signature that it is drawn with
    made = score.encode(notes, chords, pattern.beats_per_bar, pattern.compound, pattern.tonic, scale)
    return Imported(f"Pattern {kind}", made, [])


def picture(samples: np.ndarray, path: Path, title: str) -> meter.Levels:
    """Draw waveform, spectrogram and level of a sound, as a PNG; return its levels."""
    full_scale_dba = board.FULL_SCALE_CDBA / 100
    levels = meter.measure(samples, RATE_HZ, full_scale_dba)
    powers, _ = meter.frame_powers(samples, RATE_HZ)
    seconds = len(samples) / RATE_HZ
    figure, (wave, spectrum, level) = plt.subplots(
        3, 1, figsize=(9, 6), sharex=True, gridspec_kw={"height_ratios": (1, 2, 1.4)}, layout="constrained"
    )
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    count = len(samples) // 400
    bins = samples[: count * 400].reshape(count, 400) / 32768
    at = np.arange(count) * 400 / RATE_HZ
    wave.fill_between(at, bins.min(axis=1), bins.max(axis=1), color=COLOURS["wave"], linewidth=0)
    wave.set_ylabel("sample")
    faint = np.random.default_rng(1).normal(size=len(samples)) * 1e-7  # keeps the logarithm of silence finite
    spectrum.specgram(
        samples / 32768.0 + faint, NFFT=2048, Fs=RATE_HZ, noverlap=1024, vmin=-140, vmax=-40, cmap="magma"
    )
    spectrum.set_ylim(0, 3000)
    spectrum.set_ylabel("Hz")
    for name, constant_s, width in (("fast", meter.FAST_S, 0.8), ("slow", meter.SLOW_S, 1.6)):
        curve = meter.decibels(meter.time_weighted(powers, constant_s)[::50], full_scale_dba)
        level.plot(
            np.arange(len(curve)) * 0.05, curve, color=COLOURS[name], linewidth=width, label=f"LA {name}"
        )
    top = levels.las_max_dba or 0
    level.set_ylim(top - 30, top + 6)
    level.set_ylabel("dB(A)")
    level.set_xlabel("seconds")
    level.legend(loc="lower right", fontsize=8, frameon=False)
    level.set_xlim(0, seconds)
    figure.savefig(path, dpi=90)
    plt.close(figure)
    return levels


def _section(name: str, title: str, lines: list[str], sounds: list[tuple[str, str]], sheet: bool) -> str:
    players = "".join(
        f"<figure><figcaption>{html.escape(label)}</figcaption>"
        f'<audio controls preload="none" src="{file}.wav"></audio>'
        f'<img loading="lazy" src="{file}.png" alt="waveform, spectrogram, level: {html.escape(title)}"></figure>'
        for label, file in sounds
    )
    facts = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    if sheet:
        facts += f'<img loading="lazy" src="{name}.svg" alt="score: {html.escape(title)}">'
    return f'<section id="{name}"><h2>{html.escape(title)}</h2>{facts}{players}</section>'


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Calando: listen</title> <meta
name="viewport" content="width=device-width"><style> body{{font:16px/1.5
system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fdfcfa}}
h1{{font-weight:500}}h2{{font-weight:500;margin:2.5rem 0 .2rem}}p{{margin:.1rem 0;color:#555}}
figure{{margin:.8rem 0}}figcaption{{font-size:.9rem}}audio{{width:100%}}img{{width:100%;height:auto}} nav
a{{margin-right:.8rem;white-space:nowrap}}</style> <h1>What Calando plays</h1><p>Ten decibels over a newborn's
level, so that it can be heard at a desk.</p> <nav>{links}</nav>{sections}</html>
"""


def listen(out: Path) -> Path:
    """Render everything into a folder; returns its index page."""
    out.mkdir(parents=True, exist_ok=True)
    sections, links = [], []

    def add(name, title, lines, sounds, sheet=None):
        named = []
        for label, samples in sounds:
            file = f"{name}-{label.replace(' ', '-')}" if len(sounds) > 1 else name
            meter.write_wav(out / f"{file}.wav", samples, RATE_HZ)
            levels = picture(samples, out / f"{file}.png", f"{title}, {label}")
            named.append((f"{label}: {levels.seconds:.0f} s, LAeq {levels.laeq_dba:.1f} dB(A)", file))
        if sheet is not None:
            (out / f"{name}.svg").write_text(sheet, encoding="utf-8")
        sections.append(_section(name, title, lines, named, sheet is not None))
        links.append(f'<a href="#{name}">{html.escape(title.split(" (")[0])}</a>')

    for song in (*SONGS, *AIRS):
        made = song.imported()
        read = Score(made.data, song.name)
        beat = 50 if read.compound else 66
        seconds = min(LONGEST_S, (read.ticks / score.TICKS_PER_BEAT + 3 * read.beats_per_bar) * 60 / beat + 4)
        turned = {"major": 1000, "minor": -1000, "in": -1000}.get(song.scale, 0)
        shares = (
            [("as it is sung", 0), ("turned", turned)] if turned and song in SONGS else [("as it is sung", 0)]
        )
        add(
            song.name, song.title,
            [f"{song.origin}. Free: {song.free}.", f"Checked against: {song.checked}.", f"{beat} beats a minute"],
            [
                *((label, _play(read, None, seconds, share)) for label, share in shares),
                *([("left to who sings", _play(read, None, seconds, melody="accompany"))] if song in AIRS else []),
            ],
            score_picture.svg(abc_out.text(made)),
        )  # fmt: skip
    for kind in PATTERNS:
        add(
            f"pattern_{kind}", f"Pattern {kind}", ["made from the seeds 1 and 2; the score is of the first's four phrases"],
            [(f"seed {seed}", _play_pattern(kind, seed)) for seed in (1, 2)],
            score_picture.svg(abc_out.text(_phrases(kind, 1))),
        )  # fmt: skip
    for name in programmes.ready():
        listening = programmes.load(name)
        loud = LEVEL_CDBA - programmes.profile_for(listening).level_cdba
        samples, _ = render.play(
            programmes.plan_for(listening, seed=1, full_scale_cdba=board.FULL_SCALE_CDBA + loud)
        )
        add(name, f"Programme: {listening.plan.title}", rules.told(listening.plan), [("whole", samples)])
    for name in songs.SOUNDSCAPES:
        add(name, name.capitalize(), ["soundscape"], [("alone", _play(None, name, SOUNDSCAPE_S))])
    add(
        "together",
        "Suo Gân over the ocean",
        [],
        [("in a session", _play(songs.SONGS["suo_gan"], "ocean", 60))],
    )
    add(
        "accompanied",
        "Wiegenlied, left to who sings",
        ["the introduction with its melody, a bar to breathe in, then chords and bass"],
        [("in a session", _play(songs.SONGS["brahms"], None, 60, melody="accompany"))],
    )
    page = out / "index.html"
    page.write_text(PAGE.format(links=" ".join(links), sections="".join(sections)), encoding="utf-8")
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description="Render every song and soundscape to hear and to see.")
    parser.add_argument(
        "--out", type=Path, default=Path("build/listen"), help="folder for the page and its files"
    )
    print(f"Open {listen(parser.parse_args().out)} in a browser.")


if __name__ == "__main__":
    main()
