"""What the form library says of its own accord, in our words: what is wrong, and what to do."""

from typing import Any

from wtforms.meta import DefaultMeta

NOT_OFFERED = "Choose one of what is offered: this is not, or no longer, among it."
NO_NUMBER = "Write a whole number, for example 12."
WORDS = {
    "Not a valid choice.": NOT_OFFERED,
    "Invalid Choice: could not coerce.": NOT_OFFERED,
    "Invalid choice(s): one or more data inputs could not be coerced.": NOT_OFFERED,
    "Not a valid integer value.": NO_NUMBER,
    "This field is required.": "Fill this in.",
    "Invalid input.": "This cannot be read. Type it again.",
}


class OurWords:
    """What stands where the library looks for another language."""

    def gettext(self, sentence: str) -> str:
        """One sentence."""
        return WORDS.get(sentence, sentence)

    def ngettext(self, one: str, several: str, number: int) -> str:
        """A sentence about a number of things."""
        return self.gettext(one if number == 1 else several)


class WordsMeta(DefaultMeta):
    """Part of how each of our forms works."""

    def get_translations(self, form: Any) -> OurWords:  # noqa: ARG002 - as the library calls it
        """Our words, whatever the form."""
        return OurWords()
