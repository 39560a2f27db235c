"""Mending text whose UTF-8 was once read as something else: “Ã¼” for “ü”. Only what can have meant nothing else."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

PASSES = 3
# What a sequence of three or four may stand for: punctuation, signs, arrows, pictures and what joins them.
_SIGNS = re.compile(
    "[\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2100-\u2bff\ufe0e\ufe0f\u200d\ufeff\U0001f000-\U0001faff]"
)
# What real texts put behind the sign of a root.
_MATHEMATICS = frozenset("πΩ∞∑∏∂∫∆√≈≠≤≥±÷◊µ")


def _western() -> dict[str, int]:
    """Characters of Windows-1252 and their bytes; where it has none, those of Latin-1."""
    found = {chr(byte): byte for byte in range(0x80, 0x100)}
    for byte in range(0x80, 0xA0):
        if character := bytes([byte]).decode("cp1252", errors="ignore"):
            found[character] = byte
    return found


def _macintosh() -> dict[str, int]:
    return {bytes([byte]).decode("mac_roman"): byte for byte in range(0x80, 0x100)}


@dataclass(frozen=True, slots=True)
class Mended:
    """A mended text: how many places, and the first of them with its line, as it was and as it is."""

    text: str
    number: int = 0
    line: int = 0
    was: str = ""
    now: str = ""


class _Reading:
    """One way in which UTF-8 is misread."""

    def __init__(self, byte_of: dict[str, int]) -> None:
        self.byte_of = byte_of
        both = dict.fromkeys(range(128, 256), "")
        for sign, byte in byte_of.items():
            both[byte] += re.escape(sign)
        self.follow = "[" + "".join(both[byte] for byte in range(0x80, 0xC0)) + "]"
        self.run = re.compile(f"[{''.join(both.values())}]{{4,}}")
        self.sign = re.compile(
            f"[{both[0xF0]}][{both[0x9F]}]{self.follow}{{2}}|[{both[0xE2]}{both[0xEF]}]{self.follow}{{2}}"
        )
        self.letter = re.compile(f"[{both[0xC2]}{both[0xC3]}]{self.follow}")

    def decode(self, damaged: str) -> str:
        """What the characters were before they were misread; nothing when they were no UTF-8."""
        try:
            return bytes(self.byte_of[character] for character in damaged).decode("utf-8")
        except UnicodeDecodeError:
            return ""


_WESTERN, _MACINTOSH = _Reading(_western()), _Reading(_macintosh())
# The first of the four bytes of a picture is a sign that many programs drop.
_HEADLESS = re.compile(f"(?<![^\\s#>*_-])ü{_MACINTOSH.follow}{{2}}(?=\\s|$)")


def mend(text: str) -> Mended:
    """Put right what was misread, as often as it was."""
    if text.isascii():
        return Mended(text)
    first: Mended | None = None
    number = 0
    for _ in range(PASSES):
        mended = _once(text)
        if not mended.number:
            break
        first, number, text = first or mended, number + mended.number, mended.text
    return Mended(text, number, first.line, first.was, first.now) if first else Mended(text)


def _once(text: str) -> Mended:
    found: list[tuple[int, str, str]] = []

    def replacing(decide: Callable[[re.Match[str]], str]) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            now = decide(match)
            if now != match[0]:
                found.append((match.string.count("\n", 0, match.start()) + 1 if not found else 0, match[0], now))
            return now

        return replace

    for reading in (_WESTERN, _MACINTOSH):
        before = len(found)
        text = reading.run.sub(replacing(partial(_run, reading)), text)
        text = reading.sign.sub(replacing(partial(_sign, reading)), text)
        # Two letters alone prove little; beside damaged signs they do.
        has_proof = len(found) > before
        if reading is _WESTERN:
            text = reading.letter.sub(replacing(partial(_western_letter, has_proof)), text)
        elif has_proof:
            text = reading.letter.sub(replacing(_macintosh_letter), text)
    text = _HEADLESS.sub(replacing(_headless), text)
    if not found:
        return Mended(text)
    line, was, now = found[0]
    return Mended(text, len(found), line, was, now)


def _run(reading: _Reading, match: re.Match[str]) -> str:
    """Four and more in a row that are UTF-8 to the last are nothing else, if they give Latin letters and signs."""
    now = reading.decode(match[0])
    return now if now and all(character < "\u02e0" or _SIGNS.match(character) for character in now) else match[0]


def _sign(reading: _Reading, match: re.Match[str]) -> str:
    now = reading.decode(match[0])
    return now if len(now) == 1 and _SIGNS.match(now) and _is_assigned(now) else match[0]


def _western_letter(has_proof: bool, match: re.Match[str]) -> str:
    """A letter or sign of Latin-1. Behind a capital it may be the end of a word in capitals: “IRMÃ” is a word."""
    text, at = match.string, match.start()
    previous, following = text[at - 1 : at], text[match.end() : match.end() + 1]
    if previous.isupper() and not following.islower():
        return match[0]
    is_punctuation = not ("\u00a1" <= match[0][1] <= "\u00bf") or match[0][1] in "»«"
    if is_punctuation and not (has_proof or previous.islower() or following.islower()):
        return match[0]
    return _latin(_WESTERN, match[0])


def _macintosh_letter(match: re.Match[str]) -> str:
    """The same for a Macintosh, where a root is mathematics unless it stands inside of a word."""
    is_mathematics = match[0][0] == "√" and match[0][1] in _MATHEMATICS
    if is_mathematics and not match.string[match.start() - 1 : match.start()].islower():
        return match[0]
    return _latin(_MACINTOSH, match[0])


def _latin(reading: _Reading, damaged: str) -> str:
    now = reading.decode(damaged)
    return now if len(now) == 1 and "\u00a0" <= now <= "\u00ff" else damaged


def _headless(match: re.Match[str]) -> str:
    now = _MACINTOSH.decode(f"\uf8ff{match[0]}")
    return now if len(now) == 1 and _SIGNS.match(now) and _is_assigned(now) else match[0]


def _is_assigned(character: str) -> bool:
    return unicodedata.category(character) != "Cn"
