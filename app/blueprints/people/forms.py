from typing import Any

from wtforms import EmailField, Field, SelectField, StringField
from wtforms.validators import Email

from app.domain.permissions import Role
from app.services.people import check_new_address, check_reach
from app.web.forms import Form, at_most, note_refusal, optional_number, options, refused_by, required, squeeze

ROLES = options((role.value, role.label) for role in Role)
EVERYWHERE = ("", "everything")


class GrantForm(Form):
    role = SelectField("Role", choices=ROLES, coerce=Role)
    module_id = SelectField("For", coerce=optional_number)

    def validate_module_id(self, field: Field) -> None:
        refused_by(check_reach, self.role.data, field.data)


class InvitationForm(GrantForm):
    name = StringField("Name", filters=[squeeze], validators=[required("Type the person's name."), at_most(120)])
    email = EmailField(
        "E-mail address",
        filters=[squeeze],
        validators=[required("Type the person's address."), Email("This is not an e-mail address."), at_most(254)],
    )

    def validate(self, *args: Any, **more: Any) -> bool:
        if super().validate(*args, **more):
            # Left to the service, which knows an invitation that is sent twice.
            return True
        if not self.email.errors:
            note_refusal(self.email, check_new_address, self.email.data)
        return False


class EmptyForm(Form):
    """Only the token."""
