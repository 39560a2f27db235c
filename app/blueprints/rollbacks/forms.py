from wtforms import FieldList, FormField, HiddenField, IntegerField, StringField, TextAreaField
from wtforms import Form as Part
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import HiddenInput

from app.domain.incidents import IncidentSeverity
from app.domain.rollbacks import REASON_LIMIT, STATE_LIMIT, Claim
from app.web.forms import (
    Form,
    MomentField,
    OneOfField,
    at_most,
    options,
    required,
    small_number,
    squeeze,
    text_of,
    trim,
    utc_of,
)

VALUE_LIMIT, NAME_LIMIT = 500, 120


class StartForm(Form):
    reason = StringField(
        "Why it is taken back",
        filters=[squeeze],
        validators=[required("Say in a sentence why it is taken back."), at_most(REASON_LIMIT)],
    )
    severity = OneOfField("How bad it is", choices=options((one.value, one.label) for one in IncidentSeverity))
    state_before = TextAreaField("How things stand now", filters=[trim], validators=[at_most(STATE_LIMIT)])


class StepForm(Form):
    # As the step was when the page was made.
    revision = IntegerField(widget=HiddenInput(), validators=[InputRequired("The step has no revision.")])


class DoForm(StepForm):
    value = StringField("Value", filters=[squeeze], validators=[at_most(VALUE_LIMIT)])
    note = StringField("What you saw", filters=[squeeze], validators=[at_most(REASON_LIMIT)])


class SkipForm(StepForm):
    skip_reason = StringField(
        "Why it is skipped",
        filters=[squeeze],
        validators=[required("Say why this step is skipped."), at_most(REASON_LIMIT)],
    )


class ReopenForm(StepForm):
    reopen_reason = StringField(
        "Why it has to be done again",
        filters=[squeeze],
        validators=[required("Say why it has to be done again."), at_most(REASON_LIMIT)],
    )


class PauseForm(Form):
    pause_reason = StringField(
        "Why it waits, and for what",
        filters=[squeeze],
        validators=[required("Say why it waits, and for what."), at_most(REASON_LIMIT)],
    )


class AbortForm(Form):
    abort_reason = StringField(
        "Why it is given up, and what happens instead",
        filters=[squeeze],
        validators=[required("Say why it is given up, and what happens instead."), at_most(REASON_LIMIT)],
    )


class FinishForm(Form):
    note = StringField("Anything to remember", filters=[squeeze], validators=[at_most(REASON_LIMIT)])


class PressedForm(Form):
    """Only the token."""


class PaperStep(Part):
    item_id = HiddenField()
    code = StringField("Code", filters=[squeeze], validators=[at_most(20)])
    done_at = MomentField("Done at", format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], validators=[Optional()])
    done_by = StringField("By", filters=[squeeze], validators=[at_most(NAME_LIMIT)])
    value = StringField("Value", filters=[squeeze], validators=[at_most(VALUE_LIMIT)])


class CodesForm(Form):
    steps = FieldList(FormField(PaperStep))

    def claims(self) -> tuple[Claim, ...]:
        """What was typed, for each step that was open when the page was made."""
        return tuple(
            Claim(
                small_number(text_of(one.form.item_id)),
                text_of(one.form.code),
                utc_of(one.form.done_at.data),
                text_of(one.form.done_by),
                text_of(one.form.value),
            )
            for one in self.steps
        )
