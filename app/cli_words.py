"""How commands end when something is in the way: with a sentence instead of a trace."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from sqlalchemy.exc import SQLAlchemyError

from app.domain.errors import DomainError
from app.queries.health import fault_in_words

Given = ParamSpec("Given")
FAULTS = (SQLAlchemyError, DomainError, OSError)


def in_words(command: Callable[Given, None]) -> Callable[Given, None]:
    """End a command with a sentence where a setting, the database or the disk is in the way."""

    @wraps(command)
    def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except BrokenPipeError:
            raise  # whoever read along has seen enough: the caller ends without a word
        except FAULTS as fault:
            sys.exit(sentence_of(fault))

    return run


def sentence_of(fault: BaseException) -> str:
    """What went wrong, for whoever typed the command."""
    if isinstance(fault, SQLAlchemyError):
        return fault_in_words(fault)
    if isinstance(fault, DomainError):
        return fault.sentence
    if isinstance(fault, OSError):
        return f"{fault.filename or 'The disk'} cannot be used: {fault.strerror or fault}."
    return str(fault)
