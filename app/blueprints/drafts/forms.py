from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import HiddenInput

from app.domain.checklist import BelongsTo, Mode, Phase, Severity
from app.domain.permissions import Role
from app.domain.template_content import (
    BODY_LIMIT,
    DEPTH_LIMIT,
    TEXT_LIMIT,
    TITLE_LIMIT,
    DueAnchor,
    DueRule,
    GroupContent,
    ItemContent,
    ValueKind,
)
from app.web.forms import Form, at_most, options, required, squeeze, text_of, trim

FIRST_ASKED = [role for role in Role if role not in {Role.VIEWER, Role.AUDITOR, Role.ADMINISTRATOR}]
DAYS = 400


class TemplateForm(Form):
    """A new template."""

    name = StringField("Name", filters=[squeeze], validators=[required("Type a name."), at_most(TITLE_LIMIT)])
    key = StringField("Key", filters=[squeeze], validators=[required("Type a key."), at_most(60)])


class DraftForm(Form):
    """What a draft says about the whole template."""

    revision = IntegerField(widget=HiddenInput())
    name = StringField("Name", filters=[squeeze], validators=[required("Type a name."), at_most(TITLE_LIMIT)])
    description = TextAreaField("Description", filters=[trim], validators=[at_most(BODY_LIMIT)])


class GroupForm(Form):
    """A group of a draft."""

    revision = IntegerField(widget=HiddenInput(), validators=[Optional()])
    title = StringField("Title", filters=[squeeze], validators=[required("Type a title."), at_most(TITLE_LIMIT)])
    section = StringField("Section", filters=[squeeze], validators=[at_most(TITLE_LIMIT)])
    belongs_to = SelectField("Belongs to", choices=options((one.value, one.value) for one in BelongsTo))
    mode = SelectField("Worked through", choices=options((mode.value, mode.label) for mode in Mode))
    body = TextAreaField("Text above the items", filters=[trim], validators=[at_most(BODY_LIMIT)])
    applies_when = StringField("Applies when", filters=[squeeze], validators=[at_most(500)])

    def content(self) -> GroupContent:
        """What was typed."""
        return GroupContent(
            key="",
            title=text_of(self.title),
            section=text_of(self.section),
            belongs_to=BelongsTo(self.belongs_to.data),
            mode=Mode(self.mode.data),
            body=text_of(self.body),
            applies_when=text_of(self.applies_when),
        )


class ItemForm(Form):
    """An item of a draft."""

    revision = IntegerField(widget=HiddenInput(), validators=[Optional()])
    text = StringField("What is asked", filters=[squeeze], validators=[required("Type it."), at_most(TEXT_LIMIT)])
    guidance = StringField("Guidance", filters=[squeeze], validators=[at_most(500)])
    body = TextAreaField("Instructions", filters=[trim], validators=[at_most(BODY_LIMIT)])
    severity = SelectField("Severity", choices=options((one.value, one.value) for one in Severity), default="required")
    natural_role = SelectField("Who is asked first", choices=options((one.value, one.label) for one in FIRST_ASKED))
    phase = SelectField("Phase", choices=options((phase.value, phase.label) for phase in Phase), default="development")
    gate = StringField("Gate", filters=[squeeze], validators=[at_most(40)])
    depth = IntegerField(
        "Nested", default=0, validators=[NumberRange(0, DEPTH_LIMIT, f"Type a number from 0 to {DEPTH_LIMIT}.")]
    )
    value_prompt = StringField("Value asked for", filters=[squeeze], validators=[at_most(200)])
    value_kind = SelectField("Kind of value", choices=options([("", "none"), *((k.value, k.value) for k in ValueKind)]))
    value_unit = StringField("Unit", filters=[squeeze], validators=[at_most(40)])
    due_anchor = SelectField("Due", choices=options([("", "not by itself"), *((a.value, a.label) for a in DueAnchor)]))
    due_days = IntegerField(
        "Days after", validators=[Optional(), NumberRange(-DAYS, DAYS, f"Type a number from -{DAYS} to {DAYS}.")]
    )
    due_weekdays_only = BooleanField("Only on weekdays")
    origin = StringField("Why is this here", filters=[squeeze], validators=[at_most(500)])
    origin_link = StringField("Link to where it comes from", filters=[squeeze], validators=[at_most(500)])
    applies_when = StringField("Applies when", filters=[squeeze], validators=[at_most(500)])
    fact = StringField("Twins", filters=[squeeze], validators=[at_most(80)])

    def content(self) -> ItemContent:
        """What was typed."""
        anchor = self.due_anchor.data
        due = DueRule(DueAnchor(anchor), self.due_days.data or 0, bool(self.due_weekdays_only.data)) if anchor else None
        return ItemContent(
            key="",
            text=text_of(self.text),
            depth=self.depth.data or 0,
            body=text_of(self.body),
            guidance=text_of(self.guidance),
            phase=Phase(self.phase.data),
            gate=text_of(self.gate),
            severity=Severity(self.severity.data),
            natural_role=Role(self.natural_role.data),
            value_prompt=text_of(self.value_prompt),
            value_kind=ValueKind(self.value_kind.data) if self.value_kind.data else None,
            value_unit=text_of(self.value_unit),
            due=due,
            origin=text_of(self.origin),
            origin_link=text_of(self.origin_link),
            applies_when=text_of(self.applies_when),
            fact=text_of(self.fact),
        )


class SplitForm(Form):
    """One item that becomes two."""

    revision = IntegerField(widget=HiddenInput())
    first = StringField("The first", filters=[squeeze], validators=[required("Type it."), at_most(TEXT_LIMIT)])
    second = StringField("The second", filters=[squeeze], validators=[required("Type it."), at_most(TEXT_LIMIT)])


class MoveForm(Form):
    """Where an item goes."""

    revision = IntegerField(widget=HiddenInput())
    group_id = SelectField("Group", coerce=int)


class PublishForm(Form):
    """The sentence that a version is published with."""

    seen = StringField(widget=HiddenInput())
    note = StringField("What is new", filters=[squeeze], validators=[required("Say what is new."), at_most(500)])
