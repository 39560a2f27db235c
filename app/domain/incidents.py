"""Incidents: how bad one is, in words."""

from enum import StrEnum


class IncidentSeverity(StrEnum):
    """How bad it is for those who use the product. Values are stored: never rename one."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"

    @property
    def label(self) -> str:
        """The severity, with what it means."""
        return SEVERITY_TITLES[self]


SEVERITY_TITLES: dict[IncidentSeverity, str] = {
    IncidentSeverity.CRITICAL: "Critical: nobody can work, or data is lost",
    IncidentSeverity.MAJOR: "Major: many are held up",
    IncidentSeverity.MINOR: "Minor: there is a way around it",
}
