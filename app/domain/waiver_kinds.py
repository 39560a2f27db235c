"""The kinds of waiver, and the reasons that fit each."""

from enum import StrEnum

from app.domain.checklist import ItemState


class WaiverKind(StrEnum):
    """What is asked for. Values are stored: never rename one."""

    NOT_APPLICABLE = "not_applicable"
    OVERRIDE = "override"
    ACCEPTED_RISK = "accepted_risk"
    DEFERRAL = "deferral"

    @property
    def label(self) -> str:
        """The kind in words."""
        return KIND_TITLES[self]

    @property
    def meaning(self) -> str:
        """What is said by it, for whoever chooses."""
        return KIND_MEANINGS[self]

    @property
    def state(self) -> ItemState:
        """Where an item stands while such a waiver is in force."""
        return KIND_STATES[self]

    @property
    def needs_end(self) -> bool:
        """Whether it has to say until when."""
        return self is not WaiverKind.NOT_APPLICABLE


KIND_TITLES: dict[WaiverKind, str] = {
    WaiverKind.NOT_APPLICABLE: "not applicable",
    WaiverKind.OVERRIDE: "override",
    WaiverKind.ACCEPTED_RISK: "accepted risk",
    WaiverKind.DEFERRAL: "deferral",
}
KIND_MEANINGS: dict[WaiverKind, str] = {
    WaiverKind.NOT_APPLICABLE: "there is nothing to do here",
    WaiverKind.OVERRIDE: "it failed or is open, and we go on all the same",
    WaiverKind.ACCEPTED_RISK: "we know what can happen, and bear it",
    WaiverKind.DEFERRAL: "it will be done later",
}
KIND_STATES: dict[WaiverKind, ItemState] = {
    WaiverKind.NOT_APPLICABLE: ItemState.NOT_APPLICABLE,
    WaiverKind.OVERRIDE: ItemState.OVERRIDDEN,
    WaiverKind.ACCEPTED_RISK: ItemState.OVERRIDDEN,
    WaiverKind.DEFERRAL: ItemState.DEFERRED,
}


class WaiverReason(StrEnum):
    """Why an item may be waived. “No time” is not on the list. Values are stored: never rename one."""

    NOT_TOUCHED = "not_touched"
    NO_SUCH_FEATURE = "no_such_feature"
    COVERED_ELSEWHERE = "covered_elsewhere"
    OTHER_PROCESS = "other_process"
    FALSE_ALARM = "false_alarm"
    GUARDED_OTHERWISE = "guarded_otherwise"
    WAITING_IS_WORSE = "waiting_is_worse"
    UNLIKELY = "unlikely"
    SMALL_HARM = "small_harm"
    WATCHED = "watched"
    WAITS_FOR_OTHERS = "waits_for_others"
    AFTER_DEPLOYMENT = "after_deployment"
    NEXT_RELEASE = "next_release"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The reason in words."""
        return WAIVER_REASON_TITLES[self]


WAIVER_REASON_TITLES: dict[WaiverReason, str] = {
    WaiverReason.NOT_TOUCHED: "This release does not touch it",
    WaiverReason.NO_SUCH_FEATURE: "The module has no such thing",
    WaiverReason.COVERED_ELSEWHERE: "Another item or checklist covers it",
    WaiverReason.OTHER_PROCESS: "Another team's process covers it",
    WaiverReason.FALSE_ALARM: "The check is wrong, not the work",
    WaiverReason.GUARDED_OTHERWISE: "Something else guards against it",
    WaiverReason.WAITING_IS_WORSE: "Waiting would do more harm",
    WaiverReason.UNLIKELY: "It is unlikely to happen here",
    WaiverReason.SMALL_HARM: "The harm would be small and can be undone",
    WaiverReason.WATCHED: "It is watched, and somebody acts when it happens",
    WaiverReason.WAITS_FOR_OTHERS: "It waits for another team or a supplier",
    WaiverReason.AFTER_DEPLOYMENT: "It can be done only after the deployment",
    WaiverReason.NEXT_RELEASE: "It belongs with work of the next release",
    WaiverReason.OTHER: "Another reason, said below",
}
# The reasons that fit a kind. The last one fits them all.
REASONS: dict[WaiverKind, tuple[WaiverReason, ...]] = {
    WaiverKind.NOT_APPLICABLE: (
        WaiverReason.NOT_TOUCHED,
        WaiverReason.NO_SUCH_FEATURE,
        WaiverReason.COVERED_ELSEWHERE,
        WaiverReason.OTHER_PROCESS,
        WaiverReason.OTHER,
    ),
    WaiverKind.OVERRIDE: (
        WaiverReason.FALSE_ALARM,
        WaiverReason.GUARDED_OTHERWISE,
        WaiverReason.WAITING_IS_WORSE,
        WaiverReason.OTHER,
    ),
    WaiverKind.ACCEPTED_RISK: (
        WaiverReason.UNLIKELY,
        WaiverReason.SMALL_HARM,
        WaiverReason.WATCHED,
        WaiverReason.OTHER,
    ),
    WaiverKind.DEFERRAL: (
        WaiverReason.WAITS_FOR_OTHERS,
        WaiverReason.AFTER_DEPLOYMENT,
        WaiverReason.NEXT_RELEASE,
        WaiverReason.OTHER,
    ),
}
