"""The first script of a simulated device under MicroPython; its arguments are described in transport.py."""

import calando_boot

calando_boot.run()
