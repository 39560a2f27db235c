"""How long something takes or stands, in words."""

from datetime import timedelta

UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def length_words(length: timedelta) -> str:
    """A length in its largest whole unit: “3 days”, “1 hour”; “less than a minute”."""
    seconds = length.total_seconds()
    for unit, word in UNITS:
        if seconds >= unit:
            number = int(seconds // unit)
            return f"{number} {word}{'' if number == 1 else 's'}"
    return "less than a minute"
