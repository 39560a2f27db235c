"""A text of one line with its code, its bold and stressed words and its links set; everything else stays text."""

from markupsafe import Markup, escape

from app.domain.inline_text import PARTS


def set_words(text: str, *, has_links: bool = False) -> Markup:
    """The text as safe HTML. Inside of what is a link itself, other links are their words alone."""
    parts: list[Markup] = []
    at = 0
    for found in PARTS.finditer(text):
        parts.append(escape(text[at : found.start()]))
        at = found.end()
        if found["code"]:
            parts.append(Markup("<code>{}</code>").format(found["code"]))
        elif found["bold"]:
            parts.append(Markup("<strong>{}</strong>").format(set_words(found["bold"], has_links=has_links)))
        elif found["stress"]:
            parts.append(Markup("<em>{}</em>").format(set_words(found["stress"], has_links=has_links)))
        else:
            parts.append(_link(found["label"], found["address"], has_links=has_links))
    return Markup("").join([*parts, escape(text[at:])])


def set_words_with_links(text: str) -> Markup:
    """The same for places that are no link."""
    return set_words(text, has_links=True)


def _link(label: str, address: str, *, has_links: bool) -> Markup:
    words = set_words(label)
    return Markup('<a href="{}" rel="noreferrer nofollow">{}</a>').format(address, words) if has_links else words
