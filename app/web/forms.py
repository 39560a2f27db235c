"""What all forms share."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from flask import request
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict, ImmutableMultiDict
from wtforms import DateField, DateTimeLocalField, Field, FileField, RadioField, StringField
from wtforms import Form as WTForm
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError
from wtforms.widgets import PasswordInput, TextInput

from app.domain.errors import InvalidInput
from app.web.form_words import WordsMeta


def squeeze(text: Any) -> Any:
    """One line of text: no space around it, no control characters inside."""
    if not isinstance(text, str):
        return text
    return "".join(character if character.isprintable() else " " for character in text).strip()


def trim(text: Any) -> Any:
    """Several lines of text: no space around it, line ends of one kind, no other control characters."""
    if not isinstance(text, str):
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(character for character in lines if character.isprintable() or character in "\n\t").strip()


def required(sentence: str) -> DataRequired:
    """The field has to be filled in; the sentence says with what."""
    return DataRequired(sentence)


def at_most(number: int) -> Length:
    """A limit on the length, in words. The browser is not told: it would cut what is pasted without a word."""
    limit = Length(max=number, message=f"Use at most {number} characters.")
    limit.field_flags = {}
    return limit


class DayField(DateField):
    """A day; what is none is said in our words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a day as it was sent."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Write a day as year, month, day, for example 2026-11-28.") from None


class WholeNumberField(Field):
    """A number without a sign; what is none is said in our words."""

    widget = TextInput()
    LARGEST = 2**53 - 1  # no larger one can stand in what is hashed

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read digits; spaces and commas between them are how people write large numbers."""
        self.data: int | str
        text = "".join(valuelist).translate({ord(sign): None for sign in " ,_\u202f\u00a0"})
        self.data = "".join(valuelist)
        if optional_number(text) is None or int(text) > self.LARGEST:
            raise ValueError("Write a number, for example 12.")
        self.data = int(text)


class MaybeNumberField(WholeNumberField):
    """A number without a sign, or nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read digits; nothing typed is nothing."""
        if any(text.strip() for text in valuelist):
            super().process_formdata(valuelist)
        else:
            self.data = None  # type: ignore[assignment]  # the field above always holds one

    @property
    def number(self) -> int | None:
        """What was typed, once it was found to be a number."""
        return self.data if isinstance(self.data, int) else None


# Of what happens to releases; a typed year outside of these is a slip.
YEARS = range(1990, 2101)


class MomentField(DateTimeLocalField):
    """A day and a time; what is none is said in our words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a moment as it was sent."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Write a day and a time, for example 2026-11-28 14:05.") from None
        if self.data is not None and self.data.year not in YEARS:
            # A moment at the edge of the calendar has no hour in some other time zone.
            raise ValueError(f"Write a year between {YEARS[0]} and {YEARS[-1]}.")


class OneOfField(RadioField):
    """One of several, each with a round button; what is not among them is refused in our words."""

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002 - as the library calls it
        """Refuse what was not offered."""
        if self.data not in {str(one[0]) for one in self.iter_choices()}:
            raise ValidationError("Choose one.")


class PasswordField(StringField):
    """A password: never filtered, never shown again."""

    widget = PasswordInput(hide_value=True)


def password_required(sentence: str) -> InputRequired:
    """The password has to be there; spaces count."""
    return InputRequired(sentence)


def optional_number(value: str | int | None) -> int | None:
    """A number out of a choice; None for the choice that stands for none."""
    text = "" if value is None else str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def chosen_number(value: str | int | None) -> int | None:
    """A number out of a choice, as its coercion: None for none, and 0, which nothing has, for what is no number."""
    return None if value in {None, "", "None"} else small_number(str(value))


def small_number(text: str) -> int:
    """A number out of an address or a form; 0 for what is none, which nothing has."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def pair_of_numbers(text: str) -> tuple[int, int]:
    """Something chosen: its number and the revision it was shown with, as `12.3`."""
    number, _, revision = text.partition(".")
    return small_number(number), small_number(revision)


def bytes_at_most(number: int) -> Callable[[BaseForm, Field], None]:
    """A limit on what a column holds: a sign outside the Latin alphabet takes two to four bytes of it."""

    def check(_form: BaseForm, field: Field) -> None:
        if len(text_of(field).encode()) > number:
            raise ValidationError(f"It is too long: at most {number:,} bytes are kept, and some signs take four.")

    return check


def utc_of(local: datetime | None) -> datetime | None:
    """A time as the reader typed it, in their zone."""
    try:
        return local.replace(tzinfo=current_user.zone).astimezone(UTC) if local else None
    except OverflowError:  # the last hours that a calendar knows
        return None


def options(pairs: Iterable[tuple[object, str]]) -> list[SelectChoice]:
    """Values with their words, as a select or radio field wants them."""
    return [SelectChoice(str(value), label) for value, label in pairs]


def refused_by(rule: Callable[..., object], *facts: object) -> None:
    """Ask a rule while a form is validated, so that its refusal is said together with all others."""
    try:
        rule(*facts)
    except InvalidInput as refusal:
        raise ValidationError(refusal.sentence) from refusal


def note_refusal(field: Field, rule: Callable[..., object], *facts: object) -> None:
    """Ask a rule about a field of a form that cannot be taken anyway, and add what it refuses."""
    try:
        rule(*facts)
    except InvalidInput as refusal:
        field.errors = [*field.errors, refusal.sentence]


def text_of(field: Field) -> str:
    """What was typed, never None."""
    return field.data or ""


class AddressForm(WTForm):
    """What stands in the address: it changes nothing and needs no token."""

    class Meta(WordsMeta):
        """How it speaks."""


class RowForm(WTForm):
    """The form of one row. Its token is checked by the guard over all requests; it draws none of its own."""

    class Meta(WordsMeta):
        """How it speaks."""

    def __init__(self) -> None:
        super().__init__(request.form)


class Form(FlaskForm):  # type: ignore[misc]  # the library has no types
    """A form of ours. Files sent where text is asked for, and JSON, are nothing typed."""

    # Whether a rule asked before it lets something be done: set where refusals are shown in a form.
    asks_first = False

    class Meta(WordsMeta, FlaskForm.Meta):  # type: ignore[misc]  # as above
        """How what was sent is read."""

        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """Give files to the fields that ask for files, and to no others."""
            if formdata is None or not form.is_submitted():
                return None
            asking = {name for name, field in form._fields.items() if isinstance(field, FileField)}
            files = [(name, one) for name, one in request.files.items(multi=True) if name in asking]
            return CombinedMultiDict((ImmutableMultiDict(files), request.form)) if files else request.form
