"""The policies that gates begin with, read from the CSV file beside this one."""

from datetime import timedelta
from importlib import resources

from app.catalogue.rows import Row, read_rows
from app.domain.gates import GateKind, Policy, RequiredSignoff, Separation
from app.domain.permissions import Role

COLUMNS = ("policy", "gate", "environment", "required", "separation", "lasts_days", "sign_within_minutes")


def read_first_policies() -> list[tuple[Policy, str]]:
    """The policies that come with the product, each with its environment; empty where it is for all."""
    rows = read_rows(resources.files("app.catalogue"), "policies.csv", COLUMNS, unique="policy")
    return [(_policy(row), row.cells["environment"]) for row in rows]


def _policy(row: Row) -> Policy:
    pairs = [part.split(":") for part in row.text("required").split(";")]
    return Policy(
        row.choice("gate", GateKind),
        tuple(RequiredSignoff(Role(role), int(quorum)) for role, quorum in pairs),
        frozenset(Separation(rule) for rule in row.optional_text("separation").split(";") if rule),
        timedelta(days=int(row.cells["lasts_days"])) if row.cells["lasts_days"] else None,
        timedelta(minutes=int(row.cells["sign_within_minutes"])) if row.cells["sign_within_minutes"] else None,
    )
