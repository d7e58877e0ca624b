"""Songs that people bring: from what they wrote or sang to notes."""
