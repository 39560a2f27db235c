"""The signs of deployments and of the hours after, wherever a word of theirs stands."""

from app.domain.windows import WindowState

# The sign of a window and of a deployment, by the word that it stands for.
WINDOW_SIGNS = {
    WindowState.OPEN: "open",
    WindowState.DUE_SOON: "waiting",
    WindowState.LATE: "blocked",
    WindowState.MISSED: "failed",
    WindowState.DONE: "done",
    WindowState.DONE_LATE: "deferred",
    WindowState.DONE_AFTER_MISSED: "failed",
    WindowState.DROPPED: "none",
}
SIGNS = {
    "planned": "open",
    "cancelled": "none",
    "running": "started",
    "succeeded": "done",
    "degraded": "overridden",
    "failed": "failed",
    "rolled back": "blocked",
}
