"""Goes to the root of the flash as choice.py: which of the two folders of firmware, /a and /b, is started.

`/slot` names it; deployment writes the other folder, compares every hash, and only then replaces `/slot`. A firmware whose
files are not what they were when it was put there, or that three times in a row did not come as far as its loop, is left
for the other one, for good: `/left` says which and why until the next deployment. How often it was tried stands in a
register that outlives a reset and not the power: who switches the device off and on again counts for nothing.

Where neither will do, nothing is started: amber light, silence, and MicroPython's prompt for whoever brings a cable.

Names here are, where they can be, those that MicroPython has in its flash: any other stays on the heap for good.
"""

import binascii
import gc
import io
import sys

import machine
import micropython
import packed
from micropython import const

FOLDER = "/"
SLOTS = ("a", "b")
SUMS = "sums"  # in a slot: a line "CRC-32 path" for each file of it, and at the end one for these lines
DAMAGED, NEVER_RAN = "damaged", "never_ran"  # why a firmware was left
# The second scratch register of the watchdog, which neither the chip's own programs nor MicroPython use: a mark, the slot
# that is tried, and how often since power came, or it last reached its loop. firmware/drivers/resets.py clears it.
_REGISTER = 0x400D8010 if "RP2350" in getattr(sys.implementation, "_machine", "") else 0x40058010
_MARK = const(0x0CA1)


def choose():
    """Return the slot to start, and what was left for it: (slot or None, None or (slot, why)). Counts the start."""
    micropython.kbd_intr(-1)  # a byte 0x03 from a computer must not end this in the middle
    active = _read("slot")
    if active not in SLOTS:
        active = SLOTS[0]
    other = SLOTS[1 - SLOTS.index(active)]
    left = (_read("left") or "").split()
    left = tuple(left) if len(left) == 2 and left[0] == other else None
    count = _count(active)
    why = NEVER_RAN if count >= 3 else None if _whole(active) else DAMAGED
    if why is not None:
        if left is not None or not _whole(other):
            return None, (active, why)
        left = active, why
        try:
            # Cut after the first of these, the same is found again; after the second, the other is what starts.
            _write("left", active + " " + why)
            _write("slot", other)
        except OSError:
            pass  # it will be found again at the next start
        active, count = other, 0
    machine.mem32[_REGISTER] = _MARK << 16 | ord(active) << 8 | count + 1
    return active, left


def begin(slot):
    """Keep silent and switch the watchdog on before the firmware is loaded: a start that hangs is one that failed."""
    reach(slot)
    # What is imported now stays for good: behind what looking at the slot left, it would lie in the middle of the heap.
    gc.collect()
    from firmware import boot

    boot.main()
    if not boot.maintenance():
        machine.WDT(timeout=8000)  # ms, to load and put together everything; the firmware then asks for less


def reach(slot):
    """Let modules be imported from a slot; older firmwares lie there in folders."""
    place = FOLDER + slot
    try:
        packed.mount(place)
        place = packed.PLACE
    except OSError:
        pass
    sys.path[:] = [place, ".frozen", FOLDER]


def died(slot, error):
    """Leave word of what the firmware died of while it was loaded, for whoever deploys the next; then start again."""
    text = io.StringIO()
    sys.print_exception(error, text)  # pyright: ignore[reportArgumentType]
    try:
        text = text.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
        # What it was, and the line before: where.
        _write("died", slot + " " + "\n".join(text.strip().split("\n")[-2:])[:200])
    except OSError:
        pass  # it will be tried again all the same
    machine.reset()


def give_up(slot, why):
    """Start nothing: amber light, no sound, and a line for whoever opens the prompt."""
    print("calando: the firmware in %s is %s, and there is no other; deploy again" % (slot, why))
    for slot in SLOTS:
        try:
            reach(slot)
            from firmware import board

            machine.Pin(board.PIN_AMPLIFIER_ON, machine.Pin.OUT, value=0)
            machine.PWM(machine.Pin(board.PIN_LIGHT_AMBER), freq=1000, duty_u16=60 * 65535 // 1000)  # 60 ‰
            return
        except Exception:  # noqa: BLE001  (what is damaged may raise anything; the pull-down keeps the amplifier off)
            sys.modules.pop("firmware", None)


def _count(slot):
    """Return how often a slot was tried."""
    value = machine.mem32[_REGISTER]
    return value & 0xFF if value >> 8 == _MARK << 8 | ord(slot) else 0


def _whole(slot):
    """Return whether every file of a slot is what it was when it was put there."""
    try:
        with open(FOLDER + slot + "/" + SUMS, "rb") as file:
            lines = file.read()
        end = lines.rfind(b"\n", 0, len(lines) - 1) + 1
        if int(lines[end:], 16) != binascii.crc32(lines[:end]):
            return False
        buf = bytearray(2048)
        for line in lines[:end].decode().split("\n")[:-1]:
            wanted, _, name = line.partition(" ")
            crc = 0
            with open(FOLDER + slot + "/" + name, "rb") as file:
                count = file.readinto(buf)
                while count:
                    crc = binascii.crc32(memoryview(buf)[:count], crc)
                    count = file.readinto(buf)
            if crc != int(wanted, 16):
                return False
    except (OSError, ValueError):
        return False
    return end > 0


def _read(name):
    try:
        with open(FOLDER + name) as file:
            return file.read().strip()
    except OSError:
        return None


def _write(name, text):
    """The old text or the new one at any moment, or none of a file that is new: littlefs changes it when it is closed."""
    with open(FOLDER + name, "w") as file:
        file.write(text)
