from wtforms import EmailField, HiddenField

from app.web.forms import Form, PasswordField, at_most, password_required, required, squeeze


class SignInForm(Form):
    email = EmailField(
        "E-mail address", filters=[squeeze], validators=[required("Type your e-mail address."), at_most(254)]
    )
    password = PasswordField("Password", validators=[password_required("Type your password.")])
    resume = HiddenField()


class ChoosePasswordForm(Form):
    password = PasswordField("New password", validators=[password_required("Choose a password.")])
