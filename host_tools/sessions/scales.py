"""Scales that a person scores somebody's pain or comfort with: their names and ranges, and nothing of their items.

A score is kept as it was entered; nothing here computes one, or says what it means.
"""

from dataclasses import dataclass

from simulator.files.errors import CalandoError, choice


@dataclass(frozen=True)
class Scale:
    """A named scale of whole numbers. `of_one_symptom`: a score says nothing without the symptom's name."""

    name: str
    lowest: int
    highest: int
    of_one_symptom: bool = False


SCALES = (
    Scale("NRS", 0, 10),  # numeric rating scale, spoken or pointed at
    Scale("ESAS-r", 0, 10, of_one_symptom=True),  # Watanabe et al., J Pain Symptom Manage 2011
    # Hummel et al., J Perinatol 2008: sedation 0 to -10; pain 0 to 10, and up to 3 points more for a preterm's age.
    Scale("N-PASS", -10, 13),
    Scale("COMFORTneo", 6, 30),  # van Dijk et al., Pain 2009
)
WHEN = ("before", "during", "after")
MOST_SYMPTOM_CHARACTERS = 24


def find(name: str) -> Scale:
    """Return the scale of that name, in any case and with or without its hyphen. Raises CalandoError."""
    for scale in SCALES:
        if _bare(scale.name) == _bare(name):
            return scale
    names = [scale.name for scale in SCALES]
    raise CalandoError(f'there is no scale "{name}"{choice(name, names)}')


def checked(name: str, symptom: str | None, when: str, value: int) -> tuple[str, str | None, str, int]:
    """Return the scale's own name, the symptom, when, and the number, as entered. Raises CalandoError when they cannot
    be.
    """
    scale = find(name)
    if when not in WHEN:
        raise CalandoError(f'"{when}" is no time of a score{choice(when, list(WHEN))}')
    symptom = symptom.strip() if symptom else None
    if scale.of_one_symptom and not symptom:
        raise CalandoError(
            f'a score of {scale.name} is of one symptom; name it, as in "{scale.name} breathlessness {when} {value}"'
        )
    if not scale.of_one_symptom and symptom:
        raise CalandoError(f'{scale.name} is one number; write "{scale.name} {when} {value}"')
    if symptom and len(symptom) > MOST_SYMPTOM_CHARACTERS:
        raise CalandoError(
            f"the symptom's name has {len(symptom)} characters; write at most {MOST_SYMPTOM_CHARACTERS}"
        )
    if not scale.lowest <= value <= scale.highest:
        raise CalandoError(
            f"{scale.name} {value} is outside {scale.lowest} to {scale.highest}; enter the number as it was scored"
        )
    return scale.name, symptom, when, value


def _bare(name: str) -> str:
    return name.casefold().replace("-", "").replace(" ", "")
