"""What a song or a recording is called on the device, from the title or the file that somebody brought."""

import hashlib
import re
import unicodedata

LONGEST_NAME = 24


def song_name(title: str) -> str:
    """Return a name for the device: small letters, digits and _, at most 24. Titles that differ have names that differ, as
    far as letters say: where a letter is none of a to z, or letters had to be cut off, four signs of a checksum follow.
    """
    from anyascii import anyascii

    title = unicodedata.normalize("NFC", title).lower()
    plain = re.sub(r"[^a-z0-9]+", "_", title).strip("_")
    turned = re.sub(r"[^a-z0-9]+", "_", anyascii(_unmarked(title)).lower()).strip("_")
    sign = _sign(title)
    if not any(letter.isalnum() and not letter.isascii() for letter in title) and len(plain) <= LONGEST_NAME:
        return plain or f"song_{sign}"
    return f"{turned[: LONGEST_NAME - 5].strip('_') or 'song'}_{sign}"


def _sign(title: str) -> str:
    return hashlib.sha256(title.encode()).hexdigest()[:4]


def _unmarked(title: str) -> str:
    """Latin letters without their accents."""
    return "".join(
        letter for letter in unicodedata.normalize("NFD", title) if not unicodedata.combining(letter)
    )
