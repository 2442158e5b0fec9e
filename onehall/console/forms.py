"""What a move asks for, as a form. Whether it is enough is the engine's to say; its words land here."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _

from onehall.casework import rules
from onehall.catalog.flows import Move

FIELD_OF: Final = {
    "words": "words",
    "message": "words",
    "reason": "reason",
    "after_photo": "photos",
    "handed_to": "handed_to",
    "outcome": "outcome",
    "forced": "reason",
}
"""The field that a need is given in."""


class ManyPhotos(forms.FileInput):
    """Choose several pictures at once."""

    allow_multiple_selected = True


class MoveForm(forms.Form):
    """The fields of one move. Ids begin with the key of the move, so that a page may hold several."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        move: Move,
        outcomes: Iterable[tuple[str, str]],
        outcome_widget: forms.Widget,
        waiting: bool = False,
    ) -> None:
        super().__init__(data, auto_id=f"{move.key}_%s", use_required_attribute=False)
        self.move = move
        if move.purpose == "close":
            self._add_close(list(outcomes), outcome_widget)
        elif move.needs & {"words", "message"}:
            need = "message" if "message" in move.needs else "words"
            label = (
                _("What do you need from the resident?") if need == "message" else _("Your words")
            )
            self.fields["words"] = _text(label, need)
        if waiting and move.purpose == "close" and "reason" not in move.needs:
            self.fields["reason"] = _text(
                _("Why it ends while a part is open, for the staff"), "forced"
            )
            self.fields["reason"].required = False
        if "reason" in move.needs:
            self.fields["reason"] = _text(_("Reason"), "reason")

    def _add_close(self, outcomes: list[tuple[str, str]], widget: forms.Widget) -> None:
        first = outcomes[0][0] if outcomes else ""
        self.fields["outcome"] = forms.ChoiceField(
            label=_("How did it end?"),
            choices=outcomes,
            widget=widget,
            initial=first,
            error_messages={
                "required": rules.need_words("outcome"),
                "invalid_choice": rules.need_words("outcome"),
            },
        )
        self.fields["photos"] = forms.FileField(
            label=_("Photo of the finished work"),
            required=False,
            widget=ManyPhotos(attrs={"accept": "image/*", "multiple": True, "class": "in"}),
        )
        self.fields["words"] = _text(_("One line for the resident"), "words")
        self.fields["handed_to"] = forms.CharField(
            label=_("Who has it now, if it was passed on"),
            required=False,
            max_length=rules.MAX_WORDS,
            widget=forms.TextInput(attrs={"maxlength": 200}),
        )

    def refuse(self, words: str, missing: Iterable[str]) -> None:
        """Put the engine's refusal at its fields; without a field it stands in the summary alone."""
        self.is_valid()
        named = [n for n in missing if FIELD_OF.get(n) in self.fields]
        for need in named:
            field = FIELD_OF[need]
            if not self.has_error(field):
                self.add_error(field, rules.need_words(need))
        if not named:
            self.add_error(None, words)

    def refuse_photo(self, words: str) -> None:
        """Say at the photo what is wrong with it, and nothing else yet."""
        self.is_valid()
        self.errors.clear()
        self.add_error("photos" if "photos" in self.fields else None, words)


def _text(label: str, need: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=rules.MAX_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": rules.need_words(need), "max_length": rules.too_long()},
    )


def draft_of(text: str) -> uuid.UUID | None:
    """The key under which a form keeps its photos; None when it is not one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
