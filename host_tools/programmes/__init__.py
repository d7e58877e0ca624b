"""Listening programmes on the computer: those that come with Calando, the rules with their reasons, and a preview."""
