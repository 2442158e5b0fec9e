"""The small forms of the status page: what was typed is checked here, before it meets the database."""

import uuid

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onehall.kernel import cards

MAX_WORDS = 4000


class WordsForm(forms.Form):
    """A message, a reason or a comment; emptiness is judged by the action that takes it."""

    words = forms.CharField(required=False, max_length=MAX_WORDS)


class AddressForm(forms.Form):
    """An e-mail address for news."""

    email = forms.EmailField(
        max_length=254,
        error_messages={
            "required": gettext_lazy("Type an address like name@example.com."),
            "invalid": gettext_lazy("Type an address like name@example.com."),
        },
    )


def words_of(request: HttpRequest, name: str) -> tuple[str, str]:
    """(what was typed in a field, what is wrong with it in words or "")."""
    typed = request.POST.get(name, "")
    form = WordsForm({"words": typed})
    if form.is_valid():
        words = str(form.cleaned_data["words"])
        return words, cards.refusal() if cards.card_number_in(words) else ""
    if len(typed) > MAX_WORDS:
        return typed, _("That is too long. Keep it under %(n)s characters.") % {"n": MAX_WORDS}
    return typed.replace("\x00", ""), _("A sign in this text can not be stored. Type it again.")


def address_of(request: HttpRequest) -> tuple[str, str]:
    """(the typed e-mail address, what is wrong with it in words or "")."""
    form = AddressForm(request.POST)
    if form.is_valid():
        return str(form.cleaned_data["email"]), ""
    return request.POST.get("email", "")[:254].replace("\x00", ""), str(form.errors["email"][0])


def optional_address(typed: str) -> tuple[str, str]:
    """(an e-mail address or "", what is wrong with it in words or ""): leaving it empty is fine."""
    form = AddressForm({"email": typed})
    if not typed or form.is_valid():
        return typed, ""
    return typed, _("Type an address like name@example.com, or leave it empty.")


def typed_address(request: HttpRequest) -> str:
    """What was typed as an e-mail address, as far as it can be stored; `optional_address` says whether it is one."""
    return request.POST.get("email", "").strip()[:254].replace("\x00", "")


def form_key(request: HttpRequest) -> uuid.UUID:
    """The key that makes two taps one deed: the form's, or a fresh one."""
    try:
        return uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        return uuid.uuid4()
