"""The family's own song, from a file of any common notation to what the device plays. Loaded only for an import."""
