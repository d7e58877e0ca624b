"""How the pulse varies, for biofeedback: beat-to-beat variability and, for adults, breathing."""


class Variability:
    """Reads the booked beats once a second."""

    def __init__(self, beats):
        self._beats = beats
        self.forget()

    def forget(self):
        """Nothing is known."""
        self.rmssd_us = None

    def measure(self, head):
        """Renew the readings from the beats known at pair `head`."""
