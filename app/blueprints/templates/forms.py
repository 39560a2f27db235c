from wtforms import IntegerField

from app.web.forms import Form


class AdoptForm(Form):
    version = IntegerField()
