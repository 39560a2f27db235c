from wtforms import EmailField, SelectField, StringField
from wtforms.validators import Email

from app.domain.permissions import Role
from app.web.forms import Form, at_most, optional_number, options, required, squeeze

ROLES = options((role.value, role.label) for role in Role)
EVERYWHERE = ("", "everything")


class GrantForm(Form):
    role = SelectField("Role", choices=ROLES, coerce=Role)
    module_id = SelectField("For", coerce=optional_number)


class InvitationForm(GrantForm):
    name = StringField("Name", filters=[squeeze], validators=[required("Type the person's name."), at_most(120)])
    email = EmailField(
        "E-mail address",
        filters=[squeeze],
        validators=[required("Type the person's address."), Email("This is not an e-mail address."), at_most(254)],
    )


class EmptyForm(Form):
    """Only the token."""
