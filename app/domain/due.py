"""When an item is due: so many days after an event, on request moved to a weekday."""

from datetime import date, timedelta

from app.domain.template_content import DueAnchor, DueRule

SATURDAY = 5


def due_date(rule: DueRule, checklist_created: date, release_planned: date | None) -> date | None:
    """The day on which something is due; None while the event has no day, or it would be beyond any calendar."""
    event = checklist_created if rule.anchor is DueAnchor.CHECKLIST_CREATED else release_planned
    if event is None:
        return None
    try:
        day = event + timedelta(days=rule.days)
        return _weekday(day, is_before=rule.days < 0) if rule.weekdays_only else day
    except OverflowError:
        return None


def _weekday(day: date, *, is_before: bool) -> date:
    """The same day; of a weekend the Friday before it when it must be before something, else the Monday after."""
    past_friday = day.weekday() - SATURDAY + 1
    if past_friday <= 0:
        return day
    return day - timedelta(days=past_friday) if is_before else day + timedelta(days=3 - past_friday)
