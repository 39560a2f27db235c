"""Trying out what answers make of a template, whatever its groups and items were read from."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import render_template, request

from app.domain.applicability import RULED, Question, SortedGroup, sort_group
from app.domain.checklist import BelongsTo
from app.domain.template_content import TemplateContent

SUBJECTS = {
    BelongsTo.MODULE: "a module in a release",
    BelongsTo.CHANGE: "a merge request",
    BelongsTo.TARGET: "a target",
}
ANSWERS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class RuledGroup:
    """A group as the tester takes it: its rule, and each item's text and rule."""

    title: str
    belongs_to: BelongsTo
    rule: str
    items: tuple[tuple[str, str], ...]


def groups_of(content: TemplateContent) -> list[RuledGroup]:
    """The groups of a template that is no version yet."""
    return [
        RuledGroup(
            group.title,
            group.belongs_to,
            group.applies_when,
            tuple((item.text, item.applies_when) for item in group.items),
        )
        for group in content.groups
    ]


@dataclass(frozen=True, slots=True)
class Kind:
    """The groups of one kind of checklist, sorted."""

    subject: str
    groups: list[SortedGroup]

    @property
    def total(self) -> int:
        """All items."""
        return sum(len(group.items) for group in self.groups)

    @property
    def applying(self) -> int:
        """Those that apply."""
        return sum(len(group.left) for group in self.groups)


def tester_page(title: str, crumbs: list[tuple[str, str]], groups: Iterable[RuledGroup]) -> str:
    """The page that sorts groups by the answers in its address."""
    chosen = {question: request.args.get(question.value, "") for question in Question}
    answers = {question: ANSWERS[word] for question, word in chosen.items() if word in ANSWERS}
    found = [
        sort_group(group.title, group.belongs_to, group.rule, group.items, answers)
        for group in groups
        if group.belongs_to in RULED
    ]
    kinds = [Kind(SUBJECTS[kind], [group for group in found if group.belongs_to is kind]) for kind in RULED]
    return render_template(
        "templates/applicability.html",
        title=title,
        crumbs=crumbs,
        chosen=chosen,
        answered=len(answers),
        kinds=[kind for kind in kinds if kind.groups],
        faulty=[group for group in found if group.fault or group.faulty],
    )
