from wtforms import IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from app.web.forms import DayField, Form, at_most, options, required, small_number, squeeze, trim


class ReleaseForm(Form):
    # A new one has no revision yet.
    revision = IntegerField(widget=HiddenInput(), validators=[Optional()])
    key = StringField("Key", filters=[squeeze], validators=[Optional(), at_most(60)])
    name = StringField("Name", filters=[squeeze], validators=[required("Type a name."), at_most(120)])
    planned_on = DayField("Planned for", validators=[Optional()])
    notes = TextAreaField("Notes", filters=[trim], validators=[at_most(4000)])
    copy_from = SelectField("Modules", choices=options([("", "choose them afterwards")]))


class ModulesForm(Form):
    # What may be chosen is decided where it is done: by then it can be another than what the page has offered.
    module_ids = SelectMultipleField(
        "Modules",
        coerce=small_number,
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )


class ReasonForm(Form):
    reason = StringField("Why", filters=[squeeze], validators=[required("Say why it is open again."), at_most(500)])


class EmptyForm(Form):
    """Only the token."""
