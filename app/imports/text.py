"""Bytes that somebody sends as a text file: read whatever wrote them, mended, and never changed unsaid."""

import codecs
import re
from collections.abc import Iterable

from charset_normalizer import from_bytes

from app.domain.errors import InvalidInput
from app.domain.markdown_blocks import LINE_LIMIT, TOO_MANY_LINES
from app.imports.findings import count, name_lines
from app.imports.mojibake import mend

SIZE_LIMIT = 5 * 1024 * 1024
# Enough to tell an encoding by.
SAMPLE = 64 * 1024
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
LEGACY = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "koi8_r", "mac_roman", "shift_jis", "euc_jp", "gb18030"]
LEGACY += ["big5", "euc_kr", "cp437", "cp850"]
WESTERN = "cp1252"
BINARY = "This is no text file: save it as text (UTF-8) and try again."
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_HALF_MENDED = re.compile("ðŸ|â€|\u201aÄ|\uf8ffü")


def decode(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The text of a file with \\n at the ends of lines, and what was done to it, in sentences."""
    if len(data) > SIZE_LIMIT:
        raise InvalidInput(file=f"The file is larger than {SIZE_LIMIT // 1024 // 1024} MB: divide it into several.")
    if data.count(b"\n") > LINE_LIMIT:
        raise InvalidInput(file=TOO_MANY_LINES)
    warnings: list[str] = []
    text = _read(data, warnings).replace("\r\n", "\n").replace("\r", "\n")
    mended = mend(text)
    if mended.number:
        places = count(mended.number, "damaged character was", "damaged characters were")
        warnings.append(f"{places} put right, the first in line {mended.line:,}: “{mended.was}” is “{mended.now}”.")
    text = _without_controls(mended.text, warnings)
    if left := _lines_with(_HALF_MENDED, text):
        warnings.append(f"Some characters look damaged and could not be put right ({name_lines(left)}).")
    return text, tuple(warnings)


def _read(data: bytes, warnings: list[str]) -> str:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _marked(data[len(mark) :], encoding, warnings)
    return _unmarked(data, warnings)


def _unmarked(data: bytes, warnings: list[str]) -> str:
    if b"\0" in data:
        encoding = _wide(data)
        if not encoding:
            raise InvalidInput(file=BINARY)
        return _marked(data, encoding, warnings)
    if _is_binary(data):
        raise InvalidInput(file=BINARY)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _mixed(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"), warnings)


def _marked(data: bytes, encoding: str, warnings: list[str]) -> str:
    """What names its encoding itself; what does not fit it becomes U+FFFD, which is reported later."""
    if encoding == "utf-8":
        return _unmarked(data, warnings)
    text = data.decode(encoding, errors="replace")
    if "\0" in text:
        raise InvalidInput(file=BINARY)
    return text


def _wide(data: bytes) -> str:
    """UTF-16 without a mark, as every other byte of a text in Latin letters is nothing then."""
    sample = data[:SAMPLE]
    half = max(1, len(sample) // 2)
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if len(data) % 2 == 0 and max(even, odd) > half * 0.6 and min(even, odd) < half * 0.01:
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def _is_binary(data: bytes) -> bool:
    sample = data[:SAMPLE]
    controls = sum(sample.count(byte) for byte in [*range(1, 9), *range(14, 27), *range(28, 32)])
    return data.startswith(b"%PDF-") or controls > 8 + len(sample) // 50


def _mixed(lines: list[bytes], warnings: list[str]) -> str:
    """Line by line: UTF-8 where a line is that, else what the other lines look like together."""
    texts: list[str | None] = [_utf8(line) for line in lines]
    foreign = [number for number, text in enumerate(texts) if text is None]
    is_all = not any(text and not text.isascii() for text in texts)
    torn = {number for number in foreign if _has_utf8(lines[number])}
    encoding = _guess(b"\n".join(lines[number] for number in foreign if number not in torn))
    for number in foreign:
        is_torn = number in torn
        texts[number] = lines[number].decode("utf-8" if is_torn else encoding, "western" if is_torn else "replace")
    where = name_lines(number + 1 for number in foreign)
    what = "The file is" if is_all else "Parts of the file are"
    warnings.append(f"{what} not UTF-8 and read as {encoding} ({where}): look at the accents there.")
    return "\n".join(text or "" for text in texts)


def _utf8(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _has_utf8(line: bytes) -> bool:
    """Whether a line that is no UTF-8 as a whole holds some: then only its other bytes are another encoding's."""
    return any(len(character.encode()) > 2 for character in line.decode("utf-8", errors="ignore") if character > "\x7f")


def _western_byte(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    return fault.object[fault.start : fault.start + 1].decode(WESTERN, errors="replace"), fault.start + 1


codecs.register_error("western", _western_byte)


def _guess(sample: bytes) -> str:
    """The encoding that some lines are in; Western European unless there is enough text to tell otherwise."""
    if not sample:
        return WESTERN
    found = from_bytes(sample[:SAMPLE], cp_isolation=LEGACY).best()
    letters = sum(byte > 0x7F for byte in sample[:SAMPLE])
    return found.encoding if found and letters > 12 else WESTERN


def _without_controls(text: str, warnings: list[str]) -> str:
    lines = _lines_with(_CONTROLS, text)
    if not lines:
        return text
    plain, number = _CONTROLS.subn("", text)
    what = count(number, "unreadable or invisible character was", "unreadable or invisible characters were")
    warnings.append(f"{what} left out ({name_lines(lines)}).")
    return plain


def _lines_with(pattern: re.Pattern[str], text: str) -> Iterable[int]:
    if not pattern.search(text):
        return []
    return [number for number, line in enumerate(text.split("\n"), start=1) if pattern.search(line)]
