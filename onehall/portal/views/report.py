"""Report a problem: choose what, then one form that works with and without a script."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods

from onehall.casework import clock, photos
from onehall.casework import queries as casework
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Photo
from onehall.casework.queries import NearCase
from onehall.catalog.queries import Catalogue, UnknownService, catalogue
from onehall.catalog.search import Hit, find_services
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.clock import now as read_clock
from onehall.kernel.photos import PhotoRefused
from onehall.look.context import languages
from onehall.look.doorway import CityRequest
from onehall.places import queries as places
from onehall.places.models import City
from onehall.places.queries import FoundPlace
from onehall.places.sides import Side
from onehall.portal import paused, picked, sides, things
from onehall.portal.around import near_assets, near_cases, place_note
from onehall.portal.jswords import report_words
from onehall.portal.limits import too_many
from onehall.portal.picked import Picked
from onehall.portal.report_form import MAX_WHERE, ReportForm
from onehall.portal.things import Told
from onehall.portal.uploads import read_upload
from onehall.service_requests import actions, learning, notices
from onehall.service_requests.actions import Contact, NewRequest
from onehall.service_requests.models import ServiceRequest

SURE = 95
"""Score from which words that were looked up mean one place."""
SAID = "alt_"
"""Before a photo's key in the name of the field with its words."""


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
        "calling": _calling(request),
    }
    return render(request, "portal/choose.html", context)


def _found(city: City, listed: Catalogue, text: str, language: str) -> list[Hit]:
    """Services for words: those of the catalogue, and what the staff's corrections taught."""
    evidence = learning.learned(city, now=read_clock()).about(text)
    shares = {key: one.share for key, one in evidence.items()}
    return find_services(listed, text, language, learned=shares)


@dataclass
class Page:
    """What the form page shows besides the form."""

    service: ServiceDefinition
    form: ReportForm
    place: Picked | None = None
    candidates: list[FoundPlace] = field(default_factory=list)
    outside: bool = False
    near: list[NearCase] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    assets: list[tuple[str, str, float, str]] = field(default_factory=list)
    asset: str = ""
    photos: list[Photo] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    calling: bool = False
    sides: list[Side] = field(default_factory=list)
    side: str = ""
    side_error: str = ""


@login_not_required
@cache_control(private=True, max_age=0)
@require_http_methods(["GET", "POST"])
def form(request: CityRequest, service_key: str) -> HttpResponse:
    """The one page of a report. Every button of it saves the photos and keeps what was typed.

    A browser may keep it for its back button: then the same key comes again, and with it the same record.
    """
    service = service_for(request, service_key)
    page = _page(request, service)
    if (answer := _paused(request, page)) is not None:
        return answer
    if request.method == "GET":
        _carried_place(request, page)
        return _show(request, page)
    if request.POST.get("website"):
        # A field that people do not see: whoever fills it is a machine.
        return redirect("portal:home")
    key = _key(page.form)
    if key is None:
        return redirect("portal:report", service_key=service_key)
    action = request.POST.get("do", "send")
    _describe_photos(request, key)
    if action.startswith("remove:"):
        _remove(request, key, action.removeprefix("remove:"))
    _keep_photos(request, page, key)
    _find_place(request, page)
    if action.startswith("follow:"):
        return _follow(request, page, key, action.removeprefix("follow:"))
    if action == "send":
        return _send(request, page, key)
    page.form.only()
    return _show(request, page, status=_say_refused(page))


def _paused(request: CityRequest, page: Page) -> HttpResponse | None:
    """What residents get while the city takes no reports about this; photos that came are kept as a draft's."""
    instead = notices.instead_of(request.city, page.service.key, read_clock())
    if instead is None or page.calling:
        return None
    if request.method == "POST" and (key := _key(page.form)) is not None:
        _keep_photos(request, page, key)
    return paused.page(request, page.service, instead)


def _page(request: CityRequest, service: ServiceDefinition) -> Page:
    city = request.city
    calling = _calling(request) and not service.is_internal
    filled = ReportForm(
        request.POST if request.method == "POST" else None,
        service=service,
        language=request.LANGUAGE_CODE,
        default_language=city.languages[0],
        staff=calling,
    )
    side = request.POST.get("side", "")[:60]
    return Page(service=service, form=filled, calling=calling, side=side)


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
    city, new = request.city, _new(request, page, key, where)
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


def _new(request: CityRequest, page: Page, key: uuid.UUID, where: str) -> NewRequest:
    """The checked form as a report."""
    clean = page.form.cleaned_data
    return NewRequest(
        key=key,
        service_key=page.service.key,
        words=clean["words"],
        answers=page.form.answers,
        place=picked.case_place(request.city, page.place, where),
        contact=_contact(request, page),
        language=request.LANGUAGE_CODE,
        channel=_channel(page),
        priority=clean.get("priority") or 0,
    )


