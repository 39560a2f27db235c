"""The words of a text by which another one like it is found."""

import re

# So many words tell what a text is about, and no statement gets longer than that.
WORDS_AT_MOST = 40
_WORD = re.compile(r"\w{3,40}")
# Words that stand in every report.
_COMMON = frozenset(
    {
        *("and", "are", "but", "can", "did", "does", "for", "from", "had", "has", "have", "how", "into", "its", "may"),
        *("more", "most", "not", "now", "off", "once", "only", "our", "out", "over", "since", "than", "that", "the"),
        *("their", "them", "then", "there", "these", "they", "this", "through", "too", "under", "until", "was"),
        *("were", "what", "when", "where", "which", "while", "who", "why", "will", "with", "would", "you", "your"),
        *("after", "again", "before", "error", "fails", "failed", "incident", "module"),
    }
)


def telling_words(text: str) -> list[str]:
    """The words that tell most, each once, in their order: letters and digits only, none that stands everywhere."""
    found = dict.fromkeys(word for word in _WORD.findall(text[:20_000].casefold()) if word not in _COMMON)
    return list(found)[:WORDS_AT_MOST]
