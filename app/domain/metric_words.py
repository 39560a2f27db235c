"""The metrics in words: how each is defined, what DORA says where it says something, why one is empty, and values."""

from app.domain.metric_keys import MetricKey, Unit

_STANDING = (
    "A sign-off that went stale or was taken back does not count; one that has run out since does. The median is shown."
)
# The definitions of DORA that are meant: dora.dev, “DORA's software delivery performance metrics”, as of 2025.
DEFINITIONS: dict[MetricKey, str] = {
    MetricKey.DEPLOY_SUCCESS: (
        "Of the deployments that began in the period and are over, in all environments, the share that neither failed "
        "nor was rolled back, and had neither a rollback nor a linked incident within 7 days of its start. One that "
        "still runs is not counted; one whose 7 days are not over is counted as it stands, and called provisional."
    ),
    MetricKey.CHANGE_FAILURE: (
        "Of the deployments to the last environment that began in the period and are over, the share that ended "
        "degraded, failed or rolled back, or had a rollback or a linked incident within 7 days of its start."
    ),
    MetricKey.DEPLOY_FREQUENCY: (
        "The deployments to the last environment that began in the period, divided by its days, times 7."
    ),
    MetricKey.ROLLBACK_FREQUENCY: (
        "The rollbacks that began in the period, divided by the deployments that began in it, in all environments, "
        "times 100. A rollback counts when it began, whenever its deployment was, and however it ended."
    ),
    MetricKey.RECOVERY_TIME: (
        "For each incident that began in the period, the time until it worked again for those who use the product; "
        "for each completed rollback without an incident, of a deployment that began in the period, the time from the "
        "start of the deployment to the end of the rollback. The mean is shown, the median stands beside it. What is "
        "not over is counted apart."
    ),
    MetricKey.UPTIME: (
        "The share of the known days on which it was up, from typed records of days with their share of time up. "
        "A day that nobody recorded is unknown: it counts neither as up nor as down."
    ),
    MetricKey.SATISFACTION: (
        "The mean of the scores from 1 to 5 that people gave, as somebody typed it, weighted with the number of "
        "answers. It is never computed from anything else."
    ),
    MetricKey.GATE_MERGE: (
        "From the making of a change's checklist to the first passing of its merge gate, else to the last sign-off "
        f"that the gate needs. {_STANDING}"
    ),
    MetricKey.GATE_READY: (
        "From the making of a module's checklist to the first passing of its ready gate, else to the last sign-off "
        f"that the gate needs. {_STANDING}"
    ),
    MetricKey.GATE_DEPLOY: (
        "From the making of a module's checklist to the first passing of its deploy gate, which is the start of a "
        f"deployment, else to the last sign-off that the gate needs; for each environment. {_STANDING}"
    ),
    MetricKey.GATE_RELEASE: (
        "From the making of a release's own checklist to the first passing of its release gate, else to the last "
        f"sign-off that the gate needs. {_STANDING}"
    ),
    MetricKey.CREATION_TIME: (
        "From the first to the last tick in the phase Build of a module's checklist, where the last one fell into the "
        "period and nothing of the phase is open. The median is shown."
    ),
    MetricKey.TESTING_TIME: (
        "From the first to the last tick in the phase Tests of a module's checklist, where the last one fell into the "
        "period and nothing of the phase is open. The median is shown. Waiting counts as time."
    ),
    MetricKey.DOCUMENTATION_TIME: (
        "From the first to the last tick in the phase Docs of a module's checklist, where the last one fell into the "
        "period and nothing of the phase is open. The median is shown."
    ),
    MetricKey.REVIEW_TIME: (
        "From the first to the last tick in the phase Security of a module's checklist, which holds its reviews, where "
        "the last one fell into the period and nothing of the phase is open. The median is shown."
    ),
    MetricKey.TOTAL_TIME: (
        "From the making of a module's checklist to the moment at which its last item was ticked or waived, where that "
        "fell into the period and nothing is open. The median is shown."
    ),
    MetricKey.DOCUMENTATION: (
        "Of the applicable items of the phase Docs, in the module checklists of the releases that shipped in the "
        "period, the share that is done, as they stand now. An overridden or deferred one is applicable and not done."
    ),
    MetricKey.TEST_COVERAGE: (
        "The newest share of covered lines that was typed for each module in the period; the mean over the modules."
    ),
    MetricKey.CODE_QUALITY: (
        "The newest number of open findings per 1,000 lines that was typed for each module in the period, suppressed "
        "ones counted; the mean over the modules."
    ),
    MetricKey.BUGS: "The incidents that began in the period, by severity and by whether they are closed.",
    MetricKey.RESPONSE_MEDIAN: (
        "The newest time within which half of the answers come, as typed for each module in the period; the median "
        "over the modules."
    ),
    MetricKey.RESPONSE_SLOW: (
        "The newest time within which 95 of 100 answers come, as typed for each module in the period; the median over "
        "the modules."
    ),
}

