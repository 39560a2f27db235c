"""The time zones that a person, a module or a duty can have."""

from zoneinfo import available_timezones

# What these two mean depends on the machine, or is nothing.
_NO_PLACES = {"Factory", "localtime"}
TIME_ZONES = frozenset(available_timezones() - _NO_PLACES)
