"""Who and what the made-up company consists of."""

from dataclasses import dataclass

from app.domain.permissions import Role


@dataclass(frozen=True, slots=True)
class Player:
    """A person of the company."""

    name: str
    roles: tuple[Role, ...]
    zone: str = "Europe/Berlin"

    @property
    def email(self) -> str:
        """The address, on a domain that is nobody's."""
        return f"{self.name.split()[0].lower()}@example.org"


LEAD = Player("Leena Thomas", (Role.TEAM_LEAD,))
SECOND_LEAD = Player("Jonas Weber", (Role.TEAM_LEAD,))
ADMINISTRATOR = Player("Ada Okafor", (Role.ADMINISTRATOR,), "Europe/London")
DBA = Player("Meera Iyer", (Role.DBA,), "Asia/Kolkata")
SECOND_DBA = Player("Tomasz Zielinski", (Role.DBA,), "Europe/Warsaw")
DEVELOPERS = (
    Player("Ravi Kumar", (Role.DEVELOPER,), "Asia/Kolkata"),
    Player("Asha Shah", (Role.DEVELOPER,), "Asia/Kolkata"),
    Player("Dev Nair", (Role.DEVELOPER,), "Asia/Kolkata"),
    Player("Marie Lefevre", (Role.DEVELOPER,), "Europe/Paris"),
)
TESTER = Player("Ines Costa", (Role.QA,), "Europe/Lisbon")
SECURITY = Player("Noor Haddad", (Role.SECURITY,), "Europe/Berlin")
OPS = Player("Sam Reed", (Role.OPS,), "Europe/London")
# These look over what others did, and sign.
RELEASE_LEAD = Player("Priya Raman", (Role.TEAM_LEAD,), "Europe/London")
QA_LEAD = Player("Henrik Dahl", (Role.QA,), "Europe/Oslo")
CHIEF_DBA = Player("Olga Petrenko", (Role.DBA,), "Europe/Kyiv")
OPS_LEAD = Player("Tariq Aziz", (Role.OPS,), "Europe/London")
AUDITOR = Player("Grace Lindqvist", (Role.AUDITOR,), "Europe/Stockholm")
VIEWER = Player("Paul Brandt", (Role.VIEWER,))

SIGNERS = (RELEASE_LEAD, QA_LEAD, CHIEF_DBA, OPS_LEAD)
OTHERS = (LEAD, SECOND_LEAD, DBA, SECOND_DBA, *DEVELOPERS, TESTER, SECURITY, OPS, *SIGNERS, AUDITOR, VIEWER)
WORKERS = (*DEVELOPERS, TESTER, SECURITY, OPS, DBA)

# Key, name, purpose, schema.
MODULES = (
    ("multi-grn", "Multi-GRN creation", "Receives one delivery against several orders.", "multi_grn"),
    ("grpo-transfer", "GRPO transfer", "Moves received goods to their final warehouse.", "grpo_transfer"),
    ("inventory-transfer", "Inventory transfer", "Moves stock between warehouses on request.", "inventory_transfer"),
    ("sales-delivery", "Sales delivery", "Picks and hands over what was sold.", "sales_delivery"),
    ("so-against-invoice", "SO against invoice", "Checks invoices against their sales orders.", "so_invoice"),
    ("direct-transfer", "Direct transfer", "Moves stock at once, without a request.", "direct_transfer"),
    ("serial-item-transfer", "Serial item transfer", "Moves items that carry a serial number.", "serial_transfer"),
    ("item-tracking", "Item tracking", "Follows one item through all warehouses.", "item_tracking"),
    ("barcode-labels", "Barcode labels", "Prints and reprints labels.", "labels"),
    ("branch-management", "Branch management", "Branches, their warehouses and bins.", "branches"),
    ("inventory-counting", "Inventory counting", "Counts stock and posts the difference.", "counting"),
    ("pick-list", "Pick list", "Orders the way through a warehouse.", "pick_list"),
)

# What the modules answered, by key: questions with a yes, questions with a no. The others have not got to it yet.
ANSWERS = {
    "multi-grn": (
        ("touches_schema", "adds_endpoints", "calls_outside_system", "large_tables", "first_release"),
        ("drops_or_renames", "has_uploads", "personal_data"),
    ),
    "grpo-transfer": (("touches_schema", "adds_endpoints", "calls_outside_system"), ("has_uploads", "first_release")),
    "inventory-transfer": (("touches_schema", "large_tables"), ("adds_endpoints", "has_uploads", "first_release")),
    "sales-delivery": (("touches_schema", "personal_data", "has_uploads"), ("calls_outside_system", "first_release")),
    "item-tracking": (("touches_schema", "large_tables"), ("has_uploads", "calls_outside_system", "personal_data")),
    "barcode-labels": (
        ("adds_endpoints",),
        ("touches_schema", "drops_or_renames", "has_uploads", "calls_outside_system", "personal_data", "large_tables"),
    ),
    "branch-management": (("touches_schema", "personal_data"), ("has_uploads", "calls_outside_system")),
    "inventory-counting": (("touches_schema", "has_uploads", "first_release"), ("calls_outside_system",)),
}
# It got an upload in the middle of a release.
CHANGED_LATER = ("item-tracking", "has_uploads", "Labels can be uploaded as pictures since this release.")
