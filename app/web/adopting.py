"""What adopting a template version would do, put together for a page; what is the same for many is told once."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import url_for

from app.domain.actors import Actor
from app.domain.adoption import Plan, Step, fingerprint, plan
from app.domain.checklist import BelongsTo
from app.domain.permissions import Permission
from app.domain.template_diff import compare, part_of
from app.queries.adoption import list_live_checklists, list_standing_items
from app.queries.checklists import ChecklistHead
from app.queries.gates import GateRow, count_approvals
from app.queries.template_content import content_of_version
from app.queries.template_history import list_kinds
from app.queries.templates import VersionLine
from app.queries.waivers import WaiverLine, list_waivers_of
from app.web.comparison import Comparison, comparison_of
from app.web.content_parts import differences_part
from app.web.parts import Part, PlacedRow


@dataclass(frozen=True, slots=True)
class Concerned:
    """A waiver whose item is reworded or no longer asked."""

    item_id: int
    text: str
    waiver: WaiverLine


@dataclass(frozen=True, slots=True)
class AdoptedChecklist:
    """One checklist, what would become of its items, and the mark by which a later look knows that it changed."""

    head: ChecklistHead
    plan: Plan
    seen: str
    waivers: tuple[Concerned, ...]
    # The gates whose sign-offs end with it, and how many each.
    ending: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SameChanges:
    """Checklists of one kind at one version: the same differences for all of them."""

    belongs_to: BelongsTo
    from_label: str
    told: Comparison
    part: Part[PlacedRow]
    checklists: list[AdoptedChecklist]

    @property
    def ticks_kept(self) -> int:
        """How many ticks stay, in all of them."""
        return sum(one.plan.ticks_kept for one in self.checklists)

    @property
    def asked_again(self) -> int:
        """Of how many ticks somebody is asked whether they are still true."""
        return sum(len(one.plan.asked_again) for one in self.checklists)


@dataclass(frozen=True, slots=True)
class Choice:
    """The checklists that may be brought to a version, under the names of their releases."""

    own: list[tuple[str, list[ChecklistHead]]]
    others: list[tuple[str, list[ChecklistHead]]]

    @property
    def number(self) -> int:
        """How many there are."""
        return sum(len(heads) for _, heads in (*self.own, *self.others))


def adoptable(version: VersionLine, actor: Actor) -> list[ChecklistHead]:
    """The live checklists that this person may bring to a version, and that it has something for."""
    kinds = list_kinds(version.id)
    live = list_live_checklists(actor, Permission.TEMPLATE_ADOPT)
    return [head for head in live if head.version_id != version.id and head.belongs_to in kinds]


def choice_of(heads: Sequence[ChecklistHead], version: VersionLine) -> Choice:
    """Checklists for choosing: those of the same template, and those of others."""
    own = [head for head in heads if head.template_key == version.template_key]
    return Choice(_by_release(own), _by_release([head for head in heads if head not in own]))


def _by_release(heads: Sequence[ChecklistHead]) -> list[tuple[str, list[ChecklistHead]]]:
    return [(name or "Targets", list(found)) for name, found in groupby(heads, key=lambda head: head.release_name)]


def preview_of(heads: Sequence[ChecklistHead], version: VersionLine) -> list[SameChanges]:
    """What adopting does to each of these checklists."""
    wanted = content_of_version(version.id)
    standing = list_standing_items([head.id for head in heads])
    plans = {head.id: plan(standing[head.id], part_of(wanted, head.belongs_to)) for head in heads}
    waivers = list_waivers_of([item for one in plans.values() for item in _concerned(one)])
    signed: dict[int, list[tuple[GateRow, int]]] = defaultdict(list)
    for gate, number in count_approvals([head.id for head in heads]):
        signed[gate.checklist_id].append((gate, number))
    alike: dict[tuple[BelongsTo, int], list[AdoptedChecklist]] = defaultdict(list)
    for head in heads:
        found = [
            Concerned(item, text, waiver)
            for item, text in _concerned(plans[head.id]).items()
            for waiver in waivers.get(item, ())
        ]
        seen = fingerprint(head.version_id, standing[head.id])
        ending = ((gate.title, n) for gate, n in signed[head.id] if gate.kind.value in plans[head.id].gates)
        one = AdoptedChecklist(head, plans[head.id], seen, tuple(found), tuple(ending))
        alike[head.belongs_to, head.version_id].append(one)
    old = {number: content_of_version(number) for number in {number for _, number in alike}}
    here = url_for(
        "adoption.choose",
        template_key=version.template_key,
        version=version.number,
        checklist=[head.id for head in heads],
    )
    changes = []
    for place, ((kind, number), same) in enumerate(alike.items(), start=1):
        told = comparison_of(compare(part_of(old[number], kind), part_of(wanted, kind)))
        shown, part = differences_part(told, here, name=f"part{place}")
        changes.append(SameChanges(kind, same[0].head.version_label, shown, part, same))
    return changes


def _concerned(done: Plan) -> dict[int, str]:
    """The items, by number, whose waivers somebody should look at."""
    reworded: tuple[Step, ...] = (*done.reworded, *done.returned)
    return {item.id: item.content.text for item in done.removed} | {step.item.id: step.new.text for step in reworded}


def chosen_of(heads: Sequence[ChecklistHead], numbers: Collection[int]) -> list[ChecklistHead]:
    """The chosen ones among those that may be brought to a version."""
    return [head for head in heads if head.id in numbers]
