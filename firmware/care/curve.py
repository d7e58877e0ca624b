"""A session's curve: what the therapist drew, as one flat array of integers, and how it is read.

Apart from profile.py so that the settings' table need not stay in memory once a profile is made.
"""

# Columns of a curve: time since matching ended, tempo against the matched one, level against the profile's,
# minor, brightness and density of the music.
CURVE_COLUMNS = 6


def curve_at(curve, time_ms, column):
    """Return the value of a curve's column at a time, straight between its points and flat outside them; integer."""
    place = 0
    last = len(curve) - CURVE_COLUMNS
    if time_ms <= 0:
        return curve[column]
    while place < last and curve[place + CURVE_COLUMNS] <= time_ms:
        place += CURVE_COLUMNS
    if place == last:
        return curve[last + column]
    start_ms = curve[place]
    # A tenth of a second is as fine as a step; it keeps the product below 2^30 (45 min x 2000).
    span = (curve[place + CURVE_COLUMNS] - start_ms) // 100
    begin = curve[place + column]
    return begin + (curve[place + CURVE_COLUMNS + column] - begin) * ((time_ms - start_ms) // 100) // span
