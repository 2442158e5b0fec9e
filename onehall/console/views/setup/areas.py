"""The layers of areas: what there is and how many open cases lie where, a new layer, one layer, what publishing does."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from onehall.casework import redistricting
from onehall.console.setup import area_map, area_page
from onehall.console.setup.area_page import Layer
from onehall.console.setup.door import page, setup_only, trail_of
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.places.models import LIMIT_LAYER
from onehall.places.pack.gis.sent import Hints
from onehall.setup import actions, area_forms, area_moves, checking, queries
from onehall.setup.area_models import AreaMove
from onehall.setup.city_forms import key_of
from onehall.setup.errors import SetupRefused

SECONDS: Final = 5.0
"""How long the cases are counted for the page of areas."""


@require_http_methods(["GET", "POST"])
@setup_only
def areas(request: CityRequest) -> HttpResponse:
    """Every layer, and the form for a new one."""
    if request.method == "GET":
        return _areas(request)
    label = area_page.words_of(request, "label")
    limit = request.POST.get("what") == "limit"
    key = LIMIT_LAYER.replace("_", "-") if limit else key_of(label)
    view = queries.draft_view(request.city)
    stems = [area_forms.stem_of(f.path) for f in view.of_kind("area") if f.text is not None]
    refused = _new_refused(label, key, stems, request.city.language)
    stem = area_forms.new_stem(key, stems)
    if not refused:
        text = area_forms.write(area_forms.blank(label))
        held = view.files.get(area_forms.path_of(stem))
        try:
            area_page.keep(request, stem, text, held.version if held else 0)
        except SetupRefused as no:
            refused = str(no)
    if refused:
        return _areas(request, refused=refused, label=label, status=422)
    messages.success(request, _("The layer is in the draft. Draw its areas, or upload them."))
    return redirect("console:setup-layer", stem=stem)


def _new_refused(label: dict[str, str], key: str, stems: list[str], language: str) -> str:
    if language not in label:
        return _("Write what the layer is called, at least in the first language.")
    if not key or not key[0].isalpha():
        return _("The name of a layer begins with a letter.")
    if key.replace("-", "_") in {area_forms.layer_of(stem) for stem in stems}:
        return _("There is a layer with that name already.")
    return ""


def _areas(
    request: CityRequest,
    *,
    refused: str = "",
    label: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    city = request.city
    view = queries.draft_view(city)
    counts = redistricting.open_by_area(city)
    layers = area_page.layers(view)
    context: dict[str, Any] = {
        "layers": [area_page.shown(request, layer, counts) for layer in layers],
        "has_limit": any(layer.is_limit for layer in layers),
        "languages": city.languages,
        "label": label or {},
        "refused": refused,
        "now": read_clock(),
        **area_page.move_context(request),
    }
    if view.touches_areas:
        checked = checking.shown(city, view)
        found = [p for p in checked.problems if p.file.startswith("areas")]
        context |= {"touched": True, "problems": found}
        if not found:
            context |= area_page.effect_context(request, view, checked, seconds=SECONDS)
    return page(request, "console/setup/areas.html", context, tab="areas", status=status)


@require_http_methods(["GET", "POST"])
@setup_only
def layer(request: CityRequest, stem: str) -> HttpResponse:
    """One layer: its name, its areas, and the ways to more of them."""
    view = queries.draft_view(request.city)
    found = area_page.layer(view, stem)
    if found is None:
        raise Http404
    if found.doc is None:
        # It can not be read as areas: the text says where.
        return redirect("console:setup-text", path=found.file.path)
    if request.method == "GET":
        return _layer(request, found)
    try:
        return _changed(request, found)
    except SetupRefused as no:
        return _layer(request, found, refused=no, status=409 if area_page.overtaken(no) else 422)


def _changed(request: CityRequest, found: Layer) -> HttpResponse:
    """What a button of the page does; `SetupRefused` with nothing lost."""
    doc, button, seen = found.doc or {}, request.POST.get("do", "save"), area_page.seen_of(request)
    if button == "drop":
        actions.remove_file(
            city=request.city, path=found.file.path, seen=seen, by=request.actor, now=read_clock()
        )
        messages.success(request, _("The layer leaves with the draft."))
        return redirect("console:setup-areas")
    act, _colon, number = button.partition(":")
    if act == "remove":
        if not number.isdecimal() or len(number) > 6:
            raise Http404
        doc = area_forms.without(doc, int(number))
    else:
        label = area_page.words_of(
            request, "label", area_forms.label_of(doc, request.city.language)
        )
        doc = area_forms.labelled(doc, label, public="public" in request.POST)
    area_page.keep(request, found.stem, area_forms.write(doc), seen)
    messages.success(request, _("Saved in the draft."))
    return redirect("console:setup-layer", stem=found.stem)


def _layer(
    request: CityRequest, found: Layer, *, refused: SetupRefused | None = None, status: int = 200
) -> HttpResponse:
    view = queries.draft_view(request.city)
    counts = redistricting.open_by_area(request.city)
    label = area_forms.label_of(found.doc or {}, request.city.language)
    if refused is not None and request.POST.get("do") == "save":
        label = area_page.words_of(request, "label", label)
    problems = []
    if found.file.in_draft:
        problems = checking.shown(request.city, view).of_file(found.file.path)
    shown = area_page.shown(request, found, counts)
    context = shown | {
        "layer": shown,
        "languages": request.city.languages,
        "label": label,
        "public": area_forms.is_public(found.doc or {}),
        "problems": problems,
        "refused": refused,
        "seen": found.file.version,
        "path": found.file.path,
        "hints": Hints(),
        "hinting": False,
        **area_page.sending(),
        **area_page.live_map(request, reverse("console:setup-shapes", args=[found.stem])),
    }
    return page(
        request,
        "console/setup/layer.html",
        context,
        tab="areas",
        trail=trail_of("areas", context["title"]),
        status=status,
    )


@require_GET
@setup_only
def shapes(request: CityRequest, stem: str) -> HttpResponse:
    """The areas of a layer with their names, for the live map."""
    found = area_page.layer(queries.draft_view(request.city), stem)
    if found is None or found.doc is None:
        raise Http404
    features = [
        {
            "type": "Feature",
            "properties": {
                "n": a.n,
                "name": area_page.say(request, a.name) or a.code,
                "tone": at % area_map.TONES,
            },
            "geometry": a.geometry,
        }
        for at, a in enumerate(area_page.areas_of(request, found))
        if a.geometry is not None
    ]
    answer = JsonResponse({"type": "FeatureCollection", "features": features})
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
@setup_only
def move(request: CityRequest, pk: int) -> HttpResponse:
    """Stop the work of putting open cases into the new areas, or go on with it."""
    step = area_moves.stop if request.POST.get("do") == "stop" else area_moves.resume
    try:
        row = step(city=request.city, pk=pk, by=request.actor, now=read_clock())
    except AreaMove.DoesNotExist as gone:
        raise Http404 from gone
    except SetupRefused as no:
        messages.warning(request, str(no))
        return redirect("console:setup-areas")
    if row.state == AreaMove.State.STOPPED:
        words = ngettext(
            "Stopped after %(n)s case. The others keep the areas they have until it goes on.",
            "Stopped after %(n)s cases. The others keep the areas they have until it goes on.",
            row.looked_at,
        )
        messages.success(request, words % {"n": row.looked_at})
    else:
        messages.success(request, _("It goes on in a moment."))
    return redirect("console:setup-areas")
