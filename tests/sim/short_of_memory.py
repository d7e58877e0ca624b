"""Boots a device whose heap has no room for what its programme plays."""

import calando_boot

calando_boot.power_on()
from firmware.care import segments  # noqa: E402  (after boot.py, as on the chip)


def sources_of(plan, load_song, recording):
    return [load_song("own") for _ in range(plan.segments)] + [bytearray(1 << 24)]


segments.sources_of = sources_of
from firmware import main  # noqa: E402

main.main()
