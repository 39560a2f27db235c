from typing import Any

from flask_login import current_user
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.widgets import HiddenInput

from app.domain.time_zones import TIME_ZONES
from app.services.people import check_new_password
from app.web.forms import Form, PasswordField, at_most, note_refusal, options, password_required, required, squeeze


class ProfileForm(Form):
    revision = IntegerField(widget=HiddenInput())
    name = StringField("Name", filters=[squeeze], validators=[required("Type your name."), at_most(120)])
    time_zone = SelectField("Time zone", choices=options((zone, zone) for zone in sorted(TIME_ZONES)))
    shortcuts_enabled = BooleanField("Keyboard shortcuts")
    digest_enabled = BooleanField("A mail each morning")


class PasswordForm(Form):
    old_password = PasswordField("Your password now", validators=[password_required("Type your password.")])
    password = PasswordField("New password", validators=[password_required("Choose a new password.")])

    def validate(self, *args: Any, **more: Any) -> bool:
        if super().validate(*args, **more):
            # Left to the service, which looks at both.
            return True
        if not self.password.errors:
            note_refusal(self.password, check_new_password, self.password.data, current_user.name, current_user.email)
        return False
