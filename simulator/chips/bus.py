"""One I2C bus with its chips: finds the chip by its address and says what a transaction costs in bus time.

It knows nothing of what the chips do, and nothing of who talks to them: `machine.I2C` of the simulated
device, the emulated RP2040 and the smbus-shaped adapter of the tests all end in `I2CBusModel.transfer`.
"""

EIO = 5  # what MicroPython's rp2 port raises when nobody acknowledges
ETIMEDOUT = 110  # and when a line is held low until the port gives up

# MicroPython's `machine.I2C(timeout=…)` default, py: extmod/machine_i2c.c and ports/rp2/machine_i2c.c.
DEFAULT_TIMEOUT_US = 50_000
# A chip that stopped in the middle of a byte lets go of SDA after at most nine clocks (I2C specification
# 3.1.16).
CLOCKS_TO_RELEASE = 9


class I2CBusModel:
    """An I2C bus. `targets` are objects with `address`, `write(data, now_us)` and `read(count, now_us)`.

    `write` returns False when the chip does not acknowledge, `read` returns None then. A target may also have
    `holds_sda(now_us)` and `clocked(n, now_us)`: while `may_fail` says so it can hold the whole bus low until it is clocked
    free.
    """

    def __init__(self, targets=(), timeout_us: int = DEFAULT_TIMEOUT_US):
        self.timeout_us = timeout_us
        self.transactions = 0
        self.not_acknowledged = 0
        self.timed_out = 0
        self.busy_us = 0
        self._targets = {}
        self._holders = []  # targets that are able to hold the bus low
        for target in targets:
            self.attach(target)

    def attach(self, target) -> None:
        """Solder one more chip to the bus; raises ValueError when its address is taken."""
        if target.address in self._targets:
            raise ValueError(f"two chips at I2C address 0x{target.address:02x}: give each its own")
        self._targets[target.address] = target
        if hasattr(target, "holds_sda"):
            self._holders.append(target)

    def transfer(self, address, write, read_count, stop, now_us, frequency_hz):
        """Carry out one transaction; return (status, data, duration_us), status 0, -EIO or -ETIMEDOUT.

        `write` is bytes or None, `read_count` bytes are then read after a repeated start. An empty write and
        nothing to read is the probe that scanners use. `stop` False saves the stop bit.
        """
        self.transactions += 1
        for holder in self._holders:
            if holder.may_fail and holder.holds_sda(now_us):
                self.timed_out += 1
                self.busy_us += self.timeout_us
                return -ETIMEDOUT, b"", self.timeout_us
        status = 0
        data = b""
        bits = 2 if stop else 1  # start, stop
        target = self._targets.get(address)
        if target is None:
            status = -EIO
            bits += 9
        else:
            if write is not None or not read_count:
                bits += 9 + 9 * len(write or b"")
                if target.write(write or b"", now_us) is False:
                    status = -EIO
            if read_count and not status:
                bits += 9 + 9 * read_count + (1 if write is not None else 0)
                data = target.read(read_count, now_us)
                if data is None:
                    status = -EIO
                    data = b""
                    bits -= 9 * read_count
        if status:
            self.not_acknowledged += 1
        duration_us = -(-bits * 1_000_000 // frequency_hz)
        self.busy_us += duration_us
        return status, data, duration_us

    def answering(self, address: int, now_us: int):
        """Return the target that acknowledges its address now, or None; for a wire that goes byte by byte."""
        target = self._targets.get(address)
        if target is None or target.write(b"", now_us) is False:
            self.not_acknowledged += 1
            return None
        return target

    def sda_level(self, now_us: int) -> int:
        """Return what a pin on SDA reads while nobody drives it: 0 when a chip holds it."""
        return 0 if any(holder.holds_sda(now_us) for holder in self._holders) else 1

    def clock_pulses(self, n: int, now_us: int) -> None:
        """Take `n` clocks on SCL made by hand with pins, outside any transaction."""
        for holder in self._holders:
            holder.clocked(n, now_us)
