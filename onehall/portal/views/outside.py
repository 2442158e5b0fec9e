"""The page of an outside body: what it needs of one case, and its answer, by a secret link and without an account."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from onehall.casework import handing, photos
from onehall.casework import queries as casework
from onehall.casework.errors import CaseworkRefused
from onehall.casework.handing import MOST_PHOTOS, LinkOver
from onehall.casework.models import Case, HandOver, Photo
from onehall.catalog.queries import catalogue
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.kernel.photos import PhotoRefused
from onehall.look.doorway import CityRequest
from onehall.people.actor import system
from onehall.portal.limits import too_many
from onehall.portal.uploads import read_upload
from onehall.portal.views.photos import SIZES, picture_of
from onehall.portal.views.places import draw
from onehall.service_requests import queries
from onehall.service_requests.models import ServiceRequest
from onehall.service_requests.saying import answers_in_words


@dataclass
class Tried:
    """What was sent and refused, to be shown again."""

    error: str = ""
    words: str = ""
    status: int = 200


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def case(request: CityRequest, token: str) -> HttpResponse:
    """Place, words and photos of the case, how far it is, and the answers. 404 for a link that is over."""
    if too_many(request, "outside", limit=120, seconds=600):
        return _show_over(request, status=429)
    given = _given(request, token)
    if given is None:
        return _show_over(request, status=404)
    if request.method == "POST":
        return _answer(request, given)
    if request.GET.get("seen") != "no" and given.opened_at is None:
        handing.opened(city=request.city, hand_over_id=given.pk, now=read_clock())
    return _show(request, given, Tried())


@login_not_required
@require_GET
def picture(request: CityRequest, token: str, scheme: str) -> HttpResponse:
    """The map around the place."""
    given = _given(request, token)
    if given is None or given.case.lon is None or given.case.lat is None:
        raise Http404
    response = draw(request, given.case.lon, given.case.lat, scheme)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@login_not_required
@require_GET
def photo(request: CityRequest, token: str, photo: uuid.UUID, size: str) -> HttpResponse:
    """A photo of the case, as long as the link works."""
    given = _given(request, token)
    found = [p for p in _photos(given.case) if p.key == photo] if given is not None else []
    if not found or size not in SIZES:
        raise Http404
    return picture_of(request, found[0], size, keep=False)


def _given(request: CityRequest, token: str) -> HandOver | None:
    return handing.by_token(request.city, token, now=read_clock())


def _answer(request: CityRequest, given: HandOver) -> HttpResponse:
    words = request.POST.get("words", "").replace("\x00", "")
    pictures, refused = _pictures(request)
    if refused:
        return _show(request, given, Tried(" ".join(refused), words, 422))
    try:
        handing.answer(
            city=request.city,
            token=given.token,
            what=request.POST.get("do", "words"),
            words=words,
            pictures=pictures,
            now=read_clock(),
        )
    except LinkOver as over:
        return _show(request, given, Tried(str(over), words, 409))
    except CaseworkRefused as no:
        return _show(request, given, Tried(str(no), words, 422))
    messages.success(request, _("Thank you. The city sees your answer."))
    return redirect("portal:outside", token=given.token)


def _pictures(request: CityRequest) -> tuple[list[Photo], list[str]]:
    """Cleaned pictures that are not stored on the case yet, and what was refused in words."""
    kept, refused = [], []
    for upload in request.FILES.getlist("photos")[:MOST_PHOTOS]:
        if not upload.size and not upload.name:
            continue
        try:
            kept.append(
                photos.take_in(
                    read_upload(upload),
                    city_id=request.city.pk,
                    kind=Photo.Kind.AFTER,
                    by=system(request.city.pk),
                    now=read_clock(),
                )
            )
        except PhotoRefused as no:
            refused.append(f"{upload.name}: {no}")
    return kept, refused


def _show(request: CityRequest, given: HandOver, tried: Tried) -> HttpResponse:
    city, found, language = request.city, given.case, request.LANGUAGE_CODE
    default = city.languages[0]
    listed = catalogue(city)
    service = listed.by_id(found.service_id)
    reports = queries.reports_of(found)
    context: dict[str, Any] = {
        "given": given,
        "case": found,
        "service": pick(service.name, language, default),
        "body": pick(given.body.name, language, default),
        "told": [r.words for r in reports if r.words][:10],
        "answers": answers_in_words(service, reports, language, default),
        "contact": _contact(given, reports),
        "photos": _photos(found),
        "open": given.ended_at is None,
        "tried": tried,
        "most_photos": MOST_PHOTOS,
        "phone": (city.contact or {}).get("phone", ""),
    }
    return render(request, "portal/outside_body.html", context, status=tried.status)


def _contact(given: HandOver, reports: list[ServiceRequest]) -> tuple[str, str] | None:
    """Name and phone of whoever reported it, only where the service shares them."""
    if not given.shares_contact or given.ended_at is not None:
        return None
    person = next((r.person for r in reports if r.person and r.person.phone), None)
    return (person.name, person.phone) if person else None


def _photos(found: Case) -> list[Photo]:
    """Photos of the case, without those that their sender and the staff alone may see."""
    return [p for p in casework.photos_of([found.pk]) if not p.is_private][:12]


def _show_over(request: CityRequest, *, status: int) -> HttpResponse:
    return render(request, "portal/outside_over.html", {"busy": status == 429}, status=status)
