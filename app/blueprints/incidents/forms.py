from typing import Any

from wtforms import BooleanField, HiddenField, MultipleFileField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from app.domain.escalations import WHOM_LIMIT
from app.domain.incidents import LINE_LIMIT, TEXT_BYTES, TITLE_LIMIT, IncidentSeverity, RootCause
from app.services.incident_links import LinkKeys
from app.services.incidents import Report
from app.web.forms import (
    Form,
    MomentField,
    OneOfField,
    at_most,
    bytes_at_most,
    optional_number,
    options,
    required,
    small_number,
    squeeze,
    text_of,
    trim,
    utc_of,
)

TEXTS = ("title", "description", "server_version", "steps", "expected", "actual", "error_messages", "log")
WHY_LIMIT = 2000


def long_text(label: str) -> TextAreaField:
    """Several lines, as long as they are kept."""
    return TextAreaField(label, filters=[trim], validators=[bytes_at_most(TEXT_BYTES)])


def choice(label: str, *validators: Any) -> SelectField:
    """A choice that the view puts in; what nobody offered is refused by the service, in words."""
    return SelectField(label, choices=[], validate_choice=False, validators=list(validators))


class ReportForm(Form):
    # A new one has no revision yet.
    revision = HiddenField()
    module_key = choice("Module", required("Choose the module."))
    severity = SelectField(
        "How bad it is",
        choices=options((one.value, one.label) for one in IncidentSeverity),
        default=IncidentSeverity.MAJOR.value,
    )
    began_at = MomentField("When it began", validators=[Optional()])
    title = StringField("In one line", filters=[squeeze], validators=[at_most(TITLE_LIMIT)])
    description = long_text("What is wrong")
    steps = long_text("Steps to reproduce")
    expected = long_text("What should happen")
    actual = long_text("What happens instead")
    error_messages = long_text("Error messages")
    is_without_error = BooleanField("No error was shown")
    log = long_text("Log excerpt")
    files = MultipleFileField("Screenshots and log files")
    release_key = choice("Release")
    environment_key = choice("Environment")
    server_version = StringField("Server version", filters=[squeeze], validators=[at_most(LINE_LIMIT)])
    deployment_id = choice("After which deployment")
    rollback_id = choice("During which rollback")

    @property
    def seen_revision(self) -> int:
        """The revision that the page was rendered from."""
        return small_number(text_of(self.revision))

    def report(self) -> Report:
        """What was typed."""
        return Report(
            severity=IncidentSeverity(self.severity.data),
            began_at=utc_of(self.began_at.data),
            is_without_error=bool(self.is_without_error.data),
            links=LinkKeys(
                text_of(self.release_key),
                text_of(self.environment_key),
                optional_number(self.deployment_id.data),
                optional_number(self.rollback_id.data),
            ),
            **{name: text_of(self[name]) for name in TEXTS},
        )


class OwnerForm(Form):
    owner_id = choice("Who has it")


class RecoveredForm(Form):
    recovered_at = MomentField("Since when it works again", validators=[Optional()])


class CauseForm(Form):
    revision = HiddenField()
    category = SelectField(
        "Where the cause lay",
        choices=options([("", "not known yet"), *((one.value, one.label) for one in RootCause)]),
    )
    cause = long_text("Why it could happen")

    @property
    def seen_revision(self) -> int:
        """The revision that the page was rendered from."""
        return small_number(text_of(self.revision))


class ResolveForm(Form):
    resolution = long_text("What was done")


class CloseForm(Form):
    """Whoever closes says nothing more."""


class ReopenForm(Form):
    reason = TextAreaField("Why it is open again", filters=[trim], validators=[at_most(WHY_LIMIT)])
    is_down_again = BooleanField("It does not work for its users again")


class StartForm(Form):
    callee = choice("Who is called")
    whom = StringField("Somebody else", filters=[squeeze], validators=[at_most(WHOM_LIMIT)])
    text = TextAreaField("What you ask", filters=[trim], validators=[at_most(WHY_LIMIT)])


class FinishForm(Form):
    outcome = long_text("What came of it")
    has_helped = OneOfField("Did it help", choices=options([("yes", "Yes"), ("no", "No")]), default="no")


class PassOverForm(Form):
    outcome = TextAreaField("Why it is passed over", filters=[trim], validators=[at_most(WHY_LIMIT)])


class SimilarForm(Form):
    other_id = HiddenField()
