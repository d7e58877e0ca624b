"""The files that a person writes (profiles, songs, scenarios), and the sentences about what is wrong in them."""
