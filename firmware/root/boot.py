"""Goes to the root of the flash as boot.py, which MicroPython runs first: chooses the firmware, and silences the board."""

import choice

_slot, _left = choice.choose()
if _slot is None:
    choice.give_up(*_left)  # pyright: ignore[reportOptionalIterable]
else:
    try:
        choice.begin(_slot)
    except Exception as error:  # noqa: BLE001  (whatever its first modules raise, it is one start that failed)
        choice.died(_slot, error)
