"""The page of one report: where it is, who has it, by when; messages, and the resident's verdict."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from onehall.casework import photos
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Photo
from onehall.catalog.queries import catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.kernel.photos import PhotoRefused
from onehall.look.doorway import CityRequest
from onehall.people.actor import resident
from onehall.portal import statusparts
from onehall.portal.limits import too_many
from onehall.portal.statusparts import Loaded
from onehall.portal.typed import address_of, words_of
from onehall.portal.uploads import read_upload
from onehall.portal.views.places import draw
from onehall.service_requests import actions, queries
from onehall.service_requests.actions import Contact


@login_not_required
@never_cache
@require_GET
def status(request: CityRequest, token: str) -> HttpResponse:
    """The whole page; `?part=live` answers only the part that changes, for open pages."""
    try:
        loaded = _load(request, token)
    except PermissionDenied:
        if request.user.is_authenticated:
            raise
        return redirect_to_login(request.get_full_path())
    part = request.GET.get("part") == "live"
    etag = statusparts.etag_of(request, loaded)
    if part and request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    context = statusparts.context(request, loaded)
    context["sent"] = request.GET.get("sent") == "1"
    template = "portal/status.html#live" if part else "portal/status.html"
    response = render(request, template, context)
    if part:
        response.headers["ETag"] = etag
    return response


@login_not_required
@require_GET
def picture(request: CityRequest, token: str, scheme: str) -> HttpResponse:
    """The map around the place of a report."""
    case = _load(request, token).case
    if case.lon is None or case.lat is None:
        raise Http404
    response = draw(request, case.lon, case.lat, scheme)
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@login_not_required
@require_GET
def status_json(request: CityRequest, token: str) -> HttpResponse:
    """State and dates of a report for programs and for pages that poll. One query."""
    city = request.city
    found = queries.standing(city, token)
    if found is None:
        raise Http404
    etag = f'"{found.case_id}-{found.lock}-{request.LANGUAGE_CODE}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    listed = catalogue(city)
    _only_staff(request, listed.by_id(found.service_id))
    state = listed.flow_version(found.flow_version_id).states[found.state]
    language, default = request.LANGUAGE_CODE, city.languages[0]
    body = {
        "number": found.number,
        "service": pick(listed.by_id(found.service_id).name, language, default),
        "state": pick(state.label, language, default),
        "category": state.category,
        "open": found.is_open,
        "due": found.due_at,
        "updated": found.updated_at,
        "v": found.lock,
    }
    response = JsonResponse(body)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@login_not_required
@require_POST
def write(request: CityRequest, token: str) -> HttpResponse:
    """A message to the city, with photos if wanted."""
    loaded = _load(request, token)
    words, wrong = words_of(request, "words")
    if too_many(request, "write", limit=60, seconds=600):
        wrong = wrong or _("Many messages came at once. Wait a few minutes.")
        return _again(request, loaded, write_error=wrong, words=words, status=429)
    if wrong:
        return _again(request, loaded, write_error=wrong, words=words, status=422)
    pictures, refused = _pictures(request, loaded)
    try:
        if words or pictures or not refused:
            actions.write(
                city=request.city,
                request=loaded.request,
                words=words,
                pictures=pictures,
                by=loaded.by,
                now=read_clock(),
            )
    except CaseworkRefused as no:
        return _again(request, loaded, write_error=str(no), words=words, status=422)
    if refused:
        return _again(request, loaded, write_error=" ".join(refused), words="", status=422)
    messages.success(request, _("Sent. You find it in the list above."))
    return redirect("portal:status", token=token)


@login_not_required
@require_POST
def verdict(request: CityRequest, token: str) -> HttpResponse:
    """Fixed, or not fixed."""
    loaded = _load(request, token)
    fixed = request.POST.get("answer") == "yes"
    reason, wrong = words_of(request, "reason")
    try:
        _refuse(wrong)
        actions.judge(
            city=request.city,
            request=loaded.request,
            fixed=fixed,
            reason=reason,
            by=loaded.by,
            now=read_clock(),
        )
    except CaseworkRefused as no:
        extra = {"verdict_error": str(no), "reason": reason, "ask_reason": not fixed}
        return _again(request, loaded, status=422, **extra)
    if fixed:
        messages.success(request, _("Thank you. Good that it is fixed."))
    else:
        messages.success(request, _("Thank you for telling us. The case is open again."))
    return redirect("portal:status", token=token)


@login_not_required
@require_POST
def rate(request: CityRequest, token: str) -> HttpResponse:
    """One to five, and a comment."""
    loaded = _load(request, token)
    comment, wrong = words_of(request, "comment")
    rating = request.POST.get("rating", "")
    try:
        _refuse(wrong)
        actions.rate(
            city=request.city,
            request=loaded.request,
            rating=int(rating) if rating in {"1", "2", "3", "4", "5"} else 0,
            comment=comment,
            by=loaded.by,
            now=read_clock(),
        )
    except CaseworkRefused as no:
        return _again(request, loaded, rate_error=str(no), comment=comment, status=422)
    messages.success(request, _("Thank you. The people who did the work read this."))
    return redirect("portal:status", token=token)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def news(request: CityRequest, token: str) -> HttpResponse:
    """Stop or start messages, or leave an address to get them. The link in a mail only asks."""
    loaded = _load(request, token)
    if request.method == "POST":
        return _set_news(request, loaded)
    return render(request, "portal/news.html", {"report": loaded.request})


def _set_news(request: CityRequest, loaded: Loaded) -> HttpResponse:
    report = loaded.request
    if "email" in request.POST:
        email, wrong = address_of(request)
        if not wrong and too_many(request, "address", limit=20, seconds=600):
            wrong = _("Many messages came at once. Wait a few minutes.")
        if wrong:
            return _again(request, loaded, news_error=wrong, typed_email=email, status=422)
        known = report.person
        contact = Contact(
            name=known.name if known else "", email=email, phone=known.phone if known else ""
        )
        try:
            actions.set_contact(
                city=request.city, request=report, contact=contact, now=read_clock()
            )
        except CaseworkRefused as no:
            return _again(request, loaded, news_error=str(no), typed_email=email, status=422)
        messages.success(request, _("We will write to you when something happens."))
    else:
        wanted = request.POST.get("wanted") == "yes"
        actions.set_news(city=request.city, request=report, wanted=wanted)
        again, ended = (
            _("You get messages again."),
            _("You get no more messages about this report."),
        )
        messages.success(request, again if wanted else ended)
    return redirect("portal:status", token=report.token)


def _load(request: CityRequest, token: str) -> Loaded:
    found = queries.told(request.city, token)
    if found is None:
        raise Http404
    listed = catalogue(request.city)
    case = found.request.case
    _only_staff(request, listed.by_id(case.service_id))
    return Loaded(
        found,
        case,
        listed.flow_version(case.flow_version_id),
        listed.by_id(case.service_id),
        resident(request.city.id, request_id=found.request.id),
    )


def _only_staff(request: CityRequest, service: ServiceDefinition) -> None:
    """What the city's own staff asked for opens to them alone, whoever else holds the link."""
    if service.is_internal and not request.actor.is_staff:
        raise PermissionDenied


def _pictures(request: CityRequest, loaded: Loaded) -> tuple[list[Photo], list[str]]:
    """Photos of a message as cleaned, not yet on the case, and what was refused, in words."""
    kept: list[Photo] = []
    refused: list[str] = []
    uploads = request.FILES.getlist("photos")
    for upload in uploads[: photos.MAX_PHOTOS]:
        try:
            kept.append(
                photos.take_in(
                    read_upload(upload),
                    city_id=request.city.id,
                    kind=Photo.Kind.MESSAGE,
                    by=loaded.by,
                    now=read_clock(),
                )
            )
        except PhotoRefused as no:
            refused.append(f"{upload.name}: {no}")
    if len(uploads) > photos.MAX_PHOTOS:
        refused.append(_("You can add up to %(n)s photos.") % {"n": photos.MAX_PHOTOS})
    return kept, refused


def _refuse(wrong: str) -> None:
    if wrong:
        raise CaseworkRefused(wrong)


def _again(request: CityRequest, loaded: Loaded, *, status: int, **extra: Any) -> HttpResponse:
    """The page once more with an error at its field and nothing lost."""
    fresh = _load(request, loaded.request.token or "")
    context = statusparts.context(request, fresh) | extra
    return render(request, "portal/status.html", context, status=status)
