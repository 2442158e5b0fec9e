"""The fields that say how long what residents told is kept, of the city and of one service."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy

from onehall.places import retention
from onehall.setup import forms

WORDS: Final[Mapping[str, Any]] = {
    "contact": gettext_lazy("How they are reached"),
    "words": gettext_lazy("What they wrote"),
    "photos": gettext_lazy("Photos and files"),
    "archive_after": gettext_lazy("Archived after"),
}


def rows(doc: Mapping[str, Any], of_city: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """A field for each rule; `usual` is what the city says, where the fields are those of a service."""
    said = forms.mapped(doc.get("retention"))
    return [
        {
            "name": f"retention.{kind}",
            "word": WORDS[kind],
            "value": said.get(kind, ""),
            "usual": (of_city or {}).get(kind, ""),
        }
        for kind in retention.FIELDS
    ]
