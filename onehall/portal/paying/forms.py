"""What is typed to find a bill. Spaces, dashes and small letters are understood; what is wrong is said at its field."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _

from onehall.billing import rules
from onehall.billing.documents import Kind
from onehall.billing.looking_up import ways

MOST_TYPED: Final = 60
_TYPED: Final[Mapping[str, Any]] = {"autocomplete": "off", "spellcheck": "false"}


class LookUpForm(forms.Form):
    """Two facts, or the one number of a citation; which two is the `way`."""

    way = forms.CharField(widget=forms.HiddenInput, max_length=20)

    def __init__(self, data: Any = None, *, way: str) -> None:
        super().__init__(
            data, initial={"way": way}, auto_id=f"id_{way}_%s", use_required_attribute=False
        )
        self.kind_of_way = way
        for name, (label, hint, attrs) in _asked(way).items():
            self.fields[name] = forms.CharField(
                label=label,
                help_text=hint,
                max_length=MOST_TYPED,
                widget=forms.TextInput(attrs={**_TYPED, "class": "short", **attrs}),
                error_messages={"required": _("Type this, as it stands on the bill.")},
            )

    @property
    def title(self) -> str:
        """What somebody needs at hand for this way."""
        titles = {
            "account": _("Account number and ZIP code"),
            "last_amount": _("Account number and the amount of your last bill"),
            "code": _("Bill number and access code"),
            "number": _("Number on the bill"),
            "plate": _("License plate"),
        }
        return titles[self.kind_of_way]

    @property
    def facts(self) -> tuple[str, str]:
        """What was typed."""
        clean = self.cleaned_data
        return str(clean["first"]), str(clean.get("second", ""))

    @property
    def about(self) -> str:
        """Under which number tries are counted."""
        first, second = self.facts
        return rules.plain_number(first + second if self.kind_of_way == "plate" else first)


def _asked(way: str) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Fields as (label, hint, attributes)."""
    account = (_("Account number"), "", {"autocapitalize": "characters"})
    found = {
        "account": {
            "first": account,
            "second": (_("ZIP code"), _("Of the address that the bill is for."), {"inputmode": "numeric"}),
        },
        "last_amount": {
            "first": account,
            "second": (
                _("Amount of your last bill"),
                _("For example 84.20"),
                {"inputmode": "decimal"},
            ),
        },
        "code": {
            "first": (_("Bill number"), "", {"autocapitalize": "characters"}),
            "second": (
                _("Access code"),
                _("Eight letters and digits beside the bill number."),
                {"autocapitalize": "characters"},
            ),
        },
        "number": {"first": (_("Number"), "", {"autocapitalize": "characters"})},
        "plate": {
            "first": (
                _("State of the plate"),
                _("Two letters, for example CA"),
                {"autocapitalize": "characters", "maxlength": "3"},
            ),
            "second": (_("Plate"), "", {"autocapitalize": "characters"}),
        },
    }  # fmt: skip
    return found[way]


def forms_for(kind: Kind, data: Any = None, *, sent: str = "") -> list[LookUpForm]:
    """The forms of a kind of bill, one for each way; the one that was sent comes first, with what was typed."""
    known = ways(kind)
    order = sorted(known, key=lambda way: way != sent)
    return [LookUpForm(data if way == sent else None, way=way) for way in order]
