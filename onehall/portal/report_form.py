"""The report form: its fields come from the service's questions, its errors say what to do."""

import uuid
from collections.abc import Mapping
from typing import Any, override

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onehall.catalog import rules
from onehall.catalog.services import Question, ServiceDefinition, Stop
from onehall.kernel import cards
from onehall.kernel.localized import pick
from onehall.look.forms import Choice, TileChecks, Tiles

PREFIX = "q_"
"""Before a question's key in field names, so that a city's key can not collide with ours."""

MAX_WORDS = 4000
MAX_WHERE = 300
_FREE = ("where", "words", "name", "phone")
"""Fields that take any text; what the service's own questions take, its rules check."""


class ReportForm(forms.Form):
    """Words, place words, contact and the service's own questions.

    Photos and the picked place are kept beside it; `photos` and `where` only carry their errors.
    """

    key = forms.UUIDField(widget=forms.HiddenInput)
    photos = forms.Field(label=gettext_lazy("Photos"), required=False)
    where = forms.CharField(
        label=gettext_lazy("Type an address, a corner or a landmark"),
        required=False,
        max_length=MAX_WHERE,
    )
    words = forms.CharField(
        label=gettext_lazy("Anything else the crew should know?"),
        help_text=gettext_lazy(
            "What you write goes to the city's staff. It is not shown to the public."
        ),
        required=False,
        max_length=MAX_WORDS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    name = forms.CharField(
        label=gettext_lazy("Your name"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("Only for this report. You get a message when something happens."),
        required=False,
        error_messages={
            "invalid": gettext_lazy("Type an address like name@example.com, or leave it empty.")
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        help_text=gettext_lazy("So that the crew can call if they can not find the place."),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "class": "short"}),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        service: ServiceDefinition,
        language: str,
        default_language: str,
        staff: bool = False,
    ) -> None:
        super().__init__(data, initial={"key": uuid.uuid4()}, use_required_attribute=False)
        self.service = service
        self.language, self.default_language = language, default_language
        self.stop: Stop | None = None
        self.answers: dict[str, Any] = {}
        for question in service.questions:
            self.fields[PREFIX + question.key] = self._field(question)
        if not service.questions and service.place == "none":
            self.fields["words"].label = _("What is it about?")
            self.fields["words"].required = True
            self.fields["words"].error_messages["required"] = _("Write what it is about.")
        if staff:
            self.fields["priority"] = forms.TypedChoiceField(
                label=_("Priority"),
                choices=[(0, _("Normal")), (1, _("High")), (2, _("Urgent"))],
                coerce=int,
                required=False,
                empty_value=None,
            )

    def _text(self, words: Mapping[str, str] | str) -> str:
        return pick(words, self.language, self.default_language)

    def _field(self, question: Question) -> forms.Field:
        shared: dict[str, Any] = {
            "label": self._text(question.label),
            "help_text": self._text(question.hint),
            # Only for the words at the label: what is missing is decided by the catalogue's rules.
            "required": question.required,
        }
        choices = [
            (o.key, Choice(self._text(o.label), hint=self._text(o.hint), icon=o.icon))
            for o in question.options
        ]
        match question.type:
            case "choice":
                return forms.ChoiceField(
                    choices=choices, widget=Tiles(columns=_columns(question)), **shared
                )
            case "choices":
                return forms.MultipleChoiceField(
                    choices=choices, widget=TileChecks(columns="one"), **shared
                )
            case "yes_no":
                return forms.ChoiceField(
                    choices=[("yes", Choice(_("Yes"))), ("no", Choice(_("No")))],
                    widget=Tiles(),
                    **shared,
                )
            case "number":
                return forms.CharField(
                    max_length=20,
                    widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "short"}),
                    **shared,
                )
            case "date":
                return forms.CharField(
                    max_length=10, widget=forms.DateInput(attrs={"type": "date"}), **shared
                )
            case _:
                return forms.CharField(max_length=1000, **shared)

    @property
    def question_fields(self) -> list[tuple[Question, forms.BoundField, bool]]:
        """The service's questions in order, each with its field and whether it is asked now."""
        asked = {q.key for q in rules.visible_questions(self.service, self.answers)}
        return [
            (q, field := self[PREFIX + q.key], q.key in asked or bool(field.errors))
            for q in self.service.questions
        ]

    @override
    def clean(self) -> dict[str, Any]:
        """Check the answers by the catalogue's rules: only visible questions count."""
        cleaned: dict[str, Any] = super().clean() or {}
        raw = {q.key: self._raw(q) for q in self.service.questions}
        for question in self.service.questions:
            self.errors.pop(PREFIX + question.key, None)
        self.answers, errors, self.stop = rules.clean_answers(self.service, raw)
        for key, words in errors.items():
            self.add_error(PREFIX + key, words)
        self._refuse_null(raw)
        for name in _FREE:
            if name in cleaned and cards.card_number_in(str(cleaned[name])):
                self.add_error(name, cards.refusal())
        return cleaned

    def _refuse_null(self, raw: Mapping[str, list[str]]) -> None:
        for key, values in raw.items():
            if PREFIX + key not in self.errors and any("\x00" in value for value in values):
                self.add_error(
                    PREFIX + key, _("A sign in this text can not be stored. Type it again.")
                )

    def only(self, *names: str) -> bool:
        """Check as usual, then keep the errors of these fields alone; whether none is left.

        For the buttons that are not "send": what is still missing is no error yet.
        """
        self.is_valid()
        for name in [n for n in self.errors if n not in names]:
            del self.errors[name]
        self.stop = None
        return not self.errors

    def _raw(self, question: Question) -> list[str]:
        name = PREFIX + question.key
        data = self.data
        if hasattr(data, "getlist"):
            return [str(v) for v in data.getlist(name)]
        value = data.get(name)
        if value is None:
            return []
        return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _columns(question: Question) -> str:
    return (
        "three" if len(question.options) == 3 and all(o.icon for o in question.options) else "one"
    )
