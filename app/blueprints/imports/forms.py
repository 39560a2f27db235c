from collections.abc import Sequence
from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, StringField, TextAreaField

from app.domain.template_content import TITLE_LIMIT
from app.domain.template_files import Column
from app.web.forms import Form, at_most, options, squeeze

KINDS = (("", "Markdown"), (".csv", "CSV"), (".yaml", "YAML"), (".json", "JSON"))
NOWHERE = -1


class DocumentForm(Form):
    """A document, as a file or as text."""

    file = FileField("A file")
    text = TextAreaField("Or its text")
    kind = SelectField("The text is", choices=options(KINDS))


class ImportForm(Form):
    """What becomes of a document that was understood."""

    into = SelectField("It becomes")
    name = StringField("Name", filters=[squeeze], validators=[at_most(TITLE_LIMIT)])
    key = StringField("Key", filters=[squeeze], validators=[at_most(60)])
    with_ticks = BooleanField("Keep the ticks")


class MappingForm(Form):
    """Which column of a table is what: one choice for each thing that an item can say."""

    def mapping(self) -> dict[str, int]:
        """What was chosen."""
        chosen = {column.value: self[column.value].data for column in Column}
        return {name: number for name, number in chosen.items() if number != NOWHERE}


for one in Column:
    setattr(MappingForm, one.value, SelectField(one.label, coerce=int))


def mapping_form(header: Sequence[str], now: dict[Column, int] | None = None) -> MappingForm:
    """The form for a table with this header; `now` is what holds before anything is chosen."""
    data = None if now is None else {column.value: now.get(column, NOWHERE) for column in Column}
    # Under names of their own: the form beside it has a name and a key, too.
    more: dict[str, Any] = {} if now is None else {"formdata": None}
    form = MappingForm(data=data, prefix="column-", **more)
    names = [(number, name or f"column {number + 1}") for number, name in enumerate(header)]
    for column in Column:
        form[column.value].choices = options([(NOWHERE, "nothing"), *names])
    return form
