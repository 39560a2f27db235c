from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_login import current_user
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, StringField, TextAreaField, ValidationError
from wtforms.validators import Optional
from wtforms.widgets import HiddenInput

from app.domain.gates import Decision
from app.domain.permissions import Role
from app.domain.signoffs import REASON_LIMIT
from app.queries.waiting import SeatChoice
from app.services.signoffs import Wish
from app.web.forms import (
    DayField,
    Form,
    MomentField,
    OneOfField,
    WholeNumberField,
    at_most,
    bytes_at_most,
    optional_number,
    options,
    required,
    small_number,
    squeeze,
    text_of,
    trim,
)
from app.web.waiver_views import utc_today

CONDITION = "condition"
DECISIONS = (
    (Decision.APPROVE.value, "Approve"),
    (CONDITION, "Approve with a condition"),
    (Decision.REJECT.value, "Reject"),
)


class SignForm(Form):
    # Any role may be sent; whether this person holds it and the gate asks it, the service says.
    role = OneOfField("In which role")
    decision = OneOfField("Decision", choices=options(DECISIONS))
    on_condition = StringField("Condition", filters=[squeeze], validators=[at_most(REASON_LIMIT)])
    condition_ends_on = DayField("Until when", validators=[Optional()])
    reason = TextAreaField("Why not", filters=[trim], validators=[at_most(REASON_LIMIT)])
    typed_name = StringField("Your name", filters=[squeeze], validators=[required("Type your name to sign.")])
    # What the person saw: its digest, and a mark of each item, to name what changed meanwhile.
    digest = HiddenField()
    seen = HiddenField()
    # How far the history had come then.
    seen_up_to = HiddenField()

    def offer(self, seats: Sequence[SeatChoice]) -> None:
        """Let a role be chosen: one's own, or that of somebody who asked."""
        lent = [(one.value, one.label) for one in seats if one.by]
        self.role.choices = options([*((role.value, role.label) for role in Role), *lent])

    def validate_typed_name(self, field: StringField) -> None:
        """Whoever sits down at somebody else's screen stops here."""
        if text_of(field).casefold() != squeeze(current_user.name).casefold():
            raise ValidationError(f"Type it as your profile has it: {current_user.name}.")

    def validate_decision(self, field: RadioField) -> None:
        """What was typed belongs to the decision that was chosen."""
        bound, refused = text_of(self.on_condition) or self.condition_ends_on.data, text_of(self.reason)
        if (bound and field.data != CONDITION) or (refused and field.data != Decision.REJECT):
            raise ValidationError("A condition or a reason was typed: choose what it belongs to, or clear it.")

    def validate_on_condition(self, field: StringField) -> None:
        """An approval with a condition has one."""
        if self.decision.data == CONDITION and not field.data:
            raise ValidationError("Say what has to be met.")

    def validate_condition_ends_on(self, field: DayField) -> None:
        """The day has not passed."""
        if isinstance(field.data, date) and field.data < utc_today():
            raise ValidationError("This day has passed.")

    def validate(self, *args: Any, **more: Any) -> bool:
        """A condition has a day, too: said together with all else that is wrong."""
        is_fine = bool(super().validate(*args, **more))
        if self.decision.data == CONDITION and not self.condition_ends_on.data and not self.condition_ends_on.errors:
            self.condition_ends_on.errors = ["Say until when the condition has to be met."]
            return False
        return is_fine

    def wish(self) -> Wish:
        """What is to be signed."""
        is_bound, is_rejected = self.decision.data == CONDITION, self.decision.data == Decision.REJECT
        role, _, by = str(self.role.data).partition(":")
        return Wish(
            Role(role),
            Decision.REJECT if is_rejected else Decision.APPROVE,
            _digest(text_of(self.digest)),
            on_condition=text_of(self.on_condition) if is_bound else "",
            condition_ends_on=self.condition_ends_on.data if is_bound else None,
            reason=text_of(self.reason) if is_rejected else "",
            delegation_id=small_number(by) if by else None,
            seen_up_to=optional_number(text_of(self.seen_up_to)),
        )


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


class WithdrawForm(Form):
    reason = StringField(
        "Why", filters=[squeeze], validators=[required("Say why it no longer holds."), at_most(REASON_LIMIT)]
    )


class PlanForm(Form):
    revision = IntegerField(widget=HiddenInput(), validators=[Optional()])
    body = TextAreaField(
        "How everything goes back",
        filters=[trim],
        validators=[required("Write the steps that bring everything back."), at_most(60_000), bytes_at_most(65_535)],
    )


class RehearsalForm(Form):
    ran_at = MomentField("When", validators=[required("Say when it was.")])
    minutes = WholeNumberField("Minutes that it took")
    outcome = OneOfField("How it ended", choices=options([("passed", "It passed"), ("failed", "It failed")]))
    note = StringField("Note", filters=[squeeze], validators=[at_most(1000)])


class BackupForm(Form):
    target = StringField("Of what", filters=[squeeze], validators=[required("Say of what it was taken."), at_most(200)])
    taken_at = MomentField("When", validators=[required("Say when it was taken.")])
    size_bytes = WholeNumberField("Size in bytes")
    checksum = StringField("Checksum", filters=[squeeze], validators=[required("Give the checksum."), at_most(128)])
    is_restore_tested = BooleanField("It was restored somewhere, to see that this works")
    note = StringField("Note", filters=[squeeze], validators=[at_most(1000)])
