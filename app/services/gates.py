"""Gates and the policies they begin with."""

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, exists, func, insert, literal, or_, select

from app.catalogue.policies import read_first_policies
from app.domain.audit import AuditAction
from app.domain.checklist import BelongsTo
from app.domain.gate_policies import policy_body, words_of
from app.domain.gates import GateKind, gates_of
from app.models import Checklist, Environment, Gate, GatePolicy, PolicyAdoption
from app.models.base import table_of
from app.services.change import SYSTEM_STREAM, About, Change

_lists, _places = table_of(Checklist).c, table_of(Environment).c
_policies, _gates = table_of(GatePolicy).c, table_of(Gate).c
_better, _adoptions = table_of(GatePolicy).alias("better"), table_of(PolicyAdoption).c
_key = func.coalesce(_places.key, "")
# Of the adopted policies of a kind the one of the environment, else the one of all; of these the one adopted last.
_BEST = (
    select(_better.c.id)
    .join(table_of(PolicyAdoption), _adoptions.policy_id == _better.c.id)
    .where(_better.c.kind == _policies.kind, _better.c.environment_key.in_(["", _key]))
    .order_by(_better.c.environment_key.desc(), _adoptions.id.desc())
    .limit(1)
    .correlate(table_of(GatePolicy), table_of(Environment))
    .scalar_subquery()
)
_KINDS = or_(
    *(
        and_(_lists.belongs_to == belongs_to, _policies.kind.in_(sorted(gates_of(belongs_to))))
        for belongs_to in BelongsTo
        if gates_of(belongs_to)
    )
)
# A gate that is asked in every environment is there once for each.
_WHERE = and_(
    _policies.kind == GateKind.DEPLOY,
    or_(_policies.environment_key == "", _policies.environment_key == _places.key),
)
_GATES = select(_lists.id, _policies.kind, _key, _policies.id, literal(1)).where(_policies.id == _BEST)
_MISSING = _GATES.select_from(
    table_of(Checklist).join(table_of(GatePolicy), _KINDS).outerjoin(table_of(Environment), _WHERE)
).where(
    ~exists()
    .where(_gates.checklist_id == _lists.id, _gates.kind == _policies.kind, _gates.environment_key == _key)
    .correlate(table_of(Checklist), table_of(GatePolicy), table_of(Environment))
)
# What is being made has none yet: nothing is asked of the gates that there are.
_THESE = and_(
    _lists.id.in_(bindparam("checklists", expanding=True)), _policies.kind.in_(bindparam("kinds", expanding=True))
)
_OF_NEW = _GATES.select_from(
    table_of(Checklist).join(table_of(GatePolicy), _THESE).outerjoin(table_of(Environment), _WHERE)
)
_MAKE = insert(table_of(Gate))
_INTO = ["checklist_id", "kind", "environment_key", "policy_id", "cycle"]
_MAKE_ALL = _MAKE.from_select(_INTO, _MISSING)
_MAKE_OF_NEW = _MAKE.from_select(_INTO, _OF_NEW)


def make_gates(change: Change, belongs_to: BelongsTo, checklist_ids: Sequence[int]) -> None:
    """Give new checklists of a kind their gates, each with the policy that is in force; part of what makes them."""
    if kinds := gates_of(belongs_to):
        change.connection.execute(_MAKE_OF_NEW, {"kinds": sorted(kinds), "checklists": checklist_ids})


def make_missing_gates(change: Change) -> None:
    """Give all checklists the gates that they do not have yet, as for a new environment."""
    change.session.execute(_MAKE_ALL)


def add_first_policies(change: Change) -> bool:
    """Take the policies that come with the product, where there are none; False when that was done before."""
    stream = change.take_subject(*SYSTEM_STREAM)
    if change.session.scalar(select(GatePolicy.id).limit(1)) is not None:
        return False
    for policy, environment in read_first_policies():
        row = GatePolicy(
            kind=policy.kind,
            environment_key=environment,
            revision=1,
            body=policy_body(policy),
            note="Comes with the product.",
            created_at=change.at,
        )
        change.session.add(row)
        change.session.flush()
        change.session.add(PolicyAdoption(policy_id=row.id, adopted_at=change.at))
        change.record(
            AuditAction.POLICY_CREATED,
            About("gate_policy", row.id, f"{policy.kind.label} {environment}".strip()),
            stream=stream,
            new=words_of(policy.required),
            after={"policy": row.body, "revision": 1},
        )
    change.session.flush()
    make_missing_gates(change)
    return True
