"""Report a problem: choose what, then one form that works with and without a script."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods

from onehall.casework import clock, photos
from onehall.casework import queries as casework
from onehall.casework.errors import CaseworkRefused
from onehall.catalog.queries import Catalogue, catalogue
from onehall.catalog.search import Hit, find_services
from onehall.kernel.clock import now as read_clock
from onehall.look.context import languages
from onehall.look.doorway import CityRequest
from onehall.places.models import City
from onehall.places.sides import Side
from onehall.portal import paused, picked, reading, sides, things
from onehall.portal.around import near_assets, near_cases, place_note
from onehall.portal.jswords import report_words
from onehall.portal.limits import too_many
from onehall.portal.paying import about_bills
from onehall.portal.picked import Picked
from onehall.portal.reading import Page
from onehall.portal.report_form import MAX_WHERE, PREFIX
from onehall.service_requests import actions, learning, notices
from onehall.service_requests.actions import Contact, NewRequest
from onehall.service_requests.models import ServiceRequest


@login_not_required
@require_GET
def choose(request: CityRequest) -> HttpResponse:
    """What is it about: search in one's own words, a few common tiles, everything by heading."""
    city = request.city
    listed = catalogue(city)
    text = request.GET.get("q", "").strip()[:200]
    hits = _found(city, listed, text, request.LANGUAGE_CODE) if text else []
    context = {
        "q": text,
        "hits": [h.service for h in hits],
        "common": listed.common,
        "groups": listed.groups,
        "calling": reading.is_call(request),
    }
    return render(request, "portal/choose.html", context)


def _found(city: City, listed: Catalogue, text: str, language: str) -> list[Hit]:
    """Services for words: those of the catalogue, and what the staff's corrections taught."""
    evidence = learning.learned(city, now=read_clock()).about(text)
    shares = {key: one.share for key, one in evidence.items()}
    return find_services(listed, text, language, learned=shares)


@login_not_required
@cache_control(private=True, max_age=0)
@require_http_methods(["GET", "POST"])
def form(request: CityRequest, service_key: str, action: str = "") -> HttpResponse:
    """The one page of a report. Every button of it saves the photos and keeps what was typed.

    `action` is where the form is sent to when it is shown at another address than its own.

    A browser may keep it for its back button: then the same key comes again, and with it the same record.
    """
    service = reading.service_for(request, service_key)
    page = reading.page_of(request, service)
    page.action = action
    if (answer := _paused(request, page)) is not None:
        return answer
    if request.method == "GET":
        _carried_place(request, page)
        _carried_bill(request, page)
        return _show(request, page)
    if request.POST.get("website"):
        # A field that people do not see: whoever fills it is a machine.
        return redirect("portal:home")
    key = reading.key_of(page.form)
    if key is None:
        return redirect("portal:report", service_key=service_key)
    does = request.POST.get("do", "send")
    reading.describe_photos(request, key)
    if does.startswith("remove:"):
        reading.remove_photo(request, key, does.removeprefix("remove:"))
    reading.keep_photos(request, page, key)
    reading.find_place(request, page)
    if does.startswith("follow:"):
        return _follow(request, page, key, does.removeprefix("follow:"))
    if does == "send":
        return _send(request, page, key)
    page.form.only()
    return _show(request, page, status=_say_refused(page))


def _paused(request: CityRequest, page: Page) -> HttpResponse | None:
    """What residents get while the city takes no reports about this; photos that came are kept as a draft's."""
    instead = notices.instead_of(request.city, page.service.key, read_clock())
    if instead is None or page.calling:
        return None
    if request.method == "POST" and (key := reading.key_of(page.form)) is not None:
        reading.keep_photos(request, page, key)
    return paused.page(request, page.service, instead)


def _say_refused(page: Page) -> int:
    """Put what was refused of the photos into the form; the status that the answer then has."""
    for words in page.refused:
        page.form.add_error("photos", words)
    return 422 if page.refused else 200


def _send(request: CityRequest, page: Page, key: uuid.UUID) -> HttpResponse:
    """Check everything, record it once, and go to its page."""
    page.form.is_valid()
    if page.form.stop is not None:
        page.form.errors.clear()
        return _show(request, page, status=422)
    _say_refused(page)
    where = page.form.cleaned_data.get("where", "")
    _require_place(page, where)
    if page.form.errors or page.outside:
        return _show(request, page, status=422)
    if things.is_news(request, page.service, page.place):
        page.form.add_error(
            None,
            _("Somebody told us about this one already. Follow that report below, or send yours."),
        )
        return _show(request, page, status=409)
    if too_many(request, "report", limit=60, seconds=600):
        return _too_many(request, page)
    city, new = request.city, reading.new_request(request, page, key, where)
    page.sides = sides.asked(city, page.service, new, now=read_clock())
    if page.sides and not sides.is_answer(page.sides, page.side):
        page.side_error = _("Say on which side it is. It decides who comes.")
        page.form.add_error(None, page.side_error)
        return _show(request, page, status=422)
    new = sides.answered(new, page.service, page.sides, page.side)
    try:
        sent = actions.submit(city=city, new=new, by=request.actor, now=read_clock())
    except CaseworkRefused as no:
        page.form.add_error(None, str(no))
        return _show(request, page, status=409)
    return _go_to(request, page, sent)


