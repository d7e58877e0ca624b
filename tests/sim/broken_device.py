"""Lets one task of the device fail, on any runtime: it raises, asks for more memory than there is, or never returns."""

import machine

from firmware import main


def break_it(task_name, at_s, how):
    class Broken(main.Device):
        def __init__(self, left):
            if how == "build":
                raise ValueError("a part of the device cannot be made")
            super().__init__(left)
            self._slept = False
            for task in self.loop._tasks:
                if task.name == task_name:
                    self._run = task.run
                    task.run = self._fail

        def _fail(self, now_ms):
            if now_ms >= at_s * 1000:
                if how == "raise":
                    raise ValueError("a part of the device is broken")
                if how == "memory":
                    bytearray(1 << 28)
                if how == "reset":
                    machine.reset()
                if how.startswith("sleep") and not self._slept:
                    self._slept = True
                    self.clock.sleep_us(int(how[5:]) * 1000)
                while how == "poll":
                    self.clock.now_ms()
                while how == "hang":
                    pass
            self._run(now_ms)

    main.Device = Broken
