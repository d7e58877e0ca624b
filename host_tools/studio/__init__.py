"""The studio: the therapist's page in a browser on their own computer, over the same functions as the command line."""
