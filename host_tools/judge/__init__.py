"""Sessions judged from outside: what came out, measured against the limits of the hazard table, without the firmware."""
