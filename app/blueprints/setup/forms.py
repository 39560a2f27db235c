from wtforms import BooleanField, EmailField, StringField
from wtforms.validators import Email

from app.web.forms import Form, PasswordField, at_most, password_required, required, squeeze


class SetupForm(Form):
    name = StringField("Your name", filters=[squeeze], validators=[required("Type your name."), at_most(120)])
    email = EmailField(
        "E-mail address",
        filters=[squeeze],
        validators=[required("Type your e-mail address."), Email("This is not an e-mail address."), at_most(254)],
    )
    password = PasswordField("Password", validators=[password_required("Choose a password.")])
    is_lead = BooleanField("I also lead a team: let me create modules and releases", default=True)
