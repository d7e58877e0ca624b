"""Goes to the root of the flash as main.py: MicroPython runs it after boot.py."""

from firmware import main

main.main()
