from typing import Any

from wtforms import FieldList, FormField, IntegerField, SelectField, StringField, SubmitField, TextAreaField
from wtforms import Form as Part
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from app.domain.deployments import Outcome
from app.queries.deployment_facts import DeploymentRow, StepRow
from app.queries.people import list_active_people
from app.services.deployment_plans import PlanFacts, StepFacts
from app.services.freezes import FreezeFacts
from app.web.forms import (
    Form,
    MaybeNumberField,
    MomentField,
    OneOfField,
    at_most,
    bytes_at_most,
    chosen_number,
    optional_number,
    options,
    required,
    squeeze,
    text_of,
    trim,
    utc_of,
)

# Empty rows that stand ready below what is written, and how many there may be in all.
READY, MOST = 3, 60
OUTCOMES = (
    (Outcome.SUCCEEDED.value, "It succeeded"),
    (Outcome.DEGRADED.value, "Degraded: it is there, and something does not work as it should"),
    (Outcome.FAILED.value, "It failed: what was deployed is not there"),
    (Outcome.ROLLED_BACK.value, "It was rolled back without the steps of a rollback here"),
)


class StepPart(Part):
    place = MaybeNumberField("No.")
    text = StringField("What is done", filters=[squeeze], validators=[at_most(1000)])
    command = TextAreaField("Command", filters=[trim], validators=[at_most(4000)])
    owner_id = SelectField("Who does it", coerce=optional_number)


class PlanForm(Form):
    revision = IntegerField(widget=HiddenInput(), validators=[Optional()])
    window_starts_at = MomentField("The window begins", validators=[required("Say when it may begin.")])
    window_ends_at = MomentField("The window ends", validators=[required("Say until when it has to be over.")])
    decider_id = SelectField("Who says go or no-go", coerce=optional_number)
    abort_criteria = TextAreaField(
        "When it is stopped",
        filters=[trim],
        validators=[
            required("Say what has to be seen for it to be stopped."),
            at_most(10_000),
            bytes_at_most(65_535),
        ],
    )
    notes = TextAreaField("Notes", filters=[trim], validators=[at_most(10_000), bytes_at_most(65_535)])
    steps = FieldList(FormField(StepPart), label="Steps", max_entries=MOST)
    more = SubmitField("Add another step")

    def offer(self, chosen: int | None = None) -> "PlanForm":
        """Let people be chosen, and keep empty rows ready."""
        people = [(person.id, person.name) for person in list_active_people()]
        self.decider_id.choices = options([("", "nobody yet"), *people])
        if chosen is not None and not self.is_submitted():
            self.decider_id.data = chosen
        self.keep_ready()
        for entry in self.steps:
            entry.form.owner_id.choices = options([("", "anybody"), *people])
        return self

    def keep_ready(self) -> None:
        """Let there be empty rows below what is written: more where more were asked for."""
        written = max((number for number, one in enumerate(self.steps, start=1) if _is_written(one.form)), default=0)
        wanted = max(len(self.steps) + 1 if self.more.data else 0, written + READY)
        while len(self.steps) < min(MOST, wanted):
            self.steps.append_entry()

    def validate(self, *args: Any, **more: Any) -> bool:
        """Somebody decides, and each step says what is done: told together with all else that is wrong."""
        is_fine = bool(super().validate(*args, **more))
        if self.decider_id.data is None:
            self.decider_id.errors = ["Choose who says go or no-go."]
            is_fine = False
        for entry in self.steps:
            if _is_written(entry.form) and not text_of(entry.form.text):
                entry.form.text.errors = ["Say in words what this step does."]
                is_fine = False
        return is_fine

    def facts(self) -> PlanFacts | None:
        """What is planned; nothing where a moment is none that a calendar knows."""
        begins, ends = utc_of(self.window_starts_at.data), utc_of(self.window_ends_at.data)
        if begins is None or ends is None or self.decider_id.data is None:
            return None
        return PlanFacts(
            *(begins, ends, self.decider_id.data, text_of(self.abort_criteria), text_of(self.notes)),
            steps=tuple(self._steps()),
        )

    def _steps(self) -> list[StepFacts]:
        """The rows that say something, by the numbers that were typed; one without stands where it stood."""
        rows = [(number, one.form) for number, one in enumerate(self.steps, start=1) if _is_written(one.form)]
        rows.sort(key=lambda row: (row[1].place.number or row[0], row[0]))
        return [StepFacts(text_of(one.text), text_of(one.command), one.owner_id.data) for _, one in rows]


def _is_written(part: Any) -> bool:
    return bool(text_of(part.text) or text_of(part.command))


def data_of(row: DeploymentRow, steps: list[StepRow], zone: Any) -> dict[str, Any]:
    """A plan as its form holds it, in the reader's zone."""
    names = ("abort_criteria", "notes", "revision", "decider_id")
    return {
        **{name: getattr(row, name) for name in names},
        "window_starts_at": row.window_starts_at.astimezone(zone),
        "window_ends_at": row.window_ends_at.astimezone(zone),
        "steps": [
            {"place": step.position, "text": step.text, "command": step.command, "owner_id": step.owner_id}
            for step in steps
        ],
    }


class CancelForm(Form):
    reason = StringField(
        "Why", filters=[squeeze], validators=[required("Say why it does not take place."), at_most(1000)]
    )


class FinishForm(Form):
    outcome = OneOfField("How it ended", choices=options(OUTCOMES))
    note = TextAreaField("What was seen", filters=[trim], validators=[at_most(1000)])


class StepForm(Form):
    note = StringField("Note", filters=[squeeze], validators=[at_most(1000)])


class FreezeForm(Form):
    starts_at = MomentField("From", validators=[required("Say from when on.")])
    ends_at = MomentField("Until", validators=[required("Say until when.")])
    environment_id = SelectField("Where", coerce=chosen_number)
    module_id = SelectField("Which module", coerce=chosen_number)
    reason = StringField(
        "Why", filters=[squeeze], validators=[required("Say why nothing is deployed then."), at_most(1000)]
    )

    def facts(self) -> FreezeFacts | None:
        """What is to be frozen; nothing where a moment is none that a calendar knows."""
        begins, ends = utc_of(self.starts_at.data), utc_of(self.ends_at.data)
        if begins is None or ends is None:
            return None
        return FreezeFacts(begins, ends, text_of(self.reason), self.environment_id.data, self.module_id.data)


class EndFreezeForm(Form):
    end_reason = StringField(
        "Why", filters=[squeeze], validators=[required("Say why it is not needed any more."), at_most(1000)]
    )


class RenameForm(Form):
    environment_name = StringField("Name", filters=[squeeze], validators=[required("Give it a name."), at_most(120)])
    seen = StringField(widget=HiddenInput())


class MoveForm(Form):
    place = IntegerField(widget=HiddenInput(), validators=[Optional()])
    seen = StringField(widget=HiddenInput())


class AddForm(Form):
    environment = StringField("Key", filters=[squeeze], validators=[required("Give it a key."), at_most(60)])
    environment_name = StringField("Name", filters=[squeeze], validators=[required("Give it a name."), at_most(120)])
