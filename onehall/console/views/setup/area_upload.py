"""A layer from a file: sent, looked at, its key and names chosen, taken over into the draft."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from onehall.console.setup import area_map, area_page
from onehall.console.setup.area_page import Layer
from onehall.console.setup.door import page, setup_only
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.places.pack import foreign
from onehall.places.pack.foreign import FileRefused, Foreign
from onehall.places.pack.gis.sent import Hints
from onehall.setup import area_forms, area_uploads, queries
from onehall.setup.area_models import AreaUpload
from onehall.setup.area_uploads import NUMBERED
from onehall.setup.errors import Overtaken, SetupRefused

HINTS: Final = ("layer", "crs", "encoding")
SAMPLE: Final = 8
"""Areas that are shown as they would be named."""


@require_POST
@setup_only
def send(request: CityRequest, stem: str) -> HttpResponse:
    """Take in a file; what can not be used is told, and nothing of the layer is changed."""
    found = _layer(request, stem)
    upload = request.FILES.get("file")
    if upload is None:
        messages.warning(request, _("Choose a file."))
        return redirect("console:setup-layer", stem=stem)
    hints = Hints(**{name: area_page.text_of(request, name)[:80] for name in HINTS})
    data = upload.read(area_uploads.MOST_BYTES + 1)
    try:
        row, _found = area_uploads.keep(
            city=request.city,
            stem=found.stem,
            name=area_page.printable(upload.name or ""),
            data=data,
            hints=hints,
            by=request.actor,
            now=read_clock(),
        )
    except FileRefused as no:
        return _refused(request, found, str(no), no.advice, hints)
    except SetupRefused as no:
        return _refused(request, found, str(no), "", hints)
    return redirect("console:setup-area-upload", stem=stem, pk=row.pk)


def _layer(request: CityRequest, stem: str) -> Layer:
    found = area_page.layer(queries.draft_view(request.city), stem)
    if found is None or found.doc is None:
        raise Http404
    return found


def _refused(
    request: CityRequest, found: Layer, words: str, advice: str, hints: Hints
) -> HttpResponse:
    context: dict[str, Any] = {"stem": found.stem, "words": words, "advice": advice}
    context |= {"hints": hints, "hinting": True}
    context |= area_page.sending()
    return page(
        request,
        "console/setup/area_refused.html",
        context,
        tab="areas",
        trail=_trail(request, found),
        status=422,
    )


def _trail(request: CityRequest, found: Layer) -> tuple[tuple[str, str], ...]:
    return (
        (_("Areas"), reverse("console:setup-areas")),
        (area_page.title(request, found), reverse("console:setup-layer", args=[found.stem])),
        (_("From a file"), ""),
    )


@require_http_methods(["GET", "POST"])
@setup_only
def upload(request: CityRequest, stem: str, pk: int) -> HttpResponse:
    """Which property is the key, which the name; then take the areas over."""
    found = _layer(request, stem)
    row = area_uploads.one(request.city, found.stem, pk)
    if row is None:
        raise Http404
    inside = foreign.read(row.text, request.city.bounds)
    languages = request.city.languages
    if request.method == "GET":
        chosen = {languages[0]: inside.likely_name()}
        return _show(request, found, row, inside, inside.likely_key() or NUMBERED, chosen)
    key = request.POST.get("key", "")
    names = {code: request.POST.get(f"name.{code}", "") for code in languages}
    made = area_uploads.mapped(inside, key=key, names=names, languages=languages)
    instead = request.POST.get("how") != "beside"
    if made.wrong or request.POST.get("do") == "show":
        status = 422 if made.wrong and request.POST.get("do") != "show" else 200
        return _show(request, found, row, inside, key, names, instead=instead, status=status)
    doc = area_forms.taken_over(found.doc or {}, made.areas, instead=instead)
    try:
        area_page.keep(request, found.stem, area_forms.write(doc), area_page.seen_of(request))
    except SetupRefused as no:
        return _show(
            request, found, row, inside, key, names, instead=instead, refused=no, status=409
        )
    area_uploads.drop(row)
    words = ngettext(
        "%(n)s area is in the draft.", "%(n)s areas are in the draft.", len(made.areas)
    )
    messages.success(request, words % {"n": len(made.areas)})
    return redirect("console:setup-layer", stem=found.stem)


def _show(
    request: CityRequest,
    found: Layer,
    row: AreaUpload,
    inside: Foreign,
    key: str,
    names: dict[str, str],
    *,
    instead: bool = True,
    refused: SetupRefused | None = None,
    status: int = 200,
) -> HttpResponse:
    languages = request.city.languages
    made = area_uploads.mapped(inside, key=key, names=names, languages=languages)
    choices = [
        (name, f"{name}: {', '.join(values)}"[:120]) for name, values in inside.choices().items()
    ]
    drawn = [
        (area_page.say(request, name) or code, shape, False) for code, name, shape in made.areas
    ]
    context: dict[str, Any] = {
        "stem": found.stem,
        "title": area_page.title(request, found),
        "row": row,
        "count": len(inside.found),
        "repairs": [_repair(what, n) for what, n in inside.repaired.items() if n],
        "turned_from": inside.turned_from,
        "doubt": inside.doubt,
        "left_out": foreign.listed(inside.refused),
        "left_out_count": len(inside.refused),
        "keys": [*choices, (NUMBERED, _("none: number them"))],
        "key": key,
        "names": [
            (
                code,
                [("", _("nothing")), *choices, (NUMBERED, _("the key itself"))],
                names.get(code, ""),
            )
            for code in languages
        ],
        "wrong": made.wrong,
        "joined": made.joined,
        "sample": [
            (code, [name.get(language, "") for language in languages])
            for code, name, _shape in made.areas[:SAMPLE]
        ],
        "more": max(0, len(made.areas) - SAMPLE),
        "languages": languages,
        "instead": instead,
        "has_areas": bool(area_page.areas_of(request, found)),
        "seen": refused.version if isinstance(refused, Overtaken) else found.file.version,
        "refused": refused,
        "picture": area_map.picture(request.city, drawn) if drawn else None,
    }
    trail = _trail(request, found)
    return page(
        request, "console/setup/area_upload.html", context, tab="areas", trail=trail, status=status
    )


def _repair(what: str, n: int) -> str:
    words = {
        foreign.SWAPPED: ngettext(
            "Latitude stood before longitude; %(n)s area was turned.",
            "Latitude stood before longitude; %(n)s areas were turned.",
            n,
        ),
        foreign.CLOSED: ngettext(
            "The outline of %(n)s area was open and was closed.",
            "The outlines of %(n)s areas were open and were closed.",
            n,
        ),
        foreign.UNTANGLED: ngettext(
            "The outline of %(n)s area crossed itself and was put right. Look at the drawing.",
            "The outlines of %(n)s areas crossed themselves and were put right. Look at the drawing.",
            n,
        ),
        foreign.CONVERTED: ngettext(
            "The corners of %(n)s area were in meters of a web map and are degrees now.",
            "The corners of %(n)s areas were in meters of a web map and are degrees now.",
            n,
        ),
    }
    return words[what] % {"n": n}