def _require_place(page: Page, where: str) -> None:
    if page.service.place == "none" or page.place or page.outside or "where" in page.form.errors:
        return
    if page.candidates:
        page.form.add_error("where", _("Choose the place that you mean."))
    elif words := things.lost_number(page.service, where):
        page.form.add_error("where", words)
    elif page.service.place == "required" and not where:
        page.form.add_error(
            "where", _("Say where it is: an address, a corner, a landmark, or in your own words.")
        )


def _too_many(request: CityRequest, page: Page) -> HttpResponse:
    page.form.add_error(
        None,
        _(
            "Many reports came from your connection. Wait a few minutes and send again. Nothing is lost."
        ),
    )
    return _show(request, page, status=429)


def _follow(request: CityRequest, page: Page, key: uuid.UUID, number: str) -> HttpResponse:
    """Follow an open case near by instead of making a twin; photos and words go along."""
    _look_around(request, page)
    offered = [*(n.case for n in page.near), *(t.case for t in page.told)]
    near = next((case for case in offered if case.number == number), None)
    page.form.only("words", "name", "email", "phone")
    _say_refused(page)
    if near is None:
        words = _("That report is no longer open near here. You can send your own.")
        page.form.add_error(None, words)
    if near is None or page.form.errors:
        return _show(request, page, status=409 if near is None else 422)
    if too_many(request, "report", limit=60, seconds=600):
        return _too_many(request, page)
    clean = page.form.cleaned_data
    try:
        sent = actions.follow(
            city=request.city,
            case_id=near.id,
            key=key,
            words=clean["words"],
            contact=Contact(name=clean["name"], email=clean["email"], phone=clean["phone"]),
            language=request.LANGUAGE_CODE,
            by=request.actor,
            now=read_clock(),
        )
    except CaseworkRefused as no:
        page.form.add_error(None, str(no))
        return _show(request, page, status=409)
    return _go_to(request, page, sent)


def _go_to(request: CityRequest, page: Page, sent: ServiceRequest) -> HttpResponse:
    if page.calling:
        messages.success(request, _("Recorded as %(number)s.") % {"number": sent.number})
        return redirect(f"/desk/cases/{sent.case.number}")
    return redirect(f"{reverse('portal:status', args=[sent.token])}?sent=1")


def _show(request: CityRequest, page: Page, *, status: int = 200) -> HttpResponse:
    city, now = request.city, read_clock()
    service = page.service
    key = reading.key_of(page.form) if request.method == "POST" else None
    if key is not None:
        page.photos = photos.drafts(city, key)
    _look_around(request, page)
    context: dict[str, Any] = {
        "page": page,
        "form": page.form,
        "service": service,
        "key": page.form["key"].value(),
        "fresh": request.method == "GET",
        "full": len(page.photos) >= photos.MAX_PHOTOS,
        "promised": clock.due(service.promise, now, casework.calendar_of(city)),
        "usual_days": casework.usual_days(city, service.id, now=now),
        "picked": picked.sign(page.place) if page.place else "",
        "place_note": place_note(page.place, city, request.LANGUAGE_CODE) if page.place else "",
        "sides": sides.shown(page.sides, page.side, request.LANGUAGE_CODE, city.languages[0]),
        "unsure": sides.UNSURE,
        "candidates": [(picked.sign(picked.of(c)), c) for c in page.candidates],
        "bounds": city.bounds,
        "middle": city.center,
        "zoom": city.zoom,
        "js_words": report_words(things=bool(service.asset)),
        "spoken": []
        if service.is_offered_in(request.LANGUAGE_CODE)
        else [one for one in languages(request, city) if one.code in service.languages],
    }
    return render(request, "portal/report.html", context, status=status)


def _carried_place(request: CityRequest, page: Page) -> None:
    """Where the address says it is: a signed pick, or words to look up, as from an earlier report."""
    place = picked.read(request.GET.get("pick", ""))
    if page.service.place == "none":
        return
    if place is not None and reading.inside(request.city, place):
        page.place = place
    elif painted := request.GET.get("thing", "")[:MAX_WHERE]:
        # The page of a thing, or the sticker on it, says which one it is.
        page.place = things.by_number(request, page.service, painted)
    page.asset = page.place.asset_code if page.place else ""
    page.form.initial["where"] = request.GET.get("where", "")[:MAX_WHERE]


def _carried_bill(request: CityRequest, page: Page) -> None:
    """Which bill it is about, as the page of the bill says: its number stands in the form already."""
    given = request.GET.get("bill", "")[:400]
    about = about_bills.read(request.city, given)
    if about is not None:
        page.bill = given
        page.form.initial[PREFIX + about_bills.QUESTION] = about[1]


def _look_around(request: CityRequest, page: Page) -> None:
    """What lies near the place: only for a page that is shown, a report that is sent does not wait for it."""
    if page.place is not None:
        page.told = things.told(request, page.service, page.place)
        page.near = near_cases(request, page.service, page.place, but=page.told)
        page.sides = page.sides or _sides(request, page, page.place)
        page.assets = near_assets(request, page.service, page.place)


def _sides(request: CityRequest, page: Page, place: Picked) -> list[Side]:
    """The sides to ask about, as far as the form is filled in."""
    if not page.service.side_layer:
        return []
    told = NewRequest(
        key=uuid.uuid4(),
        service_key=page.service.key,
        answers=page.form.answers,
        place=picked.case_place(request.city, place, ""),
        channel=reading.channel(page),
    )
    return sides.asked(request.city, page.service, told, now=read_clock())
