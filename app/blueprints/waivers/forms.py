from wtforms import RadioField, StringField

from app.web.forms import Form, at_most, options, squeeze


class DecisionForm(Form):
    decision = RadioField(choices=options([("approve", "Approve"), ("refuse", "Refuse")]))
    note = StringField("Note", filters=[squeeze], validators=[at_most(1000)])


class EmptyForm(Form):
    """Only the token."""