def _contact(request: CityRequest, page: Page) -> Contact:
    """How to reach whoever asks; of the city's own staff we know it."""
    clean = page.form.cleaned_data
    if page.service.is_internal:
        return Contact(name=request.actor.name, email=getattr(request.user, "email", ""))
    return Contact(name=clean["name"], email=clean["email"], phone=clean["phone"])


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
    key = _key(page.form) if request.method == "POST" else None
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
    if place is not None and inside(request.city, place):
        page.place = place
    elif painted := request.GET.get("thing", "")[:MAX_WHERE]:
        # The page of a thing, or the sticker on it, says which one it is.
        page.place = things.by_number(request, page.service, painted)
    page.asset = page.place.asset_code if page.place else ""
    page.form.initial["where"] = request.GET.get("where", "")[:MAX_WHERE]


def _find_place(request: CityRequest, page: Page) -> None:
    """Settle where it is from what came: a signed pick, or words looked up in the gazetteer."""
    if page.service.place == "none":
        return
    where = request.POST.get("where", "").strip()[:MAX_WHERE]
    chosen = request.POST.get("candidate", "")
    place = picked.read(chosen) or picked.read(request.POST.get("pick", ""))
    if place is not None and (not where or chosen or where == place.words):
        page.place = place
    elif where and chosen != "words":
        _look_up(request, page, where)
    if page.place is not None and not inside(request.city, page.place):
        page.outside, page.place = True, None
    if page.place is None:
        return
    asset = picked.read(request.POST.get("asset", ""))
    if asset is not None and asset.asset_code and inside(request.city, asset):
        page.place, page.asset = asset, asset.asset_code


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
        channel=_channel(page),
    )
    return sides.asked(request.city, page.service, told, now=read_clock())


def inside(city: City, place: Picked) -> bool:
    """Whether a picked place lies in this city; a pick of another city's page does not."""
    return places.inside_limit(city, place.lon, place.lat)


def _look_up(request: CityRequest, page: Page, where: str) -> None:
    found = places.find_place(request.city, where, limit=5, language=request.LANGUAGE_CODE)
    sure = [f for f in found if f.score >= SURE]
    if len(sure) == 1 or (sure and sure[0].score > sure[1].score):
        page.place = picked.of(sure[0])
    else:
        page.candidates = found


def _keep_photos(request: CityRequest, page: Page, key: uuid.UUID) -> None:
    """Store what was uploaded with this press of a button; note in words what was refused."""
    for upload in request.FILES.getlist("photos")[: photos.MAX_PHOTOS + 1]:
        if not upload.size and not upload.name:
            continue
        try:
            photos.add_draft(
                city=request.city,
                draft_key=key,
                upload=read_upload(upload),
                by=request.actor,
                now=read_clock(),
            )
        except (PhotoRefused, CaseworkRefused) as no:
            page.refused.append(f"{upload.name}: {no}")


def _describe_photos(request: CityRequest, key: uuid.UUID) -> None:
    """Keep what was written below the photos of the tray."""
    said: dict[uuid.UUID, str] = {}
    for name in request.POST:
        photo = _uuid(name.removeprefix(SAID)) if name.startswith(SAID) else None
        if photo is not None:
            said[photo] = request.POST[name]
    if said:
        photos.describe_drafts(city=request.city, draft_key=key, words=said, now=read_clock())


def _remove(request: CityRequest, key: uuid.UUID, photo: str) -> None:
    photo_key = _uuid(photo)
    if photo_key is not None:
        photos.remove_draft(city=request.city, draft_key=key, key=photo_key, now=read_clock())


def service_for(request: CityRequest, key: str) -> ServiceDefinition:
    """The service, where this reader may ask for it; to strangers one of the staff's is not there."""
    try:
        found = catalogue(request.city).service(key)
    except UnknownService as unknown:
        raise Http404 from unknown
    if found.is_internal and not (request.actor.is_staff and request.actor.may("ask")):
        raise Http404
    return found


def _key(form: ReportForm) -> uuid.UUID | None:
    return _uuid(str(form.data.get("key", "")))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _calling(request: CityRequest) -> bool:
    asked = request.GET.get("call") or request.POST.get("call")
    return bool(asked) and request.actor.is_staff and request.actor.may("take_calls")


def _channel(page: Page) -> str:
    if page.service.is_internal:
        return ServiceRequest.Channel.STAFF
    return ServiceRequest.Channel.PHONE if page.calling else ServiceRequest.Channel.WEB
