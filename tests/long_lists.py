"""A checklist as long as nobody should have one, and everything that shows it."""

from dataclasses import dataclass, replace

from app.domain.template_content import GroupContent, Imported, ItemContent, TemplateContent, content_digest
from app.models import DraftItem
from app.queries.drafts import content_of_draft, get_draft, list_draft_groups, list_draft_items
from app.services.drafts import begin_draft
from app.services.imports import import_content
from app.services.publishing import publish
from app.services.templates import use_for_new
from tests.factories import Made, MadeRelease, Make
from tests.versions import checklists_of

GROUPS, LARGEST = 60, 30


def long_content(number: int, *, word: str = "Check") -> TemplateContent:
    """A list of so many items in sixty groups, of which one holds three in twenty of all."""
    sizes = [(number - number * 3 // 20) // (GROUPS - 1)] * GROUPS
    sizes[LARGEST] = 0
    sizes[LARGEST] = number - sum(sizes)
    return TemplateContent(
        name="Long list", groups=tuple(_group(place, size, word) for place, size in enumerate(sizes))
    )


def _group(place: int, size: int, word: str) -> GroupContent:
    items = tuple(
        ItemContent(
            key=f"g{place}.{number}",
            text=f"{word} that table {number} of part {place} has its keys, its indexes and an owner",
            body="Compare it with the plan:\n\n```sh\nshow create table\n```" if number % 4 == 0 else "",
        )
        for number in range(size)
    )
    return GroupContent(key=f"group-{place}", title=f"Group {place}", section=f"Section {place // 6}", items=items)


@dataclass(frozen=True)
class LongList:
    """A release of two modules whose checklists are long, a version in which all is reworded, and a draft."""

    key: str
    release: MadeRelease
    lead: Made

    @property
    def draft_path(self) -> str:
        """The address of the draft."""
        return f"/templates/{self.key}/draft/"

    @property
    def largest(self) -> int:
        """The number of the largest group of the draft."""
        return max(list_draft_groups(get_draft(self.key).id), key=lambda line: line.items).row.id

    @property
    def edited(self) -> list[DraftItem]:
        """Its items."""
        return list(list_draft_items(get_draft(self.key).id, group_id=self.largest))

    @property
    def group_path(self) -> str:
        """The address of the largest group of the first checklist."""
        return f"{self.release.module_path}groups/group-{LARGEST}/"

    def pages(self) -> dict[str, str]:
        """Every page that shows the list, by name; the largest of each kind."""
        draft, version, module = self.draft_path, f"/templates/{self.key}/versions/1/", self.release.module_path
        chosen = "&".join(f"checklist={number}" for number in checklists_of(self.release))
        return {
            "draft": draft,
            "group of the draft": f"{draft}groups/{self.largest}/",
            "item of the draft": f"{draft}items/{self.edited[0].id}/",
            "place of an item": f"{draft}items/{self.edited[0].id}/place/",
            "preview": f"{draft}preview/",
            "rules of the draft": f"{draft}applicability/?touches_schema=no",
            "publish": f"{draft}publish/",
            "version": version,
            "version on paper": f"{version}print/",
            "rules of the version": f"{version}applicability/?touches_schema=no",
            "versions": f"/templates/{self.key}/",
            "differences": f"/templates/{self.key}/versions/1/compare/2/",
            "review": f"/templates/{self.key}/review/?show=all",
            "adopting": f"/templates/{self.key}/adopt/?version=2&{chosen}",
            "checklist": module,
            "group": self.group_path,
            "everything": f"{module}everything/",
            "what is left": f"{module}everything/?show=left",
            "checklist on paper": f"{module}print/",
            "matrix": self.release.path,
            "blockers": f"{self.release.path}blockers/",
            "items": f"{self.release.path}items/",
            "module": f"/modules/{self.release.modules[0]}/",
            "history": "/audit/",
            "register": "/waivers/register/",
            "my work": "/me/",
        }


def make_long_list(make: Make, number: int) -> LongList:
    """Import such a list, publish it, make a release of it; then publish it reworded, and begin one more draft."""
    lead, key = make.lead(), f"long-{number}"
    content = long_content(number)
    import_content(lead.origin, Imported(content), source="long.md", key=key)
    _publish(lead, key)
    use_for_new(lead.origin, key)
    release = make.release(modules=2)
    import_content(lead.origin, Imported(long_content(number, word="Make sure")), source="longer.md", into=key)
    _publish(lead, key)
    begin_draft(lead.origin, key)
    return LongList(key, replace(release, lead=lead), lead)


def _publish(lead: Made, key: str) -> None:
    seen = content_digest(content_of_draft(get_draft(key))).hex()
    publish(lead.origin, key, note="Out of our old list.", seen=seen)
