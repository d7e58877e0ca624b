"""Goes to the root of the flash as main.py: MicroPython runs it after boot.py."""

from firmware import boot

boot.main()  # once more: MicroPython lets 0x03 interrupt every file that it starts

from firmware import main  # noqa: E402  (it takes seconds, in which nothing shall come between)

main.main()
