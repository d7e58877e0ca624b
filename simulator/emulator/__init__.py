"""An RP2040 in emulation, wired to the bedside: what the emulator gives, and what it lacks."""
