"""What the rules may answer instead of yes. The web layer maps each to one status code."""

# One sentence for what is not there and for what is hidden: the difference would tell that there is more.
UNSEEN = "There is no such thing here, or it is not yours to see."


class DomainError(Exception):
    """Base of all refusals; its text may be shown to the user."""

    # Whether the history has it already: it may pass several places that would write it down.
    is_remembered = False

    @property
    def sentence(self) -> str:
        """The refusal in words."""
        return str(self)


class NotFound(DomainError):
    """There is no such thing, or it is not this person's to see."""


class NotPermitted(DomainError):
    """The actor's role does not allow this."""


class NotYours(NotPermitted):
    """The rule of two people: whoever asked may not decide."""


class RuleViolation(DomainError):
    """The thing exists and the role allows it, but a rule forbids it now."""


class AskFirst(DomainError):
    """Nothing is refused: it is done once somebody has said that they mean it."""


class NoRoom(RuleViolation):
    """There is as much of it as there may be."""


class InvalidInput(DomainError):
    """What was typed cannot be taken; `fields` says which field and why."""

    def __init__(self, **fields: str) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class TooLarge(InvalidInput):
    """What was sent is larger than what is taken."""


class Harmful(RuleViolation):
    """A scanner found something in a file."""


class NotScanned(RuleViolation):
    """No scanner could look at a file, and without that it is not taken."""


class NotKept(DomainError):
    """The disk did not take it. Nothing was saved."""


class NotWritten(DomainError):
    """A file could not be made; `retry_after` is the number of seconds after which it may go, 0: not by waiting."""

    def __init__(self, sentence: str, *, retry_after: int = 0) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Damaged(DomainError):
    """A file on the disk is not the one that was added."""


class Conflict(DomainError):
    """The page was older than the thing: somebody else changed it meanwhile."""

    def __init__(self, sentence: str, *, theirs: str = "", yours: str = "") -> None:
        super().__init__(sentence)
        self.theirs = theirs
        self.yours = yours


class KeyReused(DomainError):
    """One idempotency key came with two different contents."""


class Gone(DomainError):
    """A one-time link was used, withdrawn or is too old; `advice` says what else may help."""

    def __init__(self, sentence: str, *, advice: str = "") -> None:
        super().__init__(sentence)
        self.advice = advice


class TooMany(DomainError):
    """Too many tries; `retry_after` is the number of seconds to wait."""

    def __init__(self, sentence: str, *, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Busy(DomainError):
    """The database did not answer in time. Whether it was saved is found out by sending it again: never done twice."""
