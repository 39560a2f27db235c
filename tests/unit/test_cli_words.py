"""What a command says where something outside is in the way."""

import pytest

from app.cli_words import in_words
from app.domain.errors import NotFound


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (
            FileNotFoundError(2, "No such file or directory", "none.md"),
            "none.md cannot be used: No such file or directory.",
        ),
        (OSError(28, "No space left on device"), "The disk cannot be used: No space left on device."),
        (NotFound("There is no such thing."), "There is no such thing."),
    ],
)
def test_a_fault_from_outside_ends_a_command_with_its_sentence(fault: Exception, sentence: str):
    @in_words
    def command() -> None:
        raise fault

    with pytest.raises(SystemExit) as end:
        command()

    assert end.value.code == sentence


def test_whoever_reads_only_the_first_lines_is_told_of_no_disk():
    @in_words
    def command() -> None:
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        command()
