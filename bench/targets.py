"""What is to be reached, beside the limit that the same run measures. Nothing here is asserted: a run prints both."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A figure of a run and what it should be."""

    name: str
    meaning: str
    floor: str
    aim: str = ""


TICK = Target("W1", "ticks/s over HTTP, of the raw UPDATE + INSERT + COMMIT", "at least 0.06", "0.09")
TICK_CPU = Target("W1 CPU", "CPU of the web workers per tick", "", "at most 3 ms")
TICK_GROWN = Target("W1 grown", "time per tick with ten times the events, of the time before", "at most 1.1")
MATRIX = Target("R1", "time of the matrix of 50 modules, of its aggregate SQL", "at most 2.5")
MATRIX_SAME = Target("R1 304", "CPU of an unchanged matrix", "at most 2 ms")
EVERYTHING = Target("R2", "pages/s of all boxes of a checklist, of the lean reference", "at least 0.6")
CHECKLIST = Target("I1", "checklists/s over HTTP, of a lean Flask that copies the same rows", "at least 0.4")
CHECKLISTS = Target(
    "I1 ten", "checklists/s with event by the service, ten in one act, of the rows alone", "at least 0.4"
)
CHECKLIST_ROWS = Target("I1 one", "the same, an act for each", "")
EXPORT = Target("E1", "CSV rows/s over HTTP, of server-side cursor + csv", "at least 0.6 (or 100,000 rows/s)")
EXPORT_MEMORY = Target("E1 memory", "growth of the web workers during the export", "below 20 MiB")
EXPORT_FIRST = Target("E1 first", "time to the first byte of the export", "below 100 ms")
START = Target("start", "from the command to ready, schema there already", "below 3 s")
IDLE = Target("idle", "memory of all processes together, shared pages counted once", "below 250 MiB")
