from wtforms import SelectField, StringField

from app.domain.delegations import REASON_LIMIT, delegable_roles
from app.domain.permissions import Role
from app.services.delegations import DelegationFacts
from app.web.forms import (
    Form,
    MomentField,
    at_most,
    optional_number,
    options,
    required,
    small_number,
    squeeze,
    text_of,
    utc_of,
)


class DelegationForm(Form):
    delegate_id = SelectField("Who signs for you", validators=[required("Choose who signs for you.")])
    role = SelectField("In which role", choices=options((role.value, role.label) for role in delegable_roles()))
    module_id = SelectField("For which module")
    starts_at = MomentField("From", validators=[required("Say from when.")])
    ends_at = MomentField("Until", validators=[required("Say until when.")])
    reason = StringField(
        "Why", filters=[squeeze], validators=[required("Say why, for who reads it later."), at_most(REASON_LIMIT)]
    )

    def facts(self) -> DelegationFacts | None:
        """What was typed; None where a moment is none in this zone."""
        starts_at, ends_at = utc_of(self.starts_at.data), utc_of(self.ends_at.data)
        if starts_at is None or ends_at is None:
            self.ends_at.errors = ["Choose a moment that a calendar has."]
            return None
        return DelegationFacts(
            small_number(self.delegate_id.data),
            Role(self.role.data),
            optional_number(self.module_id.data),
            starts_at,
            ends_at,
            text_of(self.reason),
        )


class AnswerForm(Form):
    reason = StringField("Why", filters=[squeeze], validators=[at_most(REASON_LIMIT)])
