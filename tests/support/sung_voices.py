"""Voices that sing known notes, as phones record them: vibrato, glides, drift, vowels, consonants, breath, a room."""

import numpy as np

VOWELS_HZ = ((700, 1220, 2600), (390, 2300, 3000), (300, 870, 2240), (500, 1000, 2500))


def sing(
    notes, beat_s=0.7, rate_hz=48000, drift=0.0, vibrato_cents=45, noise_db=None, shift=0, cents=0, seed=1,
    consonants=True, tempo_wander=0.03, room=True,
):  # fmt: skip
    """Sing (MIDI note or 0, beats).

    drift: semitones from the first note to the last. noise_db: how far room noise lies under the voice; None for
    none. Returns float samples (count,) with a peak of 0.5 and the notes' true (onset s, MIDI note).
    """
    random = np.random.default_rng(seed)
    total = sum(beats for _, beats in notes)
    count = round((total * beat_s * 1.15 + 2) * rate_hz)
    curve, amplitude = np.zeros(count), np.zeros(count)
    hiss, truth = np.zeros(count), []
    vowel = np.zeros(count, dtype=int)
    at_s, beats_done, before = 0.6, 0.0, None
    for number, (note, beats) in enumerate(notes):
        length_s = beats * beat_s * (1 + tempo_wander * random.normal())
        if note == 0:
            at_s += length_s
            beats_done += beats
            before = None
            continue
        consonant_s = random.choice((0.0, 0.04, 0.07)) if consonants and before is not None else 0.0
        start, end = round(at_s * rate_hz), round((at_s + length_s) * rate_hz)
        height = note + shift + cents / 100 + drift * beats_done / total + random.normal() * 0.08
        t = np.arange(end - start) / rate_hz
        bend = np.zeros(len(t))
        if before is not None and consonant_s == 0:
            bend = (before - height) * np.exp(-t / 0.025)  # a glide from the note before
        else:
            bend = -0.6 * np.exp(-t / 0.03)  # a scoop from below
        waver = (
            vibrato_cents / 100 * np.sin(2 * np.pi * 5.6 * t + random.uniform(0, 6)) * np.clip(t / 0.35, 0, 1)
        )
        curve[start:end] = height + bend + waver
        rise, fall = np.clip(t / 0.04, 0, 1), np.clip((t[-1] - t) / 0.05, 0, 1)
        floor = 0.3 if consonant_s == 0 else 0.0
        amplitude[start:end] = floor + (1 - floor) * rise * fall
        if consonant_s:
            quiet = round(consonant_s * rate_hz)
            amplitude[start - quiet : start] *= 0.0
            hiss[start - quiet : start] = 0.12
        vowel[start:end] = number % len(VOWELS_HZ)
        # As a listener marks it: where the vowel stands.
        truth.append((at_s, note))
        before = height
        at_s += length_s
        beats_done += beats
    samples = np.zeros(count)
    voiced = amplitude > 0
    frequency = np.where(voiced, 440 * 2 ** ((curve - 69) / 12), 0)
    turn = 2 * np.pi * np.cumsum(frequency) / rate_hz
    for order in range(1, 26):
        partial = frequency * order
        strength = np.zeros(count)
        for number, formants in enumerate(VOWELS_HZ):
            mask = vowel == number
            strength[mask] = sum(1 / (1 + ((partial[mask] - f) / 120) ** 2) for f in formants)
        strength = (strength + 0.08) / order**0.7
        samples += np.where(partial < 7000, strength, 0) * np.sin(turn * order)
    samples *= amplitude
    samples += hiss * random.normal(size=count)
    if room:
        for delay_s, share in ((0.013, 0.3), (0.029, 0.2), (0.053, 0.12), (0.09, 0.06)):
            late = round(delay_s * rate_hz)
            samples[late:] += share * samples[:-late]
    if noise_db is not None:
        coloured = np.cumsum(random.normal(size=count))
        kernel = round(rate_hz / 40)
        coloured -= np.convolve(coloured, np.ones(kernel) / kernel, "same")
        coloured = coloured / coloured.std() + 2.0 * random.normal(size=count)
        level = np.sqrt(np.square(samples[voiced]).mean()) * 10 ** (-noise_db / 20)
        samples += coloured / coloured.std() * level
    return samples / np.abs(samples).max() * 0.5, truth


def right(heard, truth, onset_s=0.05):
    """Count the true notes that were heard within 50 ms and at their pitch, each taken once."""
    left = list(heard)
    count = 0
    for at_s, note in truth:
        near = [n for n in left if abs(n[0] - at_s) <= onset_s and n[2] == note]
        if near:
            left.remove(min(near, key=lambda n: abs(n[0] - at_s)))
            count += 1
    return count
