#!/usr/bin/env bash
# SparkFun's qwiic_max3010x 2.0.0 says "nothing new" while 32 samples wait.
#
# The sensor's read and write pointers are equal when its FIFO is empty and when it is full; the overflow counter (register 5)
# and the interrupt flags tell the two apart, and check() reads neither. After a pause of 32 samples (a third of a second at
# 100 a second) it returns 0 until the sensor overwrites one, and how many were lost is never known. Time that is counted in
# samples, as a pulse is, then runs late without a sign.
# Seen: the FIFO full with three samples lost before: check() returns 0; with one place free it returns 31.
set -euo pipefail
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
cd "$there"
python3 -m venv "$there" && "$there/bin/pip" --quiet --disable-pip-version-check install sparkfun-qwiic-max3010x==2.0.0
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

import qwiic_max3010x

class Bus:
    def __init__(self, chip):
        self.chip = chip
    def readByte(self, address, register):
        return self.chip.read(register, 1)[0]
    def readBlock(self, address, register, count):
        return self.chip.read(register, count)
    read_byte, read_block = readByte, readBlock

for name, write, lost in (("full", 5, 3), ("one place free", 4, 0)):
    chip = Chip(write=write, read=5)
    chip.registers[0x05] = lost
    sensor = qwiic_max3010x.QwiicMax3010x(i2c_driver=Bus(chip))
    sensor.activeLEDs = 2
    print(name, sensor.check())
END
cat seen
diff - seen << 'END'
full 0
one place free 31
END
