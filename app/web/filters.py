"""Template filters, and the rule that an undefined name is an error."""

from datetime import UTC, date, datetime

from flask import Flask
from flask_login import current_user
from jinja2 import StrictUndefined
from markupsafe import Markup

from app.domain.applicability import rules_in_words
from app.domain.evidence import size_words
from app.domain.gate_words import STATE_WORDS, asked_words, cause_words
from app.domain.overrides import time_words
from app.domain.template_content import DueRule
from app.web.deployment_signs import SIGNS
from app.web.inline_words import set_words, set_words_with_links
from app.web.markdown_html import render_markdown
from app.web.origin import new_key

MINUTE, HOUR, DAY = 60, 3600, 86400


def init_app(app: Flask) -> None:
    """Bind the filters."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        moment=moment,
        clock=clock,
        day=day,
        ago=ago,
        absolute=absolute,
        utc=utc,
        weekday=weekday,
        appointed=appointed,
        span=span,
        time_of_day=time_of_day,
        how_long=how_long,
        words=set_words,
        words_with_links=set_words_with_links,
        due_words=due_words,
        file_size=size_words,
        rule_words=rule_words,
        minutes_words=time_words,
        gate_word=STATE_WORDS.__getitem__,
        deployment_sign=SIGNS.__getitem__,
        asked_words=asked_words,
        cause_words=cause_words,
        markdown=render_markdown,
    )
    app.jinja_env.globals.update(new_key=new_key, product_version=app.config["PRODUCT_VERSION"])


def moment(value: datetime) -> Markup:
    """A moment in relative words, with the absolute one and its zone on hover and focus."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value.astimezone(UTC).isoformat(), absolute(value), ago(value)
    )


def absolute(value: datetime) -> str:
    """A moment with date, time and zone, as the reader counts."""
    local = _local(value)
    return f"{local.day} {local:%B %Y, %H:%M:%S %Z}"


def utc(value: datetime) -> str:
    """A moment in UTC, as it stands beside a sign-off."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def clock(value: datetime) -> str:
    """The time of day; with the day when it is not today."""
    local = _local(value)
    if local.date() == _local(datetime.now(UTC)).date():
        return f"{local:%H:%M}"
    return f"{local.day} {local:%B, %H:%M}"


def day(value: date | datetime) -> str:
    """A day in words."""
    local = _local(value) if isinstance(value, datetime) else value
    return f"{local.day} {local:%B %Y}"


def weekday(value: date) -> str:
    """A day as one says it within a week; with the year when it is another one."""
    year = "" if value.year == _local(datetime.now(UTC)).year else f" {value.year}"
    return f"{value:%A}, {value.day} {value:%B}{year}"


def appointed(value: datetime) -> str:
    """A moment as people agree on one: the day of the week, the time and the zone; with the year when it is another."""
    local = _local(value)
    year = "" if local.year == _local(datetime.now(UTC)).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%B}{year}, {local:%H:%M %Z}"


def span(value: datetime, until: datetime) -> str:
    """From when to when, the day said once: “Tue 24 November, 22:00 to 23:30 CET”."""
    local, end = _local(value), _local(until)
    if local.date() != end.date() or local.tzname() != end.tzname():
        return f"{appointed(value)} to {appointed(until)}"
    return f"{appointed(value).removesuffix(f' {local:%Z}')} to {end:%H:%M %Z}"


def time_of_day(value: datetime) -> str:
    """The time on the reader's clock, where the day stands beside it."""
    return f"{_local(value):%H:%M}"


def ago(value: datetime) -> str:
    """How long ago, in one unit."""
    seconds = (datetime.now(UTC) - value).total_seconds()
    if seconds < MINUTE:
        return "just now"
    for limit, unit, word in ((HOUR, MINUTE, "min"), (DAY, HOUR, "h"), (60 * DAY, DAY, "d")):
        if seconds < limit:
            return f"{int(seconds // unit)} {word} ago"
    return day(value)


def how_long(value: datetime) -> str:
    """How long something has stood so: "for 2 h", "since 3 August 2026"."""
    told = ago(value)
    return f"for {told.removesuffix(' ago')}" if told.endswith(" ago") else f"since {told}"


def due_words(rule: DueRule) -> str:
    """A due rule in words: “3 days before the planned day of the release, only on weekdays”."""
    days = abs(rule.days)
    when = f"{days} {'day' if days == 1 else 'days'} {'before' if rule.days < 0 else 'after'} " if days else "on "
    return f"{when}{rule.anchor.label}{', only on weekdays' if rule.weekdays_only else ''}"


def rule_words(text: str) -> str:
    """When something applies, in words."""
    return rules_in_words([text])


def _local(value: datetime) -> datetime:
    return value.astimezone(current_user.zone if current_user and current_user.is_authenticated else UTC)
