from wtforms import SelectField, StringField
from wtforms.validators import Optional

from app.domain.audit import AuditAction
from app.web.forms import AddressForm, MomentField, at_most, optional_number, options, squeeze


class FilterForm(AddressForm):
    """Which part of the history is asked for."""

    since = MomentField("From", validators=[Optional()])
    until = MomentField("Until", validators=[Optional()])
    person = SelectField("Person", coerce=optional_number, validators=[Optional()])
    module = SelectField("Module", validators=[Optional()])
    release = SelectField("Release", validators=[Optional()])
    action = SelectField(
        "Action", choices=options([("", "any"), *((a.value, a.label) for a in AuditAction)]), validators=[Optional()]
    )
    q = StringField("Text", filters=[squeeze], validators=[at_most(200)])
    request_id = StringField("Request", filters=[squeeze], validators=[at_most(40)])
