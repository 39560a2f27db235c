"""The twelve rules of the starting document, each tied to what enforces it here: gates, items, records."""

from dataclasses import dataclass

from app.domain.gates import GateKind

# What the release gate asks of the checklists of its changes: the review before, and all that comes after a commit.
OF_CHANGES = frozenset(
    {
        "vc.pre.reviewed",
        *("vc.post.ci-passes", "vc.post.review-approved", "vc.post.tests", "vc.post.docs-deployed", "vc.post.tagged"),
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: which gates hold it, by which items and records, in which words."""

    key: str
    gates: tuple[GateKind, ...]
    # Items by their stable keys; a key that ends with a point stands for all that begin with it.
    items: tuple[str, ...]
    # What is lacking of records, as `app/queries/obstacles.py` calls it.
    records: tuple[str, ...]
    enforced: tuple[str, ...]
    # What is a person's word, and until when; empty where nothing is.
    by_hand: str = ""
    # Whether it is held by the windows after deployments.
    watches_windows: bool = False

    def is_about(self, key: str) -> bool:
        """Whether an item or a record is one that it judges."""
        prefixes = tuple(one for one in self.items if one.endswith("."))
        return key in self.records or key in self.items or key.startswith(prefixes)


_DEPLOY = (GateKind.DEPLOY,)
_BACKUP = "A deploy gate stays shut without a record of a backup of its environment from the last 24 hours."
_DOCUMENTS = ("docs.", "doc.", "predoc.", "rel.pre.docs-complete", "vc.pre.docs-updated", "vc.post.docs-deployed")
_TESTS = (
    *("tests.", "test.", "mig.create-tested", "mig.rollback-tested"),
    *("vc.pre.tests", "vc.post.tests", "rel.pre.tests"),
)
# Without a plan there is nothing to rehearse.
_REHEARSED = ("record.plan", "record.rehearsal", "record.rehearsal-failed")
RECORD_WORDS = {
    "record.plan": "A rollback plan",
    "record.rehearsal": "A rehearsal of the rollback plan as it is now",
    "record.rehearsal-failed": "The last rehearsal of the plan has passed",
    "record.backup": "A backup of the environment from the last 24 hours",
}

RULES: tuple[Rule, ...] = (
    Rule(
        "always.test-migrations",
        _DEPLOY,
        ("mig.create-tested", "mig.rollback-tested", "test."),
        _REHEARSED,
        (
            "The deploy gate stays shut until a rehearsal of the rollback plan as it is now has passed.",
            "It stays shut until every item of migration testing is done or waived, too.",
        ),
        "A rehearsal is somebody's word, and of the plan, until a pipeline reports it for a commit.",
    ),
    Rule(
        "always.backup-before",
        _DEPLOY,
        ("prep.backup-procedure",),
        ("record.backup",),
        (_BACKUP,),
        "A backup is somebody's word until whatever takes it reports it, with the target that it read.",
    ),
    Rule(
        "always.document",
        (GateKind.READY, GateKind.RELEASE, GateKind.DEPLOY),
        _DOCUMENTS,
        (),
        (
            "The release gate stays shut while an item of documentation is open: its own and those of its changes.",
            "It asks for the ready gate of each module, which stays shut while one of the module's is open.",
        ),
    ),
    Rule(
        "always.review",
        (GateKind.MERGE, GateKind.RELEASE),
        ("vc.pre.reviewed", "vc.post.review-approved"),
        (),
        (
            "The merge gate of a change stays shut until its code is reviewed.",
            "The release gate stays shut until that holds for every change of its modules.",
        ),
        "That it was reviewed is a tick until a pipeline reports who approved which commit.",
    ),
    Rule(
        "always.monitor",
        (GateKind.FIRST_HOUR, GateKind.FIRST_DAY, GateKind.FIRST_WEEK, GateKind.CLOSE),
        ("post1h.", "post1d.", "post1w.", "ongoing.", "rel.post.monitor"),
        (),
        (
            "A deployment opens four windows when it starts: its first hour, day and week, and what goes on after.",
            "When each is due is laid down then. What is open after its grace is missed, whatever is ticked later.",
            "The close gate of a release stays shut until it has shipped.",
        ),
        "That somebody has looked is their word until probes measure it.",
        watches_windows=True,
    ),
    Rule(
        "always.audit",
        (GateKind.READY,),
        ("secdata.audit-protected",),
        (),
        (
            "Every write leaves an event in the same transaction, or is not done.",
            "Each event is chained to the one before it, and the database refuses to change or remove one.",
        ),
        "The chain is looked at when whoever runs the product calls verify-audit.",
    ),
    Rule(
        "never.skip-testing",
        (GateKind.READY, GateKind.DEPLOY, GateKind.MERGE, GateKind.RELEASE),
        _TESTS,
        (),
        (
            "Nobody can delete an item of a checklist. One that is skipped has a waiver with a reason.",
            "Another person approves it; whatever is not plainly “not applicable” also has a last day.",
        ),
        "A test leaves a checklist only when a team lead adopts a version without it: each is an event, counted below.",
    ),
    Rule(
        "never.no-backup",
        _DEPLOY,
        ("prep.backup-procedure",),
        ("record.backup",),
        (_BACKUP, "Whoever tries all the same is refused, and the attempt is an event of its own."),
        "The record is somebody's word until whatever takes the backup reports it.",
    ),
    Rule(
        "never.ignore-errors",
        _DEPLOY,
        (),
        ("record.rehearsal-failed",),
        (
            "A failed rehearsal keeps the deploy gate shut whatever is ticked, and stays among its records.",
            "Only another rehearsal that passes opens it. An item that failed stands first among what is in the way.",
        ),
        "Other failures are what a person finds until checks send their results: no tick will hide one of those.",
    ),
    Rule(
        "never.hardcode",
        (GateKind.MERGE,),
        ("vc.pre.no-hardcoded",),
        (),
        ("The merge gate of a change stays shut until the item is done, or waived by two people with a reason.",),
        "It is looked for by eye until a check reads the code.",
    ),
    Rule(
        "never.skip-docs",
        (GateKind.RELEASE, GateKind.READY, GateKind.DEPLOY),
        _DOCUMENTS,
        (),
        ("Without its documentation no module is ready, no release goes, and no deployment starts.",),
        "Whether a text says anything is a person's word until something reads it.",
    ),
    Rule(
        "never.no-rollback-plan",
        _DEPLOY,
        ("prep.rollback-procedure",),
        _REHEARSED,
        (
            "The deploy gate stays shut without a rollback plan of the module and a passed rehearsal of it.",
            "The plan is part of what is signed: another plan ends the sign-offs.",
        ),
    ),
)


def find_rule(key: str) -> Rule | None:
    """One of the twelve, by its key."""
    return next((rule for rule in RULES if rule.key == key), None)
