"""Sound made with the device's own engine on this computer, and measured."""
