from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional

from app.domain.checklist import ItemState
from app.domain.waiver_kinds import REASONS, WaiverKind, WaiverReason
from app.web.forms import Form, at_most, options, required, squeeze, trim

WAIVE = "waive"


class SeveralForm(Form):
    # Shown once the rules have asked.
    even_so = BooleanField("Set them even so")
    action = RadioField(
        "Set them to",
        choices=options(
            [
                (ItemState.DONE.value, "done"),
                (ItemState.DOING.value, "doing"),
                (ItemState.TODO.value, "to do"),
                (WAIVE, "not applicable"),
            ]
        ),
    )
    waiver_reason = SelectField(
        "Why it does not apply",
        choices=options((reason.value, reason.label) for reason in REASONS[WaiverKind.NOT_APPLICABLE]),
        coerce=WaiverReason,
    )
    reason = TextAreaField("One sentence for all of them", filters=[trim], validators=[at_most(1000)])


class ChangeForm(Form):
    number = IntegerField(
        "Number of the merge request",
        validators=[required("Type its number."), NumberRange(1, 10**9, "Type a number above 0.")],
    )
    title = StringField("Title", filters=[squeeze], validators=[Optional(), at_most(200)])
    link = StringField("Link", filters=[squeeze], validators=[Optional(), at_most(500)])
