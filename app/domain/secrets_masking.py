"""Secrets in pasted text, found and covered before anything is stored. A help, not a promise.

Nothing here looks back over what it has passed by more than a fixed number of letters: a hostile text costs no more
than any other of its length.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import log2

MASK = "[masked]"
# What is covered may end where something new begins; more rounds than this no text has needed.
ROUNDS = 8

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Masked:
    """A text with its secrets covered, and how many places were."""

    text: str
    places: int


_PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,60}-----")
_KEY = re.compile(
    r"(?:pass(?:word|wd|phrase|code|wort)|kennwort|(?<![a-z])pass(?![a-z])|(?<![a-z])pw(?![a-z])|pwd|secret|token|credentials?|session[_-]?id|jsessionid"
    r"|(?:api|access|private|account|shared|signing|encryption)[_-]?key|(?<![a-z])sig(?:nature)?(?![a-z]))",
    re.IGNORECASE,
)
_REST_OF_KEY = re.compile(r"[\w.-]{0,40}")
_BETWEEN = re.compile(r"[\"']?\s{0,20}(?::=|=>|=|%3[dD]|:|(?<!\s)>)\s{0,20}")
_CALL = re.compile(r"\(\s{0,5}(?=[\"'])")
_AS_FLAG = re.compile(r"\s{1,5}(?=[^\s-])")
_BEGINS_LINE = re.compile(r"\s{0,40}(?:-\s{1,10}|export\s{1,10}|set\s{1,10})?[\w.-]{0,60}\Z", re.IGNORECASE)
_HEADER = re.compile(r"(?:proxy-)?authorization|(?:set-)?cookie|x-(?:api-key|auth-token|csrf-token)", re.IGNORECASE)
_SCHEME = re.compile(r"(?:bearer|basic|digest|token|apikey|negotiate)\s{1,5}", re.IGNORECASE)
_IDENTIFIED = re.compile(
    r"\bidentified\s{1,5}(?:with\s{1,5}\S{1,60}\s{1,5})?(?:by|as)\s{1,5}(?:password\s{1,5})?(?=[\"'])", re.IGNORECASE
)
_LOGIN = re.compile(r"://[^\s/?#@:\"'<>]{0,200}:")
_LOGIN_ENDS = re.compile(r"[\s\"'<>/]")
_DSN = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}:(?P<secret>[^\s:@/\"']{1,128})@(?:tcp\(|unix\(|[\w.-]{1,100}[:/])", re.IGNORECASE
)
_MYSQL = re.compile(r"\b(?:mysql|mariadb)", re.IGNORECASE)
_MYSQL_FLAG = re.compile(r"(?<!\S)-p(?P<secret>[^\s]{1,200})")
_KNOWN = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Z])|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"
    r"|glpat-[\w-]{16,}|npm_[A-Za-z0-9]{20,}|xox[abeprs]-[\w-]{10,}|[sr]k_(?:live|test)_\w{16,}|sk-[\w-]{20,}|AIza[\w-]{30,}"
    r"|eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?)"
)
_BEARER = re.compile(r"\bbearer\s{1,5}(?P<secret>[\w.~+/=-]{8,})", re.IGNORECASE)
# A login on a command line, a password of sshpass, the address of a hook, a setting in XML.
_USER = re.compile(r"(?<!\S)(?:-u|--user)[ =]{1,3}[^\s:]{1,64}:(?P<secret>\S{1,200})")
_SSHPASS = re.compile(r"\bsshpass\s{1,3}-p\s{0,3}(?P<secret>\S{1,200})")
_HOOK = re.compile(r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[\w/-]{8,200})")
_SETTING = re.compile(
    r"key\s{0,3}=\s{0,3}[\"'][^\"']{0,40}(?:passw|secret|token|pwd)[^\"']{0,40}[\"']\s{1,5}value\s{0,3}=\s{0,3}[\"']"
    r"(?P<secret>[^\"']{1,300})",
    re.IGNORECASE,
)
_HINT = re.compile(r"secret|token|passw|credential|bearer|private.?key|api.?key", re.IGNORECASE)
_RUN = re.compile(r"(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{24,}={0,2}")
_QUOTE = re.compile("[\"']")
_ENDS = re.compile(r"[\s,;&)}<>\"'|]")


def mask_secrets(text: str) -> Masked:
    """The text with what looks like a secret covered."""
    text, places = _without_keys(text)
    lines = []
    for line in text.split("\n"):
        covered, number = _mask_line(line)
        lines.append(covered)
        places += number
    return Masked("\n".join(lines), places)


def _without_keys(text: str) -> tuple[str, int]:
    """Without the blocks of private keys; one that does not end goes on to the end of the text."""
    parts, at, places = [], 0, 0
    while begin := _PEM_BEGIN.search(text, at):
        end = _PEM_END.search(text, begin.end())
        parts += [text[at : begin.start()], MASK]
        at = end.end() if end else len(text)
        places += 1
    return "".join([*parts, text[at:]]), places


def _mask_line(line: str) -> tuple[str, int]:
    places = 0
    for _ in range(ROUNDS):
        spans = _merged(span for find in _FINDERS for span in find(line) if line[slice(*span)] not in {"", MASK})
        if not spans:
            break
        parts, at = [], 0
        for begin, end in spans:
            parts += [line[at:begin], MASK]
            at = end
        line = "".join([*parts, line[at:]])
        places += len(spans)
    return line, places


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _named(line: str) -> Iterator[Span]:
    """Values of what is called a password, a secret, a token: `key=value`, `key: value`, JSON, XML, a flag, a call."""
    at = 0
    while key := _KEY.search(line, at):
        after = _REST_OF_KEY.match(line, key.end())
        at = after.end() if after else key.end()
        is_flag = "--" in line[max(0, key.start() - 30) : key.start()].rpartition(" ")[2]
        between = _BETWEEN.match(line, at) or _CALL.match(line, at) or (_AS_FLAG.match(line, at) if is_flag else None)
        if between is None:
            continue
        is_alone = _BEGINS_LINE.match(line[max(0, key.start() - 120) : key.start()]) and key.start() <= 120
        span = _value(line, between.end(), to_end=bool(is_alone and not is_flag))
        yield span
        at = max(at, span[1])


def _value(line: str, begin: int, *, to_end: bool) -> Span:
    """A value in its quotes, without them; else up to the next blank or mark, or to the end of the line."""
    quote = line[begin : begin + 1]
    if quote in {'"', "'"}:
        return begin + 1, _closing(line, begin + 1, quote)
    if to_end:
        return begin, len(line.rstrip())
    end = _ENDS.search(line, begin)
    return begin, end.start() if end else len(line)


def _closing(line: str, begin: int, quote: str) -> int:
    """Where a quoted text ends: at its quote, unless a backslash stands before that; else with the line."""
    at = begin
    while (found := line.find(quote, at)) != -1:
        slashes = 0
        while slashes < 8 and line[found - 1 - slashes : found - slashes] == "\\" and found - 1 - slashes >= begin:
            slashes += 1
        if slashes % 2 == 0:
            return found
        at = found + 1
    return len(line)


def _headers(line: str) -> Iterator[Span]:
    """What stands behind the name of a header that carries a login or a session, to its quote or the end."""
    at = 0
    while header := _HEADER.search(line, at):
        at = header.end()
        between = _BETWEEN.match(line, at)
        if between is None:
            continue
        begin = between.end()
        quote = line[begin : begin + 1]
        if quote in {'"', "'"}:
            begin, end = begin + 1, _closing(line, begin + 1, quote)
        else:
            stop = _QUOTE.search(line, begin)
            end = stop.start() if stop else len(line.rstrip())
        scheme = _SCHEME.match(line, begin, end)
        yield (scheme.end() if scheme else begin, end)
        at = max(at, end)


def _logins(line: str) -> Iterator[Span]:
    """The password of an address such as `mysql://user:password@host`."""
    at = 0
    while login := _LOGIN.search(line, at):
        begin = at = login.end()
        # A password may hold the sign itself: the last one before the path counts.
        stop = _LOGIN_ENDS.search(line, begin, begin + 400)
        sign = line.rfind("@", begin, stop.start() if stop else begin + 400)
        if sign != -1:
            yield begin, sign
            at = sign


def _identified(line: str) -> Iterator[Span]:
    for found in _IDENTIFIED.finditer(line):
        yield found.end() + 1, _closing(line, found.end() + 1, line[found.end()])


def _by(pattern: re.Pattern[str], line: str) -> Iterator[Span]:
    group = "secret" if "secret" in pattern.groupindex else 0
    return (found.span(group) for found in pattern.finditer(line))


def _flags(line: str) -> Iterator[Span]:
    return _by(_MYSQL_FLAG, line) if _MYSQL.search(line) else iter(())


def _random(line: str) -> Iterator[Span]:
    """Long runs without order, on a line that speaks of secrets."""
    if _HINT.search(line):
        yield from (found.span() for found in _RUN.finditer(line) if _is_without_order(found[0]))


def _is_without_order(run: str) -> bool:
    letters = run[:200]
    if not any(sign.isdigit() for sign in letters) or not any(sign.isalpha() for sign in letters):
        return False
    shares = [number / len(letters) for number in Counter(letters).values()]
    return -sum(share * log2(share) for share in shares) >= 3.5


_PATTERNS = (_DSN, _KNOWN, _BEARER, _USER, _SSHPASS, _HOOK, _SETTING)
_FINDERS: tuple[Callable[[str], Iterator[Span]], ...] = (
    *(_named, _headers, _logins, _identified, _flags, _random),
    *(lambda line, pattern=pattern: _by(pattern, line) for pattern in _PATTERNS),
)
