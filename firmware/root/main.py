"""Goes to the root of the flash as main.py, which MicroPython runs after boot.py, with its names: starts the firmware."""

import sys

if _slot is not None:  # pyright: ignore[reportUndefinedVariable]
    del choice, sys.modules["choice"]  # the heap is small  # pyright: ignore[reportUnboundVariable]
    try:
        from firmware import boot

        boot.main()  # once more: MicroPython lets 0x03 interrupt every file that it starts

        from firmware import main  # it takes seconds, in which nothing shall come between

        main.main(_left)  # pyright: ignore[reportUndefinedVariable]
    except Exception as error:  # noqa: BLE001  (what it raises while it is put together, it tells itself)
        import choice

        choice.died(_slot, error)  # pyright: ignore[reportUndefinedVariable]
