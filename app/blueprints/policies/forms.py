from datetime import timedelta
from typing import Any

from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField

from app.domain.gates import GateKind, Policy, Separation
from app.domain.policy_changes import NOTE_LIMIT, SIGNERS, Wanted, rules_for
from app.domain.policy_words import rule_choices
from app.web.forms import Form, MaybeNumberField, OneOfField, at_most, options, required, squeeze, trim


def _name(rule: Separation) -> str:
    return rule.value.replace("-", "_")


class ProposeForm(Form):
    environment_key = SelectField("For", choices=[], validate_choice=False)
    lasts_days = MaybeNumberField("Days that a sign-off lasts")
    sign_within_minutes = MaybeNumberField("Minutes since the password was typed")
    note = TextAreaField("Why", filters=[trim], validators=[required("Say why."), at_most(NOTE_LIMIT)])

    def roles(self) -> list[Any]:
        """The fields for how many persons of a role are asked."""
        return [self[role.value] for role in SIGNERS]

    def rules(self, kind: GateKind) -> list[tuple[Any, str]]:
        """The boxes for the rules of a kind, each with what becomes possible without it."""
        return [(self[_name(rule)], relaxed) for rule, _, relaxed in rule_choices(kind)]

    def wanted(self, kind: GateKind) -> Wanted:
        """The policy that was typed."""
        return Wanted(
            tuple((role.value, self[role.value].number) for role in SIGNERS if self[role.value].number is not None),
            tuple(rule.value for rule in rules_for(kind) if self[_name(rule)].data),
            self.lasts_days.number,
            self.sign_within_minutes.number,
        )


for _role in SIGNERS:
    setattr(ProposeForm, _role.value, MaybeNumberField(_role.label))
for _rule, _words, _relaxed in rule_choices(GateKind.DEPLOY):
    setattr(ProposeForm, _name(_rule), BooleanField(_words))


def typed_as(policy: Policy, environment_key: str) -> dict[str, Any]:
    """A policy as one would type it."""
    return {
        "environment_key": environment_key,
        "lasts_days": policy.lasts.days if policy.lasts else None,
        "sign_within_minutes": policy.sign_within // timedelta(minutes=1) if policy.sign_within else None,
        **{one.role.value: one.quorum for one in policy.required},
        **{_name(rule): rule in policy.separation for rule in Separation},
    }


class AgreeForm(Form):
    role = OneOfField("In which role", id="agree-role", choices=options((role.value, role.label) for role in SIGNERS))


class TakeBackForm(Form):
    reason = StringField(
        "Why",
        id="take-back-reason",
        filters=[squeeze],
        validators=[required("Say why you no longer agree."), at_most(NOTE_LIMIT)],
    )


class WithdrawForm(Form):
    reason = StringField(
        "Why", id="withdraw-reason", filters=[squeeze], validators=[required("Say why."), at_most(NOTE_LIMIT)]
    )


class AdoptForm(Form):
    reason = StringField("Note for the history", id="adopt-reason", filters=[squeeze], validators=[at_most(NOTE_LIMIT)])
    # What the page showed of each gate and of new ones, to name what changed meanwhile.
    seen = HiddenField()
    seen_new = HiddenField()
