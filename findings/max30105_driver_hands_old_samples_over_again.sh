#!/usr/bin/env bash
# Pimoroni's max30105 0.0.5 hands over old samples as new ones each time the FIFO's write pointer has gone round.
#
# The sensor's two pointers count to 31 and begin anew. Where the write pointer is behind the read pointer the driver takes
# 32 samples instead of the difference plus 32, so with four new ones it returns 28 that were read before, in the wrong
# order of time, and then clears the FIFO. At 100 samples a second the pointer goes round three times a second.
# SparkFun's driver, from which most are copied, adds 32 there.
# Seen: read pointer 30, write pointer 2: four samples wait, and 32 pairs of lights come.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install max30105==0.0.5
"$there/bin/python" > seen << 'END'
class Chip:
    """The FIFO of a MAX30102: a write pointer, a read pointer, 32 places of six bytes."""
    def __init__(self, write, read):
        self.registers = {0x04: write, 0x05: 0, 0x06: read}
        self.places = [bytes([0, 0, n, 0, 0, n]) for n in range(32)]
        self.byte, self.handed = 0, []

    def read(self, register, count):
        if register != 0x07:
            return [self.registers.get(register, 0)] * count
        out = []
        for _ in range(count):
            place = self.registers[0x06]
            out.append(self.places[place][self.byte])
            self.byte += 1
            if self.byte == 6:
                self.handed.append(place)
                self.byte, self.registers[0x06] = 0, (place + 1) % 32
        return out

import max30105

class Bus:
    def __init__(self, chip):
        self.chip = chip
    def read_i2c_block_data(self, address, register, count):
        return self.chip.read(register, count)
    def write_i2c_block_data(self, address, register, values):
        self.chip.registers[register] = values[0]

chip = Chip(write=2, read=30)
sensor = max30105.MAX30105(i2c_dev=Bus(chip))
sensor._is_setup, sensor._active_leds = True, 2
samples = sensor.get_samples()
print("waiting", 4, "returned", len(samples) // 2)
print("first", samples[0:12:2], "last", samples[-4::2])
END
cat seen
diff - seen << 'END'
waiting 4 returned 32
first [30, 31, 0, 1, 2, 3] last [28, 29]
END
