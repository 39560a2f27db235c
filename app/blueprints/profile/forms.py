from zoneinfo import available_timezones

from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.widgets import HiddenInput

from app.web.forms import Form, PasswordField, at_most, options, password_required, required, squeeze


class ProfileForm(Form):
    revision = IntegerField(widget=HiddenInput())
    name = StringField("Name", filters=[squeeze], validators=[required("Type your name."), at_most(120)])
    time_zone = SelectField("Time zone", choices=options((zone, zone) for zone in sorted(available_timezones())))
    shortcuts_enabled = BooleanField("Keyboard shortcuts")


class PasswordForm(Form):
    old_password = PasswordField("Your password now", validators=[password_required("Type your password.")])
    password = PasswordField("New password", validators=[password_required("Choose a new password.")])


class EmptyForm(Form):
    """Only the token."""
