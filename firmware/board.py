"""Pins, addresses and electrical constants of hardware revision A. Facts of the board only: no code, no limits."""

NAME = "Pico, revision A"

# Raspberry Pi Pico, GPIO numbers.
PIN_TRACE_TX = 0  # UART0, service header: what happens, once a second; nothing is read from it
PIN_I2C_SDA = 4
PIN_I2C_SCL = 5
PIN_SENSOR_INTERRUPT = 6
PIN_I2S_CLOCK = 10
PIN_I2S_WORD_SELECT = 11  # the RP2040's I2S wants it one above the clock
PIN_I2S_DATA = 12
PIN_AMPLIFIER_ON = 13  # SD_MODE of the MAX98357A; a 100 kOhm pull-down keeps it off until we say so
PIN_BUTTON = 14  # to ground, internal pull-up: low while held
PIN_LIGHT_GREEN = 16
PIN_LIGHT_AMBER = 17
PIN_USB_POWER = 24  # high while a USB host (or charger) feeds the board

# Modules are sold whose red and infrared lights have changed places; `calando selftest` finds out (docs/hardware.md).
LIGHTS_EXCHANGED = False

I2C_BUS = 0
I2C_FREQUENCY_HZ = 400_000
# The chips' models have the data sheets' own: a wrong one here is found.
ADDRESS_SENSOR = 0x57
ADDRESS_ADC = 0x48
ADDRESS_DISPLAY = 0x3C

# ADS1115 channels and what their millivolts mean.
ADC_ROOM_SOUND = 0  # logarithmic microphone detector
ROOM_SOUND_MV_PER_DBA = 20
ADC_KNOB = 1  # 0 to KNOB_FULL_MV
KNOB_FULL_MV = 3300
ADC_SUPPLY = 2  # through a divider of two equal resistors
SUPPLY_DIVIDER = 2
ADC_OUTPUT = 3  # envelope detector on the loudspeaker terminals: rms, linear
OUTPUT_FULL_SCALE_MV = 2000  # a full-scale sine; so 48 dB(A) of a 1 kHz tone is 100 mV

# Level at the ear (0.5 m) of a full-scale sine at 1 kHz: 3 dB gain strap, 47 ohm in series with 4 ohm, a loudspeaker of
# 88 dB/W/m give 71 dB; 3 dB margin for one that is more sensitive (docs/sound.md). A calibration record replaces it.
FULL_SCALE_CDBA = 7400

# A USB host may be connected during a session only where an isolator separates the patient from it.
USB_ISOLATED = False