DORA: dict[MetricKey, str] = {
    MetricKey.DEPLOY_SUCCESS: (
        "DORA has no success rate. Its change fail rate, which stands beside this, looks at production alone and calls "
        "a degraded service failed; this one looks at all environments and does not."
    ),
    MetricKey.CHANGE_FAILURE: (
        "DORA: the ratio of deployments that require immediate intervention, likely a rollback or a hotfix. Here an "
        "intervention is seen as a rollback, a linked incident or the outcome that somebody gave, within 7 days; "
        "one that left no record is not seen."
    ),
    MetricKey.DEPLOY_FREQUENCY: (
        "DORA: the number of deployments over a period, or the time between them. Here one counts for each module that "
        "goes, so that a release of ten modules is ten; the last environment stands for production."
    ),
    MetricKey.ROLLBACK_FREQUENCY: (
        "DORA has no rollback frequency: rollbacks are part of its change fail rate. Its deployment rework rate counts "
        "unplanned deployments, which are not told apart here."
    ),
    MetricKey.RECOVERY_TIME: (
        "DORA's failed deployment recovery time is about deployments that failed in production. Here all incidents "
        "count, whether a deployment was the cause or not; how long those took that are linked to one is said beside "
        "the number."
    ),
    MetricKey.GATE_DEPLOY: (
        "DORA's change lead time runs from a commit to production. Here it begins with the checklist, because commits "
        "are not known, and ends with the start of the deployment, for each environment."
    ),
}

# Why there is no value, when there is none.
EMPTY: dict[MetricKey, str] = {
    MetricKey.DEPLOY_SUCCESS: "No deployment that began in this period is over.",
    MetricKey.CHANGE_FAILURE: "No deployment to the last environment that began in this period is over.",
    MetricKey.DEPLOY_FREQUENCY: "No deployment to the last environment began in this period.",
    MetricKey.ROLLBACK_FREQUENCY: "No deployment began in this period, so there is nothing to divide by.",
    MetricKey.RECOVERY_TIME: "Nothing that went wrong in this period has been recovered from: either nothing did, or "
    "it is not over.",
    MetricKey.UPTIME: "Nobody has recorded for any of these days whether it was up. Unknown is not up.",
    MetricKey.SATISFACTION: "Nobody has typed what users say in this period.",
    MetricKey.GATE_MERGE: "No merge gate opened in this period.",
    MetricKey.GATE_READY: "No ready gate opened in this period.",
    MetricKey.GATE_DEPLOY: "No deploy gate opened in this period.",
    MetricKey.GATE_RELEASE: "No release gate opened in this period.",
    MetricKey.CREATION_TIME: "No checklist finished its phase Build in this period.",
    MetricKey.TESTING_TIME: "No checklist finished its phase Tests in this period.",
    MetricKey.DOCUMENTATION_TIME: "No checklist finished its phase Docs in this period.",
    MetricKey.REVIEW_TIME: "No checklist finished its phase Security in this period.",
    MetricKey.TOTAL_TIME: "No checklist was finished in this period.",
    MetricKey.DOCUMENTATION: "No release shipped in this period.",
    MetricKey.TEST_COVERAGE: "Nobody has typed a coverage in this period.",
    MetricKey.CODE_QUALITY: "Nobody has typed a number of findings in this period.",
    MetricKey.BUGS: "No incident is reported that began in this period. That is no proof that there was none.",
    MetricKey.RESPONSE_MEDIAN: "Nobody has typed a response time in this period.",
    MetricKey.RESPONSE_SLOW: "Nobody has typed a response time in this period.",
}

MINUTE, HOUR, DAY = 60, 3600, 86400


def number_words(value: float) -> str:
    """A number with one digit behind the point, where that is not 0."""
    return f"{value:,.1f}".removesuffix(".0")


def time_words(seconds: float) -> str:
    """A time in its largest fitting unit."""
    if seconds < HOUR:
        return f"{number_words(seconds / MINUTE)} min"
    if seconds < 2 * DAY:
        return f"{number_words(seconds / HOUR)} h"
    return f"{number_words(seconds / DAY)} days"


def value_words(unit: Unit, value: float) -> str:
    """A value with its unit."""
    if unit is Unit.TIME:
        return time_words(value)
    if unit is Unit.PERCENT:
        return _share_words(value)
    return number_words(value) if unit is Unit.NUMBER else f"{number_words(value)} {unit.value}"


def _share_words(value: float) -> str:
    """A share; what is not all is never rounded to all, nor what is not nothing to nothing."""
    if 0 < value < 0.1:
        return "under 0.1 %"
    if 99.9 < value < 100:
        return "over 99.9 %"
    return f"{number_words(value)} %"
