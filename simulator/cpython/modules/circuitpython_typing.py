"""Names that Adafruit's drivers put into their annotations, which MicroPython skips and CPython looks up."""

ReadableBuffer = bytes | bytearray | memoryview
WriteableBuffer = bytearray | memoryview
