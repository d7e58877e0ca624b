"""The computer at the other end of the USB cable: what it may ask, and what becomes of it. Here only while there is one.

Loaded when USB power comes while nothing plays, and dropped when it goes, because the chip's heap is small. What a
session does is never decided here; what a hand on the button means while a computer waits for one, is.
"""

from micropython import const

from firmware.drivers.usb_serial import UsbSerial
from firmware.loop import LOADING_BYTES
from firmware.memory.names import SESSIONS_KEPT
from firmware.modules import forget
from firmware.usb import commands
from firmware.usb.link import Link

# Of garbage that a computer's questions leave, until it goes: what is free then never comes near to nothing.
_GARBAGE_BYTES = const(24_576)
PACKETS = 20  # a whole line and its answer in one turn; beside music one packet, some 2 ms


class UsbService:
    """device: main.Device.

    bench: somebody held the button for bench mode; desk and bench_commands are None until a computer asks for them.
    """

    def __init__(self, device):
        self.device = device
        self.bench = False
        self.desk = None
        self.bench_commands = None
        self._link = Link(UsbSerial(), self._answer)
        self._now_ms = 0
        device.loop.collect_after(_GARBAGE_BYTES)

    @property
    def mode(self):
        """session, idle or bench: what may be asked and done (commands.py)."""
        if not self.device.session.over:
            return commands.SESSION
        return commands.BENCH if self.bench else commands.IDLE

    @property
    def sounding(self):
        """Return whether a test sound plays."""
        return self.bench_commands is not None and self.bench_commands.sounding

    def step(self, now_ms):
        """Take a turn of the line. Allocates nothing while nothing comes. Returns whether the device should start anew."""
        self._now_ms = now_ms
        if not self.device.session.over:
            self.make_room()
        self._link.step(1 if self.device.pcm.running else PACKETS)
        if self.bench_commands is not None:
            self.bench_commands.step(now_ms)
        desk = self.desk
        if desk is None:
            return False
        desk.step(now_ms)
        if desk.bench:
            desk.bench = False
            self.bench = True
        return desk.restart

    def gesture(self, gesture, now_ms):
        """Return whether a gesture of the button is an answer to a computer's question; then it means nothing else."""
        if self.bench_commands is not None and self.bench_commands.stop():
            return True  # whoever hears a test sound and reaches for the button wants silence, not a session
        return self.desk is not None and self.desk.gesture(gesture, now_ms)

    def light(self, now_ms, outputs):
        """Let the light be the computer's while it waits for a hand."""
        if self.desk is not None and self.device.session.over:
            self.desk.light(now_ms, outputs)

    def close(self):
        """End it all: the cable is out."""
        self.make_room()
        self.device.loop.collect_after(-1)
        forget("usb")

    def load_desk(self):
        """Return what looks at the device and changes it; not while something plays."""
        if self.desk is None:
            device = self.device
            device.loop.collect_after(LOADING_BYTES)
            from firmware.usb.desk import Desk

            self.desk = Desk(
                device.files, device.store, device.unit, SESSIONS_KEPT, device.sessions_now, device.loop.feed
            )
            device.loop.collect_after(_GARBAGE_BYTES)
        return self.desk

    def load_bench(self):
        """Test sounds and the parts' own tests; in bench mode only."""
        if self.bench_commands is None:
            from firmware.usb.bench_commands import BenchCommands

            self.bench_commands = BenchCommands(self.device)
        return self.bench_commands

    def _answer(self, command, arguments):
        tried = False
        while True:
            try:
                return commands.answer(self, command, arguments, self._now_ms)
            except MemoryError:
                # Once more without what other commands left on the heap; but what was sent or staged is lost, and
                # to be sent again.
                tried = tried or command == "stage" or (self.desk is not None and self.desk.staged > 0)
                self.make_room()
                if tried:
                    raise
                tried = True

    def make_room(self):
        """Give the heap back to the music, before it begins: collecting takes more than half of what is queued of it.

        What was staged lies on flash until the next start or the next desk.
        """
        if self.desk is None and self.bench_commands is None:
            return
        if self.bench_commands is not None:
            self.bench_commands.stop()
        self.desk = self.bench_commands = None
        forget("usb.desk", "usb.staging", "usb.consent", "usb.bench_commands")
        self.device.loop.collect()
