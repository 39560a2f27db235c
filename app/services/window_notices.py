"""Telling people of the hours after a deployment: a reminder before a window ends, and once that it was missed."""

from sqlalchemy import insert

from app.database import server_now
from app.domain.audit import AuditAction, moment_text
from app.domain.deployments import local_moment
from app.domain.mails import Letter, Line, MailKind
from app.domain.windows import NoticeKind, notice_due
from app.extensions import mailing
from app.models import WindowNotice
from app.models.base import table_of
from app.queries.deployment_facts import DeploymentRow, read_deployment
from app.queries.deployment_windows import WindowRow, find_window, list_notices, list_to_tell_of
from app.services.change import About, Change
from app.services.deployment_plans import about_deployment
from app.services.mailing import put_mail
from app.services.write_path import write_path

_TELL = insert(table_of(WindowNotice))


@write_path
def tell_of_window(change: Change, window_id: int) -> bool:
    """Say what there is to say of a window now, each thing once; False where there is nothing.

    That it was missed stands in the history with the moment at which it was found: never with an earlier one.
    """
    window = find_window(window_id)
    if window is None or _due(window) is None:
        return False
    stream = change.find_stream("deployment", window.deployment_id)
    change.take(stream)
    window = find_window(window_id)
    kind = _due(window) if window is not None else None
    if window is None or kind is None:
        return False
    row, told = read_deployment(window.deployment_id), list_to_tell_of(window.deployment_id)
    change.session.execute(_TELL, {"window_id": window_id, "kind": kind, "made_at": change.at})
    put_mail(change, told, _letter(row, window, kind))
    _record(change, stream, about_deployment(row), window, kind, told=told)
    return True


def _due(window: WindowRow) -> NoticeKind | None:
    kind = notice_due(window.window, window.done_at, server_now(), list_notices(window.id), gone_at=window.gone_at)
    # Who gets no mail is not reminded; that something was missed is a fact either way.
    return None if kind is NoticeKind.REMINDER and mailing.route is None else kind


def _record(change: Change, stream: int, about: About, window: WindowRow, kind: NoticeKind, *, told: list[int]) -> None:
    people = " and ".join(f"person {number}" for number in told)
    change.record(
        AuditAction.WINDOW_MISSED if kind is NoticeKind.MISSED else AuditAction.WINDOW_REMINDED,
        about,
        stream=stream,
        fact=window.title.lower(),
        new=f"{window.left} of {window.total} left" if kind is NoticeKind.MISSED else people,
        after={
            "window": window.window.group_key,
            "due_at": moment_text(window.window.due_at),
            "grace_ends_at": moment_text(window.window.grace_ends_at),
            "left": window.left,
            "told": told,
        },
    )


def _letter(row: DeploymentRow, window: WindowRow, kind: NoticeKind) -> Letter:
    due = local_moment(window.window.due_at, row.time_zone)
    title, what = window.title.lower(), f"{row.module_name} in {row.release_name}, {row.environment_name}"
    left = f"{window.left} of its {window.total} checks {'is' if window.left == 1 else 'are'} left"
    if kind is NoticeKind.REMINDER:
        subject, sentence = f"Due {due}: {title} of {what}", f"The {title} after the deployment is due {due}. {left}."
    else:
        subject, sentence = f"Missed: {title} of {what}", f"The {title} after the deployment was due {due}. {left}."
    return Letter(
        MailKind.NOTICE,
        f"window:{window.id}:{kind.value}",
        subject,
        (
            sentence,
            Line("The checks:", window.path),
            "Who started it, who said go and the lead of the module get this, once before the end and once if missed.",
        ),
    )
