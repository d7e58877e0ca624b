"""Sound that strangers recorded: how it is read, followed in pitch, and judged."""
