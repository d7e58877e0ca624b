"""The messages between the simulated microcontroller and the bedside around it, by number: both ends read them here."""

SYNC, I2C, I2C_INIT, I2S_START, I2S_DATA, I2S_GAP, I2S_STOP = 1, 2, 3, 4, 5, 6, 7
PIN, PWM, UART, FLASH_READ, FLASH_WRITE, FLASH_ERASE, RESET, PIN_READ = 8, 9, 10, 11, 12, 13, 14, 15
USB, SCRATCH_READ, SCRATCH_WRITE = 16, 17, 18
USB_NEWS = 255  # in place of a pin's number in the answer to SYNC: what follows is about the USB line
