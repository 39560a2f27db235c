"""Medians with their spread, ratios to the limit of the same rounds, as a table on paper."""

import platform
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.targets import Target

PAPER = Path(__file__).resolve().parents[1] / "build" / "bench.md"


def spread(values: Sequence[float], unit: str) -> str:
    """The median and how far the rounds lie apart."""
    low, middle, high = min(values), statistics.median(values), max(values)
    digits = 0 if middle >= 100 else 2 if middle >= 0.1 else 4
    return f"{middle:,.{digits}f} {unit} [{low:,.{digits}f} .. {high:,.{digits}f}]"


def interleaved(variants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Measure all variants round by round, in a new order each time: each sees the same mix of other work."""
    for measure in variants.values():
        measure()
    found: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name in random.sample(list(variants), len(variants)):
            found[name].append(variants[name]())
    return found


def ratios(ours: Sequence[float], limit: Sequence[float]) -> list[float]:
    """Ours to the limit, round by round."""
    return [one / other for one, other in zip(ours, limit, strict=True)]


@dataclass
class Report:
    """The lines of a run, printed as they come and written at the end."""

    lines: list[str] = field(default_factory=list)

    def add(self, target: Target, measured: str, limit: str = "", ratio: str = "") -> None:
        """One figure beside its target."""
        wanted = "; ".join(part for part in (target.floor, target.aim and f"aim {target.aim}") if part)
        cells = (target.name, target.meaning, measured, limit, ratio, wanted)
        self.lines.append(f"| {' | '.join(cells)} |")
        print(f"{target.name:10s} {measured}  limit {limit or '-'}  ratio {ratio or '-'}  wanted {wanted}", flush=True)

    def write(self) -> None:
        """Put the table where it can be kept."""
        memory = psutil.virtual_memory().total / 2**30
        head = (
            "# Measured\n\n"
            f"{psutil.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, load at the end "
            f"{psutil.getloadavg()[0]:.1f}. Medians [min .. max] of interleaved rounds; only the ratios mean anything\n"
            "elsewhere.\n\n"
            "| | what | measured | limit in the same rounds | ratio | wanted |\n|---|---|---|---|---|---|\n"
        )
        PAPER.parent.mkdir(exist_ok=True)
        PAPER.write_text(head + "\n".join(sorted(self.lines)) + "\n")
