"""The city's own facts: name, contact, languages, clock, numbers, colours, emergency words, addresses."""

from functools import partial
from typing import Any, Final
from zoneinfo import available_timezones

from django.http import HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from onehall.console.setup import kept
from onehall.console.setup.door import setup_only
from onehall.console.setup.editing import Editor, edit
from onehall.look.doorway import CityRequest
from onehall.places import brand, retention
from onehall.setup import city_facts, forms
from onehall.setup.checking import Checked
from onehall.setup.forms import Doc

COLOURS: Final = {
    "brand": gettext_lazy("Main color: links and buttons"),
    "brand-strong": gettext_lazy("Darker (at night lighter): when pressed"),
    "brand-ink": gettext_lazy("Words on the main color"),
    "brand-tint": gettext_lazy("Pale ground"),
    "brand-deep": gettext_lazy("Head of the page"),
    "brand-deep-ink": gettext_lazy("Words on the head"),
}
SHORT: Final = {
    "brand": gettext_lazy("main color"),
    "brand-strong": gettext_lazy("pressed color"),
    "brand-ink": gettext_lazy("its words"),
    "brand-tint": gettext_lazy("pale ground"),
    "brand-deep": gettext_lazy("head"),
    "brand-deep-ink": gettext_lazy("words of the head"),
    "paper": gettext_lazy("paper"),
    "ground": gettext_lazy("ground"),
    "ink": gettext_lazy("words of the page"),
    "lit": gettext_lazy("light of the head"),
}
SCHEMES: Final = {"light": gettext_lazy("By day"), "dark": gettext_lazy("By night")}


@require_http_methods(["GET", "POST"])
@setup_only
def city(request: CityRequest) -> HttpResponse:
    """The form of `city.yaml`."""
    editor = Editor(
        path="city.yaml",
        template="console/setup/city.html",
        tab="city",
        address="console:setup-city",
        marked=city_facts.marked,
        read=partial(city_facts.city, languages=request.city.languages),
        context=_context,
        fields=FIELDS,
    )
    return edit(request, editor)


FIELDS: Final = frozenset(
    {
        "name", "time_zone", "languages", "hosts", "numbering.width", "map.center", "map.zoom", "map.credit",
        "publishing", "retention", *(f"retention.{kind}" for kind in retention.FIELDS),
        "emergency.number", "emergency.words", "outside.words", "outside.contacts",
        *(f"contact.{key}" for key in ("phone", "text", "email", "url", "phone_hours", "address", "words")),
        *(f"brand.{scheme}.{name}" for scheme in city_facts.SCHEMES for name in brand.NAMES),
    }
)  # fmt: skip
"""Where a mistake can stand, also of a field that is empty."""


def _context(request: CityRequest, doc: Doc, _checked: Checked) -> dict[str, Any]:
    middle = forms.listed(forms.mapped(doc.get("map")).get("center"))
    contacts = forms.listed(forms.mapped(doc.get("outside")).get("contacts"))
    now = request.city
    return {
        "doc": doc,
        "contact": forms.mapped(doc.get("contact")),
        "emergency": forms.mapped(doc.get("emergency")),
        "outside": forms.mapped(doc.get("outside")),
        "contacts": [
            {"name": f"outside.contacts.{n}", "doc": contact}
            for n, contact in enumerate(contacts)
            if isinstance(contact, dict)
        ],
        "spoken": ", ".join(map(str, forms.listed(doc.get("languages")))),
        "hosts": "\n".join(map(str, forms.listed(doc.get("hosts")))),
        "zones": sorted(z for z in available_timezones() if "/" in z or z == "UTC"),
        "width": forms.mapped(doc.get("numbering")).get("width", ""),
        "lon": middle[0] if middle else "",
        "lat": middle[1] if len(middle) > 1 else "",
        "zoom": forms.mapped(doc.get("map")).get("zoom", ""),
        "credit": forms.mapped(doc.get("map")).get("credit", ""),
        "kept": kept.rows(doc),
        "two_people": forms.mapped(doc.get("publishing")).get("two_people") is True,
        "schemes": [_scheme(doc, key) for key in city_facts.SCHEMES],
        "another_zone": doc.get("time_zone") != now.time_zone,
        "another_tongue": forms.listed(doc.get("languages")) != now.languages,
        "zone_now": now.time_zone,
        "tongues_now": ", ".join(now.languages),
    }


def _scheme(doc: Doc, key: str) -> dict[str, Any]:
    found = city_facts.scheme(doc, key)
    return {
        "key": key,
        "word": SCHEMES[key],
        "colours": found.colours,
        "fields": [
            {
                "name": f"brand.{key}.{name}",
                "key": name,
                "word": word,
                "value": found.chosen.get(name, ""),
                "usual": brand.DEFAULTS[key][name],
                "colour": found.colours[name],
            }
            for name, word in COLOURS.items()
        ],
        "pairs": [
            {
                "text": SHORT[p.text],
                "ground": SHORT[p.ground],
                "text_key": p.text,
                "ground_key": p.ground,
                "ratio": f"{int(p.ratio * 100) / 100:.2f}",
                "least": f"{p.least:g}",
                "good": p.good,
            }
            for p in found.pairs
        ],
    }
