from wtforms import BooleanField, EmailField, Field, StringField
from wtforms.validators import Email

from app.services.people import check_new_password
from app.web.forms import Form, PasswordField, at_most, password_required, refused_by, required, squeeze, text_of


class SetupForm(Form):
    name = StringField("Your name", filters=[squeeze], validators=[required("Type your name."), at_most(120)])
    email = EmailField(
        "E-mail address",
        filters=[squeeze],
        validators=[required("Type your e-mail address."), Email("This is not an e-mail address."), at_most(254)],
    )
    password = PasswordField("Password", validators=[password_required("Choose a password.")])
    is_lead = BooleanField("I also lead a team: let me create modules and releases", default=True)

    def validate_password(self, field: Field) -> None:
        refused_by(check_new_password, field.data, text_of(self.name), text_of(self.email))
