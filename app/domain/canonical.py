"""The one form in which facts are hashed, signed and kept: canonical JSON, RFC 8785.

Of what the RFC knows only the part that is used here: text, whole numbers, yes and no, nothing, lists and objects. In
that part the encoder of the standard library, told to leave no space, writes the same bytes as the RFC says; a test
compares the two. What is outside is refused, not guessed.
"""

import json

# Beyond it a reader who takes numbers for doubles would read another one.
LARGEST = 2**53 - 1

_SORTING = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"), sort_keys=True)
_AS_IT_COMES = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


def canonical(value: object) -> bytes:
    """The canonical bytes of a value. ValueError for what has none here: a fraction, a large number, half a letter."""
    _check(value)
    text = _SORTING.encode(value)
    # The encoder sorts names by letter, the RFC by halves of UTF-16: the same where all is ASCII.
    return (text if text.isascii() else _AS_IT_COMES.encode(_in_order(value))).encode()


def _check(value: object) -> None:
    if isinstance(value, dict):
        for name, part in value.items():
            if not isinstance(name, str):
                raise ValueError(f"{name!r} is no name in canonical JSON")  # noqa: TRY004 (it is the value that is wrong)
            if type(part) is not str:
                _check(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _check(part)
    elif value is not None and not isinstance(value, str):
        _check_number(value)


def _check_number(value: object) -> None:
    if not isinstance(value, int) or not -LARGEST <= value <= LARGEST:
        raise ValueError(f"{value!r} has no canonical form here")


def _in_order(value: object) -> object:
    if isinstance(value, dict):
        by_units = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be", "surrogatepass"))
        return {name: _in_order(part) for name, part in by_units}
    return [_in_order(part) for part in value] if isinstance(value, list | tuple) else value
