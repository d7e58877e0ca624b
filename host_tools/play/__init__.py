"""A session, or a recording, played on this computer, and what is written about it."""
