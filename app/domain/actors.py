"""Who acts."""

from dataclasses import dataclass, field
from uuid import uuid4

from app.domain.errors import UNSEEN, NotFound, NotPermitted
from app.domain.permissions import (
    Grant,
    Permission,
    Role,
    acting_role,
    is_granted,
    is_granted_for,
    modules_of,
    roles_with,
)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as the rules see one: number, name, and the roles in force now. Without a number: nobody signed in."""

    id: int | None = None
    name: str = ""
    name_id: int | None = None
    name_digest: bytes = b""
    grants: tuple[Grant, ...] = ()
    session_id: int | None = None
    means: str = "session"

    def may(self, permission: Permission) -> bool:
        """Whether the permission is held at all."""
        return self.id is not None and is_granted(self.grants, permission)

    def may_for(self, permission: Permission, module_id: int | None) -> bool:
        """Whether the permission is held for this module; None asks for what is no single module's."""
        return self.id is not None and is_granted_for(self.grants, permission, module_id)

    def modules(self, permission: Permission) -> frozenset[int] | None:
        """The modules for which the permission is held; None means all."""
        return modules_of(self.grants, permission)

    def acting_role(self, permission: Permission, module_id: int | None = None) -> Role | None:
        """The role under which an act is remembered."""
        return acting_role(self.grants, permission, module_id)

    def require(self, permission: Permission, module_id: int | None) -> None:
        """Raise NotFound for what this person may not even see, NotPermitted for what they may see but not do."""
        if self.may_for(permission, module_id):
            return
        if permission is Permission.CHECKLIST_VIEW or not self.may_for(Permission.CHECKLIST_VIEW, module_id):
            raise NotFound(UNSEEN)
        raise NotPermitted(missing_role(permission))


def missing_role(permission: Permission) -> str:
    """The sentence that names the roles which would be allowed."""
    titles = [role.label for role in roles_with(permission)]
    named = titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} or {titles[-1]}"
    return f"This needs the role {named}. An administrator grants it."


NOBODY = Actor(means="link")
SYSTEM = Actor(name="system", means="system")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who asks for a change, by which request, under which idempotency key."""

    actor: Actor
    request_id: str = ""
    key: bytes = field(default_factory=lambda: uuid4().bytes)
    path: str = ""
