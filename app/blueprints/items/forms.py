from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from app.domain.checklist import ItemState
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.web.forms import DayField, RowForm, at_most, options, required, squeeze, trim


class RevisionForm(RowForm):
    revision = IntegerField()


class StateForm(RevisionForm):
    state = SelectField(choices=options((state.value, state.word) for state in ItemState), coerce=ItemState)
    reason = StringField(filters=[squeeze], validators=[at_most(1000)])
    value = StringField(filters=[squeeze], validators=[Optional(), at_most(500)])


class ValueForm(RevisionForm):
    value = StringField(filters=[squeeze], validators=[at_most(500)])
    link = StringField(filters=[squeeze], validators=[at_most(500)])


class CommentForm(RowForm):
    text = TextAreaField(filters=[trim], validators=[at_most(4000)])


class AssignForm(RevisionForm):
    assignee_id = IntegerField(validators=[Optional()])
    due_on = DayField(validators=[Optional()])


class WaiverForm(RevisionForm):
    """Every kind with every reason: which fit together is the rule's to say."""

    kind = SelectField(
        choices=options((kind.value, kind.label) for kind in WaiverKind), default=WaiverKind.NOT_APPLICABLE.value
    )
    reason_code = SelectField(
        choices=options([("", "choose one"), *((reason.value, reason.label) for reason in WaiverReason)]),
        validators=[required("Choose a reason.")],
    )
    explanation = TextAreaField(filters=[trim], validators=[at_most(1000)])
    ends_on = DayField(validators=[Optional()])
