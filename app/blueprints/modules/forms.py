from wtforms import (
    EmailField,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms import Form as Part
from wtforms.form import BaseForm
from wtforms.validators import Email, Optional
from wtforms.widgets import HiddenInput

from app.domain.applicability import Question
from app.domain.modules import ContactKind
from app.domain.time_zones import TIME_ZONES
from app.services.modules import ContactFacts
from app.web.forms import DayField, Form, at_most, optional_number, options, required, squeeze, text_of, trim


class ModuleForm(Form):
    # A new one has no revision yet.
    revision = IntegerField(widget=HiddenInput(), validators=[Optional()])
    key = StringField("Key", filters=[squeeze], validators=[Optional(), at_most(60)])
    name = StringField("Name", filters=[squeeze], validators=[required("Type a name."), at_most(120)])
    purpose = TextAreaField("Purpose", filters=[trim], validators=[at_most(2000)])
    team = StringField("Team", filters=[squeeze], validators=[at_most(120)])
    lead_id = SelectField("Lead", coerce=optional_number)
    repository = StringField("Repository", filters=[squeeze], validators=[at_most(500)])
    schema_name = StringField("Schema name", filters=[squeeze], validators=[at_most(64)])
    time_zone = SelectField(
        "Time zone of the team",
        choices=options((zone, zone) for zone in sorted(TIME_ZONES)),
        default="UTC",
    )


class ContactPart(Part):
    name = StringField("Name", filters=[squeeze], validators=[at_most(120)])
    email = EmailField(
        "E-mail", filters=[squeeze], validators=[Optional(), Email("This is not an e-mail address."), at_most(254)]
    )
    phone = StringField("Phone", filters=[squeeze], validators=[at_most(60)])
    hours = StringField("Hours", filters=[squeeze], validators=[at_most(120)])
    verified_on = DayField("Last verified", validators=[Optional()])


class ContactsForm(Form):
    revision = IntegerField(widget=HiddenInput())
    development = FormField(ContactPart, ContactKind.DEVELOPMENT.label)
    dba = FormField(ContactPart, ContactKind.DBA.label)
    devops = FormField(ContactPart, ContactKind.DEVOPS.label)
    on_call = FormField(ContactPart, ContactKind.ON_CALL.label)

    def facts(self) -> dict[ContactKind, ContactFacts | None]:
        """What was typed, by kind; None where nothing was."""
        return {kind: _facts(self[kind.value]) for kind in ContactKind}


def _facts(part: ContactPart) -> ContactFacts | None:
    facts = ContactFacts(
        name=text_of(part["name"]),
        email=text_of(part["email"]),
        phone=text_of(part["phone"]),
        hours=text_of(part["hours"]),
        verified_on=part["verified_on"].data,
    )
    return None if facts == ContactFacts(name="") else facts


class TargetForm(Form):
    environment_id = SelectField("Environment", coerce=int)
    key = StringField("Key", filters=[squeeze], validators=[required("Type a key."), at_most(60)])
    name = StringField("Name", filters=[squeeze], validators=[at_most(120)])


class EnvironmentForm(Form):
    environment = StringField("Key", filters=[squeeze], validators=[required("Type a key."), at_most(60)])
    environment_name = StringField("Name", filters=[squeeze], validators=[required("Type a name."), at_most(120)])
    back = HiddenField()


# What is typed for an answer, and what it stands for.
ANSWERS = {"yes": True, "no": False, "": None}


class AnswerField(RadioField):
    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002 - as the library calls it
        if self.data not in ANSWERS:
            raise ValidationError("Choose yes, no or not answered.")


class AnswersForm(Form):
    reason = StringField("Why an answer changed", filters=[squeeze], validators=[at_most(1000)])
    # What the person saw that the answers would do; saved only when that is still so.
    confirmed = HiddenField()

    def wanted(self) -> dict[Question, bool | None]:
        """What was chosen, by question."""
        return {question: ANSWERS[self[question.value].data] for question in Question}

    def answers(self) -> dict[Question, bool]:
        """The same without what is not answered."""
        return {question: answer for question, answer in self.wanted().items() if answer is not None}

    def see(self, revisions: dict[Question, int]) -> None:
        """Take other revisions for the ones that the page shows."""
        for question, revision in revisions.items():
            field = self[f"seen_{question.value}"]
            field.data, field.raw_data = revision, None

    def revisions(self) -> dict[Question, int]:
        """The revisions of the answers that the page showed."""
        return {question: self[f"seen_{question.value}"].data or 0 for question in Question}


for _question in Question:
    setattr(AnswersForm, _question.value, AnswerField(_question.label, choices=options([(k, k) for k in ANSWERS])))
    setattr(AnswersForm, f"seen_{_question.value}", IntegerField(widget=HiddenInput(), validators=[Optional()]))
