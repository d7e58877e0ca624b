"""A cable between host_tools.device.client and the firmware's own desk in this process, and what befalls it."""

import errno

from desk_device import DeskDevice

from firmware.memory.store import ASIDE


class Cable:
    """A transport for client.Connection.

    passes: how many bytes, both ways together, until somebody pulls it; None for ever.
    somebody: whether a person holds the button when the device asks for it.
    """

    name = "/dev/ttyDESK"

    def __init__(self, files=None, somebody=True, passes=None):
        self.device = DeskDevice(files)
        self.somebody = somebody
        self.passes = passes
        self.passed = 0

    def send(self, data):
        self.device.serial.coming += self._through(data)
        if self.pulled:
            self._unplug()

    def receive(self, timeout_s):
        if self.pulled:
            raise OSError(errno.EIO, "Input/output error")
        for _ in range(40):
            self._turn()
            if b"\n" in self.device.serial.heard:
                break
        heard = self._through(bytes(self.device.serial.heard))
        self.device.serial.heard.clear()
        if self.pulled:
            self._unplug()
        return heard

    def close(self):
        """The program is done; the cable stays in."""

    @property
    def pulled(self):
        return self.passes is not None and self.passed >= self.passes

    def contents(self):
        """What is on the flash, but for what waits to be committed."""
        return {name: data for name, data in self.device.files.files.items() if not name.startswith(ASIDE)}

    def _turn(self):
        desk = self.device.desk
        waits_in_vain = desk is not None and desk.commit == "waiting" and not self.somebody
        self.device.turn(1000 if waits_in_vain else 16)
        if desk is None:
            return
        if self.somebody and desk.commit == "waiting" and not desk.committing:
            self.device.hold()
        if desk.restart:
            self._start_anew()

    def _start_anew(self):
        serial = self.device.serial
        self.device = DeskDevice(self.device.files)
        self.device.serial.coming += serial.coming  # they are still in the computer
        self.device.serial.heard += serial.heard

    def _through(self, data):
        if self.passes is not None:
            data = data[: max(0, self.passes - self.passed)]
        self.passed += len(data)
        return data

    def _unplug(self):
        """What has arrived is still answered, to nobody; then the device sees that the cable is gone."""
        for _ in range(40):
            self._turn()
        while self.device.desk is not None and self.device.desk.committing:
            self._turn()  # a hand on the button has decided
        self._start_anew()
        self.device.load_desk()  # throws away what was staged
        raise OSError(errno.EIO, "Input/output error")
