"""One area of a layer: its key, its names, and its corners, drawn on the map or written."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from onehall.console.setup import area_map, area_page
from onehall.console.setup.area_page import Layer
from onehall.console.setup.door import page, setup_only
from onehall.kernel.localized import Localized
from onehall.look.doorway import CityRequest
from onehall.setup import area_forms, queries
from onehall.setup.area_forms import AreaView, Doc
from onehall.setup.errors import SetupRefused

MOST_DRAWN = 400
"""Corners that are shown one by one on the map."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What stands in the form."""

    code: str
    name: Localized
    corners: str
    shape: Doc | None
    seen: int


@require_http_methods(["GET", "POST"])
@setup_only
def area(request: CityRequest, stem: str) -> HttpResponse:
    """A new area, or the one whose number in the file the address names."""
    found = area_page.layer(queries.draft_view(request.city), stem)
    if found is None:
        raise Http404
    if found.doc is None:
        return redirect("console:setup-text", path=found.file.path)
    before = _area(request, found, request.GET.get("n", ""))
    if request.method == "GET":
        typed = Typed(
            code=before.code if before else "",
            name=before.name if before else {},
            corners=area_forms.corners(before.geometry if before else None),
            shape=before.geometry if before else None,
            seen=found.file.version,
        )
        return _show(request, found, before, typed)
    return _sent(request, found, _same(request, found, before))


def _same(request: CityRequest, found: Layer, before: AreaView | None) -> AreaView | None:
    """The area that the form was drawn from: others may have come or gone before it in the file since."""
    was = request.POST.get("was", "")
    if before is None or before.code == was:
        return before
    return next((a for a in area_page.areas_of(request, found) if a.code == was), None)


def _area(request: CityRequest, found: Layer, number: str) -> AreaView | None:
    """The area of the address; None for a new one."""
    if not number:
        return None
    areas = area_page.areas_of(request, found)
    if not number.isdecimal() or len(number) > 6:
        raise Http404
    chosen = next((a for a in areas if a.n == int(number)), None)
    if chosen is None and request.method == "GET":
        raise Http404
    return chosen or AreaView(n=-1, code="", name={}, geometry=None)


def _sent(request: CityRequest, found: Layer, before: AreaView | None) -> HttpResponse:
    shape, wrong = area_forms.shape_of(
        request.POST.get("corners", "")[:1_000_000], request.city.bounds
    )
    typed = Typed(
        code=area_page.text_of(request, "code"),
        name=area_page.words_of(request, "name", before.name if before else None),
        corners=request.POST.get("corners", ""),
        shape=shape,
        seen=area_page.seen_of(request),
    )
    errors = _errors(request, found, before, typed) | ({"corners": wrong} if wrong else {})
    if request.POST.get("do") == "show":
        drawn = {k: v for k, v in errors.items() if k == "corners"}
        return _show(request, found, before, typed, errors=drawn, status=422 if drawn else 200)
    if errors or shape is None:
        return _show(request, found, before, typed, errors=errors, status=422)
    doc = area_forms.put(
        found.doc or {}, before.n if before else None, typed.code, typed.name, shape
    )
    try:
        area_page.keep(request, found.stem, area_forms.write(doc), typed.seen)
    except SetupRefused as no:
        late = area_page.overtaken(no)
        if late is not None:
            typed = Typed(
                code=typed.code, name=typed.name, corners=typed.corners, shape=shape, seen=late.version
            )  # fmt: skip
        return _show(request, found, before, typed, refused=no, status=409 if late else 422)
    messages.success(request, _("Saved in the draft."))
    return redirect("console:setup-layer", stem=found.stem)


def _errors(
    request: CityRequest, found: Layer, before: AreaView | None, typed: Typed
) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not typed.code or len(typed.code) > area_forms.MOST_KEY:
        errors["code"] = [_("Write a key of at most 60 letters, such as 3 or north.")]
    taken = {
        a.code for a in area_page.areas_of(request, found) if before is None or a.n != before.n
    }
    if typed.code in taken:
        errors["code"] = [_("Another area of this layer has that key.")]
    if not typed.name.get(request.city.language):
        errors["name"] = [_("Write a name, at least in the first language.")]
    return errors


def _show(
    request: CityRequest,
    found: Layer,
    before: AreaView | None,
    typed: Typed,
    *,
    errors: dict[str, list[str]] | None = None,
    refused: SetupRefused | None = None,
    status: int = 200,
) -> HttpResponse:
    title = area_page.say(request, before.name) or before.code if before else _("A new area")
    above = area_page.title(request, found)
    others = [
        (area_page.say(request, a.name) or a.code, a.geometry, False)
        for a in area_page.areas_of(request, found)
        if before is None or a.n != before.n
    ]
    drawn = [*others, (typed.name.get(request.city.language) or title, typed.shape, True)]
    context: dict[str, Any] = {
        "title": title,
        "stem": found.stem,
        "above": above,
        "is_new": before is None,
        "before_code": before.code if before else "",
        "typed": typed,
        "languages": request.city.languages,
        "errors": errors or {},
        "refused": refused,
        "picture": area_map.picture(request.city, drawn),
        "most_drawn": MOST_DRAWN,
        "number": before.n if before else "",
        **area_page.live_map(request, reverse("console:setup-shapes", args=[found.stem])),
    }
    trail = (
        (_("Areas"), reverse("console:setup-areas")),
        (above, reverse("console:setup-layer", args=[found.stem])),
        (title, ""),
    )
    return page(
        request, "console/setup/area.html", context, tab="areas", trail=trail, status=status
    )
