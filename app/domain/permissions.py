"""Who may do what. Read top to bottom, this file is the access policy."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A hat that a person wears, everywhere or for one module. Values are stored: never rename one."""

    VIEWER = "viewer"
    DEVELOPER = "developer"
    QA = "qa"
    SECURITY = "security"
    OPS = "ops"
    DBA = "dba"
    TEAM_LEAD = "team_lead"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> str:
        """The role in words."""
        return ROLE_TITLES[self]


ROLE_TITLES: dict[Role, str] = {
    Role.VIEWER: "Viewer",
    Role.DEVELOPER: "Developer",
    Role.QA: "QA",
    Role.SECURITY: "Security",
    Role.OPS: "Ops",
    Role.DBA: "DBA",
    Role.TEAM_LEAD: "Team lead",
    Role.AUDITOR: "Auditor",
    Role.ADMINISTRATOR: "Administrator",
}


class Permission(StrEnum):
    """One thing that can be done, named `thing:verb`."""

    PROFILE_MANAGE = "profile:manage"  # one's own name, time zone, password, sessions
    CHECKLIST_VIEW = "checklist:view"  # releases, modules, checklists, items and their history
    ITEM_WORK = "item:work"  # tick, value, evidence, comment, block, ask for a waiver, add a change, type a figure
    ITEM_ASSIGN = "item:assign"  # owners and due dates
    WAIVER_DECIDE = "waiver:decide"  # approve or refuse somebody else's request, end a waiver early
    GATE_SIGN = "gate:sign"  # approve or reject at a gate, in a role that its policy asks; take a sign-off back
    POLICY_PROPOSE = "policy:propose"  # what a gate asks: propose another policy, bring gates to one that is agreed to
    DEPLOYMENT_RUN = "deployment:run"  # plan, start, finish a deployment; roll one back
    INCIDENT_WORK = "incident:work"  # report incidents and work on them until they are closed
    GATE_OVERRIDE = "gate:override"  # break-glass: open, confirm, end, review; always three different persons
    MODULE_MANAGE = "module:manage"  # create, edit, archive modules, their contacts and targets
    RELEASE_MANAGE = "release:manage"  # create, edit, ship, archive releases, choose their modules
    DUTY_MANAGE = "duty:manage"  # recurring duties: create, edit, pause, archive, strike anybody's record
    TEMPLATE_EDIT = "template:edit"  # templates and their drafts, importing lists
    TEMPLATE_PUBLISH = "template:publish"  # make a draft a version, which nobody changes afterwards
    TEMPLATE_ADOPT = "template:adopt"  # bring a checklist to another version
    AUDIT_VIEW = "audit:view"  # the history of what one may see
    PERSON_MANAGE = "person:manage"  # invite, grant and revoke roles, deactivate, reset


_READ = {Permission.CHECKLIST_VIEW, Permission.AUDIT_VIEW}
_WORK = _READ | {Permission.ITEM_WORK, Permission.INCIDENT_WORK, Permission.TEMPLATE_EDIT, Permission.GATE_SIGN}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset(_READ),
    Role.DEVELOPER: frozenset(_WORK),
    Role.QA: frozenset(_WORK),
    Role.SECURITY: frozenset(_WORK),
    Role.OPS: frozenset(_WORK | {Permission.DEPLOYMENT_RUN, Permission.GATE_OVERRIDE}),
    Role.DBA: frozenset(
        _WORK
        | {
            Permission.WAIVER_DECIDE,
            Permission.DEPLOYMENT_RUN,
            Permission.GATE_OVERRIDE,
            Permission.TEMPLATE_PUBLISH,
            Permission.POLICY_PROPOSE,
        },
    ),
    Role.TEAM_LEAD: frozenset(
        _WORK
        | {
            Permission.WAIVER_DECIDE,
            Permission.DEPLOYMENT_RUN,
            Permission.GATE_OVERRIDE,
            Permission.ITEM_ASSIGN,
            Permission.POLICY_PROPOSE,
            Permission.MODULE_MANAGE,
            Permission.RELEASE_MANAGE,
            Permission.DUTY_MANAGE,
            Permission.TEMPLATE_PUBLISH,
            Permission.TEMPLATE_ADOPT,
        }
    ),
    Role.AUDITOR: frozenset(_READ),
    Role.ADMINISTRATOR: frozenset({Permission.PERSON_MANAGE, Permission.AUDIT_VIEW}),
}

# An auditor and an administrator act on the whole; a grant of theirs for one module would promise what it cannot hold.
EVERYWHERE_ONLY = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})

# Everyone who is signed in, whatever the role.
FOR_EVERYONE = frozenset({Permission.PROFILE_MANAGE})


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that is in force: everywhere, or for one module."""

    role: Role
    module_id: int | None = None


def is_granted(grants: Iterable[Grant], permission: Permission) -> bool:
    """Whether the permission is held at all, for everything or for some module."""
    return permission in FOR_EVERYONE or any(permission in GRANTS[grant.role] for grant in grants)


def is_granted_for(grants: Iterable[Grant], permission: Permission, module_id: int | None) -> bool:
    """Whether the permission is held for this module; None asks for everything that is not one module's."""
    return any(
        permission in GRANTS[grant.role] and (grant.module_id is None or grant.module_id == module_id)
        for grant in grants
    )


def modules_of(grants: Iterable[Grant], permission: Permission) -> frozenset[int] | None:
    """The modules for which the permission is held; None means all of them."""
    held = [grant for grant in grants if permission in GRANTS[grant.role]]
    if any(grant.module_id is None for grant in held):
        return None
    return frozenset(grant.module_id for grant in held if grant.module_id is not None)


def roles_with(permission: Permission) -> list[Role]:
    """The roles that carry a permission, for the sentence that says who could do it."""
    return [role for role in Role if permission in GRANTS[role]]


def acting_role(grants: Iterable[Grant], permission: Permission, module_id: int | None = None) -> Role | None:
    """The role under which an act is remembered: the first one, in the order above, that allows it."""
    fitting = [g.role for g in grants if permission in GRANTS[g.role] and g.module_id in (None, module_id)]
    held = fitting or [grant.role for grant in grants]
    return min(held, key=list(Role).index) if held else None
