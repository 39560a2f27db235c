from wtforms import HiddenField, SelectField, StringField, TextAreaField

from app.domain.overrides import INCIDENT_LIMIT, TEXT_LIMIT, USUAL, OverrideWish, ReviewOutcome, time_words
from app.web.forms import Form, OneOfField, at_most, options, required, small_number, squeeze, text_of, trim

LENGTHS = (15, 30, 60, 120, 240, 480, 720, 1440)


class OpenForm(Form):
    reason = TextAreaField(
        "Why this cannot wait",
        filters=[trim],
        validators=[required("Say in a sentence why this cannot wait."), at_most(TEXT_LIMIT)],
    )
    incident = StringField(
        "Incident",
        filters=[squeeze],
        validators=[required("Name the incident, for example by its number or address."), at_most(INCIDENT_LIMIT)],
    )
    minutes = SelectField(
        "How long the gate is overridden",
        choices=options((minutes, time_words(minutes)) for minutes in LENGTHS),
        default=str(int(USUAL.total_seconds() // 60)),
    )

    def wish(self) -> OverrideWish:
        """What is to be opened."""
        return OverrideWish(text_of(self.reason), text_of(self.incident), small_number(text_of(self.minutes)))


class ConfirmForm(Form):
    # What stood in the way when the page was opened.
    seen = HiddenField()

    @property
    def digest(self) -> bytes:
        """What was seen; nothing for what is none."""
        try:
            return bytes.fromhex(text_of(self.seen))
        except ValueError:
            return b""


class EndForm(Form):
    end_reason = StringField(
        "Why", filters=[squeeze], validators=[required("Say why it is no longer needed."), at_most(TEXT_LIMIT)]
    )


class ReviewForm(Form):
    outcome = OneOfField(
        "Was it acceptable",
        choices=options(
            [
                (ReviewOutcome.ACCEPTABLE.value, "It was acceptable"),
                (ReviewOutcome.NOT_ACCEPTABLE.value, "It was not acceptable"),
            ]
        ),
    )
    text = TextAreaField(
        "What you found",
        filters=[trim],
        validators=[required("Say in a sentence what you found."), at_most(TEXT_LIMIT)],
    )
