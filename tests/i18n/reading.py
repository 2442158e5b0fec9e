"""How hard a text is to read: the Flesch-Kincaid grade, roughly, for the words of resident pages."""

import re

from babel.messages.catalog import Message

LIMIT = 8.0
SHORT = 8
"""Texts of up to so many words are labels; the formula says nothing about them."""

STAFF_ROOMS = (
    "console/",
    "api/",
    "cli/",
    "service_requests/importing/",
    "people/",
    "casework/actions.py",
    "casework/joining.py",
    "casework/steps.py",
    "casework/photos.py",
    "casework/rules.py",
    "places/models.py",
)

# Message: why it may be harder to read.
EXCEPTIONS: dict[str, str] = {}

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|#")
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_VOWELS = re.compile(r"[aeiouy]+")


def is_for_residents(message: Message) -> bool:
    """Whether a message stands in a place that residents read."""
    found = [path.removeprefix("./") for path, _line in message.locations]
    return any(not path.startswith(STAFF_ROOMS) and not path.endswith("apps.py") for path in found)


def syllables(word: str) -> int:
    """About how many syllables a word has."""
    small = word.lower().replace("'", "")
    count = len(_VOWELS.findall(small))
    silent_e = small.endswith("e") and not small.endswith("le")
    silent_ed = small.endswith("ed") and not small.endswith(("ted", "ded"))
    if silent_e or silent_ed:
        count -= 1
    return max(1, count)


def grade(text: str) -> float:
    """The school grade that a text asks for; 0 for a label of a few words."""
    plain = _PLACEHOLDER.sub("it", text)
    words = _WORD.findall(plain)
    if len(words) <= SHORT:
        return 0.0
    # A colon, a semicolon and a closing sign each end a thought, as a full stop does.
    sentences = [s for s in re.split(r"[.!?:;]+(?:\s|$)", plain) if _WORD.search(s)]
    spoken = sum(syllables(word) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * spoken / len(words) - 15.59
