"""Incidents in the made-up company: one closed with its cause, one escalated to the team, one small."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.database import server_now
from app.demo import cast
from app.demo.cast import Player
from app.demo.signing import Signing
from app.domain.checklist import BelongsTo, ItemState
from app.domain.evidence import Limits
from app.domain.gates import Decision
from app.domain.incidents import IncidentSeverity, RootCause
from app.domain.permissions import Role
from app.models.base import pretending, utc_now
from app.queries.checklists import get_occasion_checklist
from app.queries.gates import list_gates
from app.queries.incidents import get_incident
from app.queries.rows import list_rows
from app.queries.standing import standing_of
from app.services.escalation import finish_step, look_at_similar, pass_over_step, start_step
from app.services.incident_ends import close_incident, explain, resolve, set_recovered
from app.services.incident_links import LinkKeys
from app.services.incidents import Report, give_incident, report_incident
from app.services.item_states import set_state
from app.services.signoffs import Wish, sign

if TYPE_CHECKING:
    from app.demo.story import Company

MODULE = "inventory-transfer"
LIMITS = Limits(per_item=50, release_bytes=100_000_000)
DEADLOCK = Report(
    IncidentSeverity.MAJOR,
    "Transfers stop with a deadlock when two clerks book at once",
    "Clerks in two warehouses book transfers of the same item at the same time. One of them waits for a minute and then"
    " sees an error page; the transfer is not booked and has to be typed again.",
    None,
    server_version="MariaDB 10.11.6",
    steps="Open a transfer of one item in two warehouses\nConfirm both within a second\nLook at the second one",
    expected="Both transfers are booked, one after the other.",
    actual="The second one ends with an error page and is lost.",
    error_messages="ERROR 1213 (40001): Deadlock found when trying to get lock; try restarting transaction",
    log="22:04:11 booking transfer 88121\n22:04:12 connect user=transfer password=[masked] host=db-2\n"
    "22:05:02 ERROR 1213 (40001): Deadlock found when trying to get lock",
)
SLOW = Report(
    IncidentSeverity.CRITICAL,
    "Booking a transfer waits for a lock until it fails",
    "Since the change of this morning every transfer with more than twenty lines waits for a lock and fails after fifty"
    " seconds. Nobody in the three large warehouses can book anything, and lorries wait at the ramp.",
    None,
    server_version="MariaDB 10.11.6",
    steps="Open a transfer with more than twenty lines\nConfirm it\nWait for fifty seconds",
    expected="It is booked within two seconds.",
    actual="It fails after fifty seconds.",
    error_messages="ERROR 1205 (HY000): Lock wait timeout exceeded; try restarting transaction",
)
LABELS = Report(
    IncidentSeverity.MINOR,
    "Labels of returned goods are printed without their bin",
    "Labels of goods that come back have an empty line where the bin should be; people write it on by hand.",
    None,
    is_without_error=True,
)
WHY = (
    "The release dropped an index that the foreign key of the transfer lines needed for its lock, so that each booking "
    "locked the whole table; the review compared the columns of both plans, and nobody compared the indexes."
)
DONE = "The index is back since the hotfix, and the pipeline compares the indexes of both plans before each release."


class Trouble:
    """What went wrong, and how far it got."""

    def __init__(self, company: "Company", shipped: str) -> None:
        self.company = company
        self.shipped = shipped

    def play(self) -> None:
        """Tell all three."""
        closed = self._closed()
        self._escalated(closed)
        with pretending(utc_now() - timedelta(days=2, hours=3)):
            self._report(cast.TESTER, "barcode-labels", LABELS, since=timedelta(hours=5))

    def _report(self, player: Player, module: str, report: Report, *, since: timedelta, key: str = "") -> int:
        """Report something that began a while before."""
        said = {name: getattr(report, name) for name in Report.__dataclass_fields__}
        links = LinkKeys(key, "production" if key else "")
        told = Report(**said | {"began_at": utc_now() - since, "links": links})
        origin = self.company.origin(player)
        return report_incident(origin, module, told, limits=LIMITS, today=utc_now().date()).incident_id

    def _closed(self) -> int:
        """After the shipped release: found, explained, mended, signed and closed."""
        at = self.company.moment(27)
        with pretending(at):
            number = self._report(cast.TESTER, MODULE, DEADLOCK, since=timedelta(minutes=25), key=self.shipped)
        with pretending(at + timedelta(minutes=20)):
            give_incident(self.company.origin(cast.DEVELOPERS[1]), number, self.company.ids[cast.DEVELOPERS[1]])
            start_step(self.company.origin(cast.DEVELOPERS[1]), number, 1)
        with pretending(at + timedelta(minutes=29)):
            outcome = "The guide says nothing of locks."
            finish_step(self.company.origin(cast.DEVELOPERS[1]), number, 1, outcome=outcome, has_helped=False)
            pass_over_step(self.company.origin(cast.DEVELOPERS[1]), number, 2, reason="There is no earlier one.")
            start_step(self.company.origin(cast.DEVELOPERS[1]), number, 3)
        with pretending(at + timedelta(minutes=41)):
            outcome = "22:05:02 ERROR 1213 Deadlock found; both hold a lock on transfer_lines."
            finish_step(self.company.origin(cast.DEVELOPERS[1]), number, 3, outcome=outcome, has_helped=True)
        self._mend(number, at + timedelta(minutes=95))
        return number

    def _mend(self, number: int, at: datetime) -> None:
        worker = cast.DEVELOPERS[1]
        with pretending(at):
            set_recovered(self.company.origin(worker), number, recovered_at=at)
        with pretending(at + timedelta(hours=20)):
            row = get_incident(number, self.company.origin(worker).actor)
            category = RootCause.SCHEMA
            explain(self.company.origin(worker), number, revision=row.revision, cause=WHY, category=category)
            for item in list_rows(row.checklist_id):
                if item.key in {"fix.implemented", "fix.tests-added", "fix.docs-updated"}:
                    link = f"https://git.example.org/warehouse/{MODULE}/merge-requests/251"
                    value = link if item.value_kind == "link" else None
                    origin = self.company.origin(worker)
                    set_state(origin, item.id, revision=item.revision, state=ItemState.DONE, value=value)
            resolve(self.company.origin(worker), number, resolution=DONE)
        self._close(number, at + timedelta(hours=22))

    def _close(self, number: int, at: datetime) -> None:
        lead = cast.RELEASE_LEAD
        checklist = get_occasion_checklist(BelongsTo.INCIDENT, number, self.company.origin(lead).actor)
        with pretending(at):
            gate = list_gates(checklist.id)[0]
            content = standing_of(gate, server_now()).content
            browser = Signing(self.company, self.shipped, [], days_ago=0).signed_in(lead)
            sign(browser, gate.id, Wish(Role.TEAM_LEAD, Decision.APPROVE, content.digest))
        with pretending(at + timedelta(minutes=4)):
            close_incident(self.company.origin(cast.DEVELOPERS[1]), number)

    def _escalated(self, earlier: int) -> None:
        """Since this morning: the team is called, and has not answered yet."""
        at = utc_now() - timedelta(minutes=52)
        with pretending(at):
            number = self._report(cast.OPS, MODULE, SLOW, since=timedelta(minutes=18), key=self.shipped)
            give_incident(self.company.origin(cast.OPS), number, self.company.ids[cast.OPS])
            start_step(self.company.origin(cast.OPS), number, 1)
        with pretending(at + timedelta(minutes=6)):
            outcome = "The rollback plan knows no lock of this kind."
            finish_step(self.company.origin(cast.OPS), number, 1, outcome=outcome, has_helped=False)
            start_step(self.company.origin(cast.OPS), number, 2)
            look_at_similar(self.company.origin(cast.OPS), number, earlier)
        with pretending(at + timedelta(minutes=14)):
            outcome = "The deadlock of last month was the missing index; this time it is there."
            finish_step(self.company.origin(cast.OPS), number, 2, outcome=outcome, has_helped=False)
            pass_over_step(
                self.company.origin(cast.OPS), number, 3, reason="The log of db-2 is full and was rotated away."
            )
        with pretending(at + timedelta(minutes=19)):
            text = "Every large transfer fails. Who changed the order of the locks this morning?"
            start_step(self.company.origin(cast.OPS), number, 4, callee="development", text=text)
