"""Many events by SQL alone, so that the history is long before anything is measured."""

from contextlib import closing
from typing import Any

from bench.fleet import connect

DIGITS = "(" + " UNION ALL ".join(f"SELECT {n} AS n" for n in range(10)) + ")"
PART = 10_000
# A body as long as a real one; nobody verifies these.
BODY = '{"op":"item.state_changed","before":{"state":"todo"},"after":{"state":"done"}}'.ljust(850)


def add_events(settings: dict[str, Any], count: int, *, people: list[int], items: list[int]) -> None:
    """Put old events into a stream of their own, in parts."""
    numbers = f"SELECT a.n + 10*b.n + 100*c.n + 1000*d.n AS n FROM {DIGITS} a, {DIGITS} b, {DIGITS} c, {DIGITS} d"
    with closing(connect(settings)) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO streams (kind, subject_id, version, sequence) VALUES ('bench', %s, 0, 0)", (count,))
        stream = cursor.lastrowid
        for first in range(0, count, PART):
            cursor.execute(
                "INSERT INTO audit_events (id, stream_id, stream_sequence, occurred_at, actor_id, actor_name_id,"
                " actor_role, action, object_kind, object_id, object_label, fact, module_id, release_id, old_value,"
                " new_value, reason, request_id, body, leaf)"
                " SELECT UNHEX(CONCAT(LPAD(HEX(%(stream)s), 8, '0'), LPAD(HEX(n + %(first)s), 24, '0'))),"
                " %(stream)s, n + %(first)s + 1, '2026-01-01' + INTERVAL (n + %(first)s) SECOND, %(person)s, NULL,"
                " 'developer', 'item.state_changed', 'item', %(item)s + n MOD %(items)s,"
                " CONCAT('Check number ', n, ': the plan, its \"copy\" and notes are there'), 'state', 1, 1,"
                " 'to do', 'done', IF(n MOD 5 = 0, CONCAT('see \"build ', n, '\", fine'), ''),"
                " SHA1(n), %(body)s, UNHEX(SHA2(n, 256))"
                f" FROM ({numbers}) numbers WHERE n < %(part)s",
                {
                    "stream": stream,
                    "first": first,
                    "part": min(PART, count - first),
                    "person": people[0],
                    "item": items[0],
                    "items": len(items),
                    "body": BODY,
                },
            )
            connection.commit()
