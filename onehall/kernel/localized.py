"""Words in several languages: a plain dict from language code to text, as stored in jsonb and written in packs."""

from collections.abc import Mapping

type Localized = dict[str, str]


def pick(value: Mapping[str, str] | str | None, language: str, default: str = "en") -> str:
    """The text in `language`, else in its base language, else in `default`, else any text; "" when there is none.

    A plain string is returned as it is. Empty texts count as missing, so a half-done translation never shows a hole.
    """
    if value is None or isinstance(value, str):
        return value or ""
    for code in (language, language.partition("-")[0], default, default.partition("-")[0]):
        text = value.get(code)
        if text:
            return text
    return next((text for text in value.values() if text), "")
