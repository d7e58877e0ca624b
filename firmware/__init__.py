"""What runs on the microcontroller: the same files on the device, on the desk and in the tests."""
