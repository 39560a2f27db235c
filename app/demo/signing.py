"""Sign-offs in the made-up company: given by people who stand behind nothing, one rejected, one ended by a change."""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from app.database import server_now
from app.demo import cast
from app.demo.cast import Player
from app.domain.actors import Origin
from app.domain.evidence import EvidenceFacts
from app.domain.gates import Decision, GateKind
from app.domain.permissions import Role
from app.models.base import pretending, utc_now
from app.queries.checklists import get_module_checklist, get_release_checklist
from app.queries.gates import GateRow, list_gates
from app.queries.people import find_signed_in
from app.queries.standing import standing_of
from app.services.delegations import DelegationFacts, answer_delegation, delegate
from app.services.evidence import add_evidence
from app.services.gate_records import BackupFacts, add_backup, add_rehearsal, write_rollback_plan
from app.services.secret import token_digest
from app.services.sessions import Browser, sign_in
from app.services.signoffs import Wish, sign
from app.web.uploads import evidence_limits

if TYPE_CHECKING:
    from app.demo.story import Company

PLAN = """It goes back as it was rehearsed: workers first, then the schema, then the rows.

## Stop application

```sh
systemctl stop "warehouse-worker@*"
warehouse-jobs --running  # none, before you go on
```

## Run rollback migration

```sh
flask db downgrade -1  # stop when a statement takes longer than two minutes
```

## Verify data integrity

```sh
mysql warehouse < checks/counts.sql | diff - counts-before.txt
```

## Restart application

```sh
systemctl start "warehouse-worker@1" && warehouse-jobs --last 10
```
"""
WHY_NOT = "The migration note says 40 minutes, the rehearsal took two hours. Find out which is right."
CHANGED_LATER = "Measured again after the index was changed."


class Signing:
    """The days in which a release is signed."""

    def __init__(self, company: "Company", release_key: str, modules: list[str], *, days_ago: int) -> None:
        self.company = company
        self.release_key = release_key
        self.modules = modules
        # One thing after the other, within an hour.
        begun = datetime.combine(company.today - timedelta(days=days_ago), time(15), UTC)
        self.at = min(begun, datetime.now(UTC) - timedelta(minutes=56))

    def play_shipped(self) -> None:
        """Everybody signs that everything is ready, and that the release goes."""
        for module in self.modules:
            self._sign_ready(module)
        gate = self.gate(self._own_checklist(), GateKind.RELEASE)
        self._sign(cast.RELEASE_LEAD, gate, Role.TEAM_LEAD)
        self._sign(cast.OPS_LEAD, gate, Role.OPS)

    def play_busy(self) -> str | None:
        """Of what is ready some is signed, one is rejected, one has changed since; gives what may go to staging."""
        self._lend()
        ready = [module for module in self.modules if self._may_approve(module)]
        for number, module in enumerate(ready):
            if number == 1:
                gate = self._ready(module)
                self._sign(cast.RELEASE_LEAD, gate, Role.TEAM_LEAD)
                self._sign(cast.QA_LEAD, gate, Role.QA, Decision.REJECT, reason=WHY_NOT)
            elif number == 3:
                self._sign(cast.QA_LEAD, self._ready(module), Role.QA)
            else:
                self._sign_ready(module)
            if number == 0:
                self.prepare(module)
                self.sign_deploy(module, "staging", (cast.CHIEF_DBA, Role.DBA))
            if number == 2:
                self._change(module)
        return ready[0] if ready else None

    def _lend(self) -> None:
        """The lead of the release is away for two weeks from next Monday."""
        with pretending(self.moment()):
            starts_at = utc_now() + timedelta(days=4)
            facts = DelegationFacts(
                self.company.ids[cast.SECOND_LEAD],
                Role.TEAM_LEAD,
                None,
                starts_at,
                starts_at + timedelta(days=14),
                "On leave; call me when it burns.",
            )
            number = delegate(self.company.origin(cast.RELEASE_LEAD), facts)
            answer_delegation(self.company.origin(cast.SECOND_LEAD), number, is_accepted=True)

    def moment(self) -> datetime:
        """A little later than whatever was before."""
        self.at += timedelta(seconds=self.company.dice.randrange(60, 110))
        return self.at

    def _own_checklist(self) -> int:
        return get_release_checklist(self.release_key, self.company.origin(cast.LEAD).actor).id

    def checklist(self, module: str) -> int:
        """The checklist of a module in the release."""
        return get_module_checklist(self.release_key, module, self.company.origin(cast.LEAD).actor).id

    def gate(self, checklist_id: int, kind: GateKind, environment: str = "") -> GateRow:
        """A gate of a checklist."""
        wanted = (kind, environment)
        return next(one for one in list_gates(checklist_id) if (one.kind, one.environment_key) == wanted)

    def _ready(self, module: str) -> GateRow:
        return self.gate(self.checklist(module), GateKind.READY)

    def _may_approve(self, module: str) -> bool:
        return standing_of(self._ready(module), utc_now()).verdict.may_approve

    def _sign_ready(self, module: str) -> None:
        gate = self._ready(module)
        self._sign(cast.RELEASE_LEAD, gate, Role.TEAM_LEAD)
        self._sign(cast.QA_LEAD, gate, Role.QA)

    def _sign(
        self, player: Player, gate: GateRow, role: Role, decision: Decision = Decision.APPROVE, *, reason: str = ""
    ) -> None:
        with pretending(self.moment()):
            content = standing_of(gate, server_now()).content
            sign(self.signed_in(player), gate.id, Wish(role, decision, content.digest, reason=reason))

    def signed_in(self, player: Player) -> Origin:
        """A browser in which the password was typed just now: without one nobody signs."""
        browser = Browser("192.0.2.20", "Firefox 132 on Linux")
        password = self.company.passwords[player]
        _, token = sign_in(player.email, password, browser=browser, request_id="demo", hours=12)
        found = find_signed_in(token_digest(token))
        if found is None:
            raise RuntimeError("a session that was begun just now is not there")
        return Origin(found.actor, request_id="demo")

    def prepare(self, module: str) -> None:
        """What the deploy gate of staging needs beside its items."""
        checklist = self.checklist(module)
        developer, dba = cast.DEVELOPERS[0], cast.DBA
        with pretending(self.moment()):
            write_rollback_plan(self.company.origin(developer), checklist, body=PLAN, revision=0)
        with pretending(self.moment()):
            ran_at = utc_now() - timedelta(hours=3)
            origin = self.company.origin(developer)
            add_rehearsal(origin, checklist, ran_at=ran_at, minutes=17, has_passed=True, note="On a copy of Tuesday.")
            backup = BackupFacts("staging", f"{module} staging", ran_at, 2_417_000_000, "5f" * 32, True, "")
            add_backup(self.company.origin(dba), checklist, backup)

    def sign_deploy(self, module: str, environment: str, *signers: tuple[Player, Role]) -> None:
        """People sign that a module may go to an environment."""
        gate = self.gate(self.checklist(module), GateKind.DEPLOY, environment)
        for player, role in signers:
            self._sign(player, gate, role)

    def _change(self, module: str) -> None:
        """Somebody adds evidence to what was signed: the sign-offs end with it."""
        covered = standing_of(self._ready(module), utc_now()).covered
        with pretending(self.moment()):
            add_evidence(
                self.company.origin(cast.DEVELOPERS[1]),
                covered[0].id,
                EvidenceFacts(note=CHANGED_LATER, measured_at=utc_now() - timedelta(hours=1)),
                limits=evidence_limits(),
                today=utc_now().date(),
            )
