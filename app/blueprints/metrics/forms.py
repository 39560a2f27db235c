from typing import Any

from wtforms import SelectField, StringField
from wtforms.validators import Optional

from app.domain.errors import InvalidInput
from app.domain.figures import LINK_LIMIT, REASON_LIMIT, SOURCE_LIMIT, FigureFacts, FigureKind, read_value
from app.domain.periods import USUAL, WINDOWS
from app.web.forms import AddressForm, DayField, Form, MaybeNumberField, at_most, options, required, squeeze, text_of

PERIODS = [(name, f"the last {days} days") for name, days in WINDOWS.items()]


class ScopeForm(AddressForm):
    """For when and for which modules."""

    window = SelectField("Period", choices=options(PERIODS), default=USUAL)
    since = DayField("From", name="from", validators=[Optional()])
    until = DayField("To", name="to", validators=[Optional()])
    module = SelectField("Module", validators=[Optional()])
    team = SelectField("Team", validators=[Optional()])


class FigureForm(Form):
    module = SelectField("Module")
    kind = SelectField("What was measured")
    value = StringField("Value", filters=[squeeze], validators=[required("Write the number."), at_most(20)])
    answers = MaybeNumberField("How many answered")
    starts_on = DayField("First day", validators=[Optional()])
    measured_on = DayField("Day, or last day", validators=[required("Say for which day it holds.")])
    release = SelectField("Release", validators=[Optional()])
    source = StringField(
        "Where the number comes from",
        filters=[squeeze],
        validators=[required("Say where the number comes from, so that somebody can look."), at_most(SOURCE_LIMIT)],
    )
    link = StringField("Link", filters=[squeeze], validators=[at_most(LINK_LIMIT)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = options((one.value, f"{one.label}, {UNITS[one]}") for one in FigureKind)

    def facts(self) -> FigureFacts:
        """What was typed. InvalidInput for what is no number."""
        if self.measured_on.data is None:
            raise InvalidInput(measured_on="Say for which day it holds.")
        return FigureFacts(
            FigureKind(text_of(self.kind)),
            read_value(text_of(self.value)),
            self.measured_on.data,
            text_of(self.source),
            starts_on=self.starts_on.data,
            answers=self.answers.number,
            release_key=text_of(self.release),
            link=text_of(self.link),
        )


UNITS: dict[FigureKind, str] = {
    FigureKind.TEST_COVERAGE: "% of lines",
    FigureKind.CODE_QUALITY: "findings per 1,000 lines",
    FigureKind.RESPONSE_MEDIAN: "ms",
    FigureKind.RESPONSE_SLOW: "ms",
    FigureKind.UPTIME: "% of the time from the first day to the last",
    FigureKind.SATISFACTION: "from 1 to 5",
}


class StrikeForm(Form):
    reason = StringField(
        "What is wrong with it", filters=[squeeze], validators=[required("Say what is wrong."), at_most(REASON_LIMIT)]
    )
