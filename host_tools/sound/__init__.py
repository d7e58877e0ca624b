"""Sound made with the device's own engine, measured, or read from what strangers recorded."""
