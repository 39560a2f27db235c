"""What the people of the made-up company write: by the kind of work, so that a reason fits its item."""

from dataclasses import dataclass

from app.domain.waiver_kinds import WaiverReason


@dataclass(frozen=True, slots=True)
class Words:
    """Why an item of one kind fails, is held up or does not apply, and what is said about it."""

    failures: tuple[str, ...]
    blocks: tuple[str, ...]
    waivers: tuple[tuple[WaiverReason, str], ...]
    comments: tuple[str, ...]


SCHEMA = Words(
    failures=(
        "two columns differ from the plan on staging",
        "one foreign key of the plan is missing",
        "an index of the plan is missing since the last rebase",
    ),
    blocks=("the schema review moved to Thursday", "staging is being copied until tonight"),
    waivers=(
        (WaiverReason.NOT_TOUCHED, "This release adds no table and no column to the module."),
        (WaiverReason.NO_SUCH_FEATURE, "The tables of this module hold fewer than a hundred rows."),
    ),
    comments=("Looked at it with Ravi, the second index is not needed.", "Checked on the copy of Thursday."),
)
MIGRATION = Words(
    failures=(
        "the second run gives another result than the first",
        "the rollback leaves one index behind on staging",
        "it stops on the rows that came last week",
    ),
    blocks=("staging is being copied until tonight", "waits for a copy with last month's rows"),
    waivers=(
        (WaiverReason.NOT_TOUCHED, "This release brings no migration for the module."),
        (WaiverReason.COVERED_ELSEWHERE, "The consolidated migration is rehearsed for all modules together."),
    ),
    comments=("Checked on the copy of Thursday.", "The times are from staging."),
)
CODE = Words(
    failures=(
        "one query runs once per row of the list",
        "the linter finds an import that nothing uses",
        "two models import each other",
    ),
    blocks=("the merge request waits for its second review", "waits for the new version of the linter"),
    waivers=(
        (WaiverReason.NOT_TOUCHED, "This release changes no code of the module."),
        (WaiverReason.OTHER_PROCESS, "The pipeline refuses the merge when this is missing."),
    ),
    comments=("See the merge request for the discussion.", "Looked at it with Ravi, it stays as it is."),
)
GUARD = Words(
    failures=(
        "one address answers without a session",
        "a name with a quote in it comes back unescaped",
        "the test account can read another branch's rows",
    ),
    blocks=("waits for the test account with few rights", "the review with the security team moved to Thursday"),
    waivers=(
        (WaiverReason.NO_SUCH_FEATURE, "This module has no pages and no accounts of its own."),
        (WaiverReason.NO_SUCH_FEATURE, "There is no outside system behind this module."),
    ),
    comments=("Tried with an account of another branch.", "See the merge request for the discussion."),
)
TEST = Words(
    failures=(
        "two of nine cases fail on staging since yesterday",
        "the second run gives another result than the first",
        "one case of the last release fails again",
    ),
    blocks=("waits for the outside system's test account", "staging is being copied until tonight"),
    waivers=(
        (WaiverReason.NO_SUCH_FEATURE, "There is no outside system behind this module."),
        (WaiverReason.COVERED_ELSEWHERE, "The system tests of the whole release cover it."),
    ),
    comments=("The numbers are from staging.", "Run twice, with the same result."),
)
PAGES = Words(
    failures=(
        "the guide still shows the screens of the last release",
        "two tables of this release are missing in it",
        "the example request is answered with an error",
    ),
    blocks=("waits for the new screenshots", "the writer is away until Thursday"),
    waivers=(
        (WaiverReason.COVERED_ELSEWHERE, "The release notes of the product cover it."),
        (WaiverReason.NOT_TOUCHED, "What this page describes has not changed."),
    ),
    comments=("Read by Ines, two sentences are clearer now.", "See the merge request for the new text."),
)
WINDOW = Words(
    failures=(
        "the restore took twice as long as the window allows",
        "one step names a host that is no longer there",
        "the health check answers although the database is stopped",
    ),
    blocks=("the deployment window is not confirmed yet", "waits for the host of the new standby"),
    waivers=(
        (WaiverReason.OTHER_PROCESS, "The operations team's own process covers it."),
        (WaiverReason.NOT_TOUCHED, "This release changes nothing about how the module is deployed."),
    ),
    comments=("Walked through it with Sam.", "The times are from the rehearsal on staging."),
)

# By the first part of an item's key, which names its group.
KINDS: dict[str, Words] = {
    **dict.fromkeys(("pre", "verify", "data"), SCHEMA),
    **dict.fromkeys(("mig", "cons", "test"), MIGRATION),
    **dict.fromkeys(("dev", "cq", "perf", "integ", "vc"), CODE),
    **dict.fromkeys(("sec", "secdata", "access", "input"), GUARD),
    "tests": TEST,
    **dict.fromkeys(("doc", "docs", "track", "predoc"), PAGES),
    **dict.fromkeys(("prep", "rel"), WINDOW),
}


def words_for(key: str) -> Words:
    """What is written about an item, by its key."""
    return KINDS[key.partition(".")[0]]


_REHEARSED = ("staging, 12 minutes", "staging, 9 minutes")
_COMMITS = ("4f1c2ab", "9d07e31")
# What is typed where an item asks for a value, by its prompt.
VALUES: dict[str, tuple[str, ...]] = {
    "Rehearsed at, minutes taken": _REHEARSED,
    "Restore tested at, minutes taken": _REHEARSED,
    "Server version, rehearsed at": ("MySQL 8.4.3, staging",),
    "New version": ("2.14", "2.15"),
    "Commit tested": _COMMITS,
    "Commit rehearsed": _COMMITS,
    "Tables expected and found": ("14 of 14", "9 of 9"),
    "Indexes expected and found": ("23 of 23", "17 of 17"),
    "Account checked": ("the application's own", "reporting"),
    "Statements for 1 row and for 10 rows": ("4 and 4", "6 and 6"),
    "Retention per table": ("two years, then archived", "kept for ever, small"),
    "Rows before and after": ("18204 and 18204", "961 and 961"),
    "Requests run and passed": ("31 of 31", "18 of 18"),
    "Where, and kept for how long": ("the log server, 90 days",),
    "Routes tried and refused": ("22 of 22", "12 of 12"),
    "Reviewed on": ("Thursday, with the security team",),
    "Server version tested against": ("MySQL 8.4.3", "MariaDB 11.8.3"),
    "Systems and sandboxes tested": ("sandbox 2, both companies",),
    "Who watches, until when": ("Sam until 08:00",),
    "Minutes taken": ("4", "7"),
    "Hours of traffic looked at": ("24", "72"),
    "Tables nobody owns": ("0",),
    "Orphan rows found": ("0",),
    "Duplicate rows found": ("0",),
    "Requests until the first 429": ("60", "100"),
    "Coverage of the models, percent": ("96", "91"),
    "Routes covered, percent": ("100", "94"),
    "95th percentile, milliseconds": ("140", "210"),
    "Requests per second held": ("85", "120"),
    "Requests per second at the breaking point": ("240", "310"),
    "High findings open": ("0",),
}
