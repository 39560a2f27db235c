from wtforms import RadioField, StringField

from app.web.forms import RowForm, at_most, options, squeeze


class DecisionForm(RowForm):
    decision = RadioField(choices=options([("approve", "Approve"), ("refuse", "Refuse")]))
    note = StringField("Note", filters=[squeeze], validators=[at_most(1000)])


class EndForm(RowForm):
    end_reason = StringField("Why", filters=[squeeze], validators=[at_most(1000)])


class EmptyForm(RowForm):
    """Only the token."""
