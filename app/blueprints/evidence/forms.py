from wtforms import StringField, TextAreaField
from wtforms.validators import Optional

from app.web.forms import DayField, Form, MomentField, RowForm, at_most, squeeze, trim


class EvidenceForm(RowForm):
    link = StringField(filters=[squeeze], validators=[at_most(500)])
    note = TextAreaField(filters=[trim], validators=[at_most(2000)])
    measured_at = MomentField(validators=[Optional()])
    expires_on = DayField(validators=[Optional()])


class WithdrawForm(RowForm):
    reason = StringField(filters=[squeeze], validators=[at_most(1000)])


class ReconfirmForm(Form):
    """Which pieces of evidence are still true stands in boxes of its page."""
