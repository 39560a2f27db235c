"""Where the pages of a checklist live. One place, so that a link in a query and a route in a view cannot differ."""

from dataclasses import dataclass

from app.domain.checklist import BelongsTo


def item_path(item_id: int) -> str:
    """The address of an item; its forms are sent to addresses below it."""
    return f"/items/{item_id}/"


def gate_path(gate_id: int) -> str:
    """The address of a gate; what is done at it is sent to addresses below it."""
    return f"/gates/{gate_id}/"


def override_path(override_id: int) -> str:
    """The address of a break-glass."""
    return f"/overrides/{override_id}/"


def figure_path(figure_id: int) -> str:
    """The address of a figure that somebody typed."""
    return f"/metrics/figures/{figure_id}/"


# What happens at one time and has a number instead of a key.
OCCASIONS = frozenset({BelongsTo.DEPLOYMENT, BelongsTo.ROLLBACK, BelongsTo.INCIDENT})


def occasion_path(belongs_to: BelongsTo, number: int) -> str:
    """The address of a deployment, a rollback or an incident."""
    return f"/{belongs_to.value}s/{number}/"


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing that a checklist belongs to, by its keys."""

    belongs_to: BelongsTo
    release_key: str = ""
    module_key: str = ""
    number: int = 0
    environment_key: str = ""
    target_key: str = ""
    subject_id: int = 0

    @property
    def path(self) -> str:
        """The address of the checklist's first page."""
        if self.belongs_to is BelongsTo.RELEASE:
            return f"/releases/{self.release_key}/checklist/"
        if self.belongs_to in OCCASIONS:
            return f"{occasion_path(self.belongs_to, self.subject_id)}checklist/"
        if self.belongs_to is BelongsTo.TARGET:
            return f"/modules/{self.module_key}/targets/{self.environment_key}/{self.target_key}/"
        module = f"/releases/{self.release_key}/modules/{self.module_key}/"
        return f"{module}changes/{self.number}/" if self.belongs_to is BelongsTo.CHANGE else module

    def group_path(self, group_key: str) -> str:
        """The address of one of its groups."""
        return f"{self.path}groups/{group_key}/"

    def row_path(self, group_key: str, item_id: int) -> str:
        """The address of an item in its group, of which a long one is shown in parts."""
        return f"{self.group_path(group_key)}?at={item_id}#item-{item_id}"
