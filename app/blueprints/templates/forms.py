from wtforms import BooleanField, IntegerField

from app.web.forms import Form


class AdoptForm(Form):
    version = IntegerField()
    with_ticks = BooleanField("Tick what was ticked in the imported document")
