"""Tokens and password hashes."""

import secrets
from functools import cache
from hashlib import sha256
from importlib import import_module

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.domain.passwords import normalised

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def new_token() -> str:
    """A token that nobody can guess: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode()).digest()


def hash_password(password: str) -> str:
    """An Argon2id hash of the normalised password."""
    return _hasher.hash(normalised(password))


@cache
def _somebody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def is_password(password: str, stored: str | None) -> bool:
    """Whether the password fits. Takes as long when there is nobody to compare with."""
    try:
        return _hasher.verify(stored or _somebody(), normalised(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def known_passwords() -> frozenset[str]:
    """The most used passwords. The lists weigh 12 MB and are needed only when somebody chooses a password."""
    lists = import_module("zxcvbn.frequency_lists")
    return frozenset(lists.FREQUENCY_LISTS["passwords"])
