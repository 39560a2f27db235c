from wtforms import EmailField, FormField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms import Form as Part
from wtforms.validators import Email, Optional
from wtforms.widgets import HiddenInput

from app.domain.modules import ContactKind
from app.services.modules import ContactFacts
from app.web.forms import DayField, Form, at_most, optional_number, required, squeeze, text_of, trim


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
