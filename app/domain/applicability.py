"""What a module is asked once, so that rules of a template can say which of its items apply."""

from enum import StrEnum


class Question(StrEnum):
    """One of the eight questions. Values are stored, and stand in rules: never rename one."""

    TOUCHES_SCHEMA = "touches_schema"
    DROPS_OR_RENAMES = "drops_or_renames"
    ADDS_ENDPOINTS = "adds_endpoints"
    HAS_UPLOADS = "has_uploads"
    CALLS_OUTSIDE_SYSTEM = "calls_outside_system"
    PERSONAL_DATA = "personal_data"
    LARGE_TABLES = "large_tables"
    FIRST_RELEASE = "first_release"

    @property
    def label(self) -> str:
        """The question as it is asked."""
        return QUESTIONS[self]


QUESTIONS: dict[Question, str] = {
    Question.TOUCHES_SCHEMA: "Does it change the schema of a database?",
    Question.DROPS_OR_RENAMES: "Does it drop or rename tables or columns?",
    Question.ADDS_ENDPOINTS: "Does it add endpoints?",
    Question.HAS_UPLOADS: "Does it take uploads?",
    Question.CALLS_OUTSIDE_SYSTEM: "Does it call a system outside?",
    Question.PERSONAL_DATA: "Does it hold personal data?",
    Question.LARGE_TABLES: "Does it work on large tables?",
    Question.FIRST_RELEASE: "Is this its first release?",
}
