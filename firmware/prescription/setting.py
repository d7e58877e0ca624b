"""A setting: a row of a table of what a person may write, and the check of one value by it. The tables are profile.py's and
programme.py's.
"""


class ProfileError(ValueError):
    """A profile cannot be used; the text is one sentence with the setting, the value, the range and what to
    do.
    """


class Setting:
    """One row of the table.

    kind is "number", "choice", "switch", "name", "text" or "curve". A number in human units times `scale` is
    the firmware's integer in `attribute`. `newborn` and `adult` are (lowest, highest) for a number, the
    allowed words for a choice, (shortest, longest) for a text or name, rows of both for a curve.
    """

    def __init__(self, name, kind, unit, newborn, adult, meaning, step=1, scale=1, attribute=None):
        self.name = name
        self.kind = kind
        self.unit = unit
        self.newborn = newborn
        self.adult = adult
        self.meaning = meaning
        self.step = step
        self.scale = scale
        self.attribute = attribute or name

    def allowed(self, population):
        return self.newborn if population == "newborn" else self.adult

    def default(self, population):
        from firmware.prescription.profiles import READY

        return READY[population][self.name]


def is_number(value):
    """Return whether it is a number that can be reckoned with."""
    # NaN is the one number that differs from itself, and inf the one that stays when halved.
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and value == value
        and abs(value) < 1e9
    )


def whole(value, scale):
    """Return value * scale as the nearest integer."""
    scaled = value * scale
    return int(scaled + 0.5) if scaled >= 0 else -int(0.5 - scaled)


def show(value):
    """Return a value as a sentence shows it."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def refuse(setting, value, rule, advice):
    """Raise ProfileError with its one sentence."""
    raise ProfileError("%s = %s %s; %s" % (setting.name, show(value), rule, advice))


def _for_whom(setting):
    """Return words where another population may have other values; of a programme's settings none has."""
    return "" if setting.newborn == setting.adult else " for this population"


def _check_number(setting, value, population):
    low, high = setting.allowed(population)
    unit = " " + setting.unit if setting.unit else ""
    if type(value) not in (int, float) or value != value:
        refuse(setting, value, "is not a number", "choose %s to %s%s" % (low, high, unit))
    if not low <= value <= high:
        rule = "is outside %s to %s%s%s" % (low, high, unit, _for_whom(setting))
        refuse(setting, value, rule, "choose a value in that range")
    scaled = whole(value, setting.scale)
    step = whole(setting.step, setting.scale)
    if scaled % step or abs(value * setting.scale - scaled) > 0.01:
        refuse(setting, value, "is not in steps of %s%s" % (setting.step, unit), "choose one that is")
    return scaled


def _check_text(setting, value, population):
    shortest, longest = setting.allowed(population)
    if not isinstance(value, str) or not shortest <= len(value) <= longest:
        refuse(
            setting, value, "is not a text of %d to %d characters" % (shortest, longest), "write such a one"
        )
    for character in value:
        if setting.kind == "name":
            if not ("a" <= character <= "z" or "0" <= character <= "9" or character == "_"):
                refuse(setting, value, "is not a name of small letters, digits and _", "write it so")
        elif not " " <= character <= "~":
            refuse(setting, value, "has characters that the display lacks", "use plain letters")
    return value


def check_setting(setting, value, population):
    """Return a value in the firmware's units, by its row of the table. Raises ProfileError."""
    kind = setting.kind
    if kind == "number":
        return _check_number(setting, value, population)
    if kind == "switch":
        if value is not True and value is not False:
            refuse(setting, value, "is not a switch", "choose true or false")
        return value
    if kind == "choice":
        allowed = setting.allowed(population)
        if value not in allowed:
            advice = "choose one of " + ", ".join(allowed)
            if len(allowed) == 1:
                advice = "leave it out, or write '%s'" % allowed[0]
            refuse(setting, value, "is none of the choices" + _for_whom(setting), advice)
        return value
    return _check_text(setting, value, population)
