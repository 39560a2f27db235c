from datetime import time
from typing import Any

from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import HiddenInput

from app.domain.permissions import Role
from app.domain.recurrence import MONTHS, PLACES, WEEKDAYS, Period, Schedule
from app.domain.time_zones import TIME_ZONES
from app.services.duties import REASON_LIMIT, DutyWish, Place, owner_roles
from app.services.duty_records import NOTE_LIMIT, VALUE_LIMIT
from app.web.forms import Form, WholeNumberField, at_most, optional_number, options, required, squeeze, text_of, trim

TITLE_LIMIT, GUIDANCE_LIMIT, NAME_LIMIT = 200, 500, 120


class ClockField(TimeField):
    """A time of day; what is none is said in our words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Write a time of day, for example 17:00.") from None


class DutyForm(Form):
    revision = IntegerField(widget=HiddenInput(), validators=[Optional()])
    title = StringField("What is to be done", filters=[squeeze], validators=[required("Say it."), at_most(TITLE_LIMIT)])
    guidance = TextAreaField("How, and which value is wanted", filters=[trim], validators=[at_most(GUIDANCE_LIMIT)])
    place = SelectField("For", validators=[Optional()])
    owner_role = SelectField("Who is asked first", choices=options((role.value, role.label) for role in owner_roles()))
    period = SelectField("How often", choices=options((one.value, one.label) for one in Period))
    weekday = SelectField("Day of the week", coerce=int, choices=options(enumerate(WEEKDAYS)))
    day = WholeNumberField("Day of the month")
    quarter_month = SelectField("Month of the quarter", coerce=int, choices=options(enumerate(PLACES, start=1)))
    month = SelectField("Month of the year", coerce=int, choices=options(enumerate(MONTHS, start=1)))
    at = ClockField("Time of day", validators=[InputRequired("Say until when.")])
    time_zone = SelectField("Time zone", choices=options((zone, zone) for zone in sorted(TIME_ZONES)))
    weekdays_only = BooleanField("Only on weekdays")
    grace_days = WholeNumberField("Days of grace")
    grace_hours = WholeNumberField("Hours of grace")

    def wish(self) -> DutyWish:
        """What was typed; of the days only the one that the period asks for."""
        return DutyWish(text_of(self.title), text_of(self.guidance), Role(self.owner_role.data), self._schedule())

    def _schedule(self) -> Schedule:
        period = Period(self.period.data)
        has_day = period in {Period.MONTHLY, Period.QUARTERLY, Period.ANNUALLY}
        months = {Period.QUARTERLY: self.quarter_month.data, Period.ANNUALLY: self.month.data}
        return Schedule(
            period,
            self.at.data or time(17),
            self.time_zone.data,
            weekday=self.weekday.data if period is Period.WEEKLY else 0,
            day=_number(self.day) if has_day else 1,
            month=months.get(period, 1),
            weekdays_only=bool(self.weekdays_only.data),
            grace_days=_number(self.grace_days),
            grace_hours=_number(self.grace_hours),
        )


def _number(field: WholeNumberField) -> int:
    return field.data if isinstance(field.data, int) else 0


def typed_of(title: str, guidance: str, role: Role, schedule: Schedule) -> dict[str, Any]:
    """A duty as the fields of the form hold it."""
    is_quarterly = schedule.period is Period.QUARTERLY
    return {
        "title": title,
        "guidance": guidance,
        "owner_role": role.value,
        "period": schedule.period.value,
        "weekday": schedule.weekday,
        "day": schedule.day,
        "at": schedule.at,
        "time_zone": schedule.time_zone,
        "quarter_month": schedule.month if is_quarterly else 1,
        "month": 1 if is_quarterly else schedule.month,
        "weekdays_only": schedule.weekdays_only,
        "grace_days": schedule.grace_days,
        "grace_hours": schedule.grace_hours,
    }


def place_of(choice: str | None) -> Place:
    """What was chosen under “For”."""
    module, _, target = (choice or "").partition(":")
    return Place(optional_number(module), optional_number(target))


class StartForm(Form):
    place = SelectField("For", validators=[Optional()])


class TickForm(Form):
    # The period that the page showed.
    on = DateField(widget=HiddenInput(), validators=[Optional()])
    value = StringField("Value", filters=[squeeze], validators=[at_most(VALUE_LIMIT)])
    note = TextAreaField("Note", filters=[trim], validators=[at_most(NOTE_LIMIT)])


class ReasonForm(Form):
    reason = StringField("Why", filters=[squeeze], validators=[at_most(REASON_LIMIT)])


class FeedForm(Form):
    name = StringField(
        "What it is for", filters=[squeeze], validators=[required("Say which program reads it."), at_most(NAME_LIMIT)]
    )
