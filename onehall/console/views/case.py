"""The page of one case: what residents told us, the timeline, the next moves, and its map."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework import actions, following, presence
from onehall.casework import queries as casework
from onehall.casework.models import Case
from onehall.console import walk
from onehall.console.casepage import NEAR_METRES, Loaded, context, etag_of, load
from onehall.console.desk import draw, frame, staff_only
from onehall.console.trouble import Trouble
from onehall.console.views.work import next_stops
from onehall.look import maps
from onehall.look.doorway import CityRequest
from onehall.places import tiles
from onehall.service_requests import queries


@staff_only
@require_GET
def case(request: CityRequest, number: str) -> HttpResponse:
    """The whole page; `?part=live` answers the parts that change, `?see=` narrows the timeline."""
    try:
        loaded = load(request, number)
    except Http404:
        return _by_any_number(request, number)
    etag = etag_of(request, loaded)
    part = request.GET.get("part") == "live"
    if part and request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    if loaded.case.unread_reply:
        actions.read_replies(city=request.city, case_id=loaded.case.id, by=request.actor)
    response = page(request, loaded, Trouble(), part=part)
    if part:
        response.headers["ETag"] = etag
    return response


def _by_any_number(request: CityRequest, number: str) -> HttpResponse:
    """The number of a report that has no case of its own leads to the case it belongs to."""
    found = queries.case_of_number(request.actor, number)
    if found is None or found == number:
        raise Http404
    return redirect("console:case", number=found)


@staff_only
@require_GET
def case_map(request: CityRequest, number: str, scheme: str) -> HttpResponse:
    """A still map of the case and the open ones around it."""
    found = load(request, number).case
    if found.lon is None or found.lat is None:
        raise Http404
    shade = maps.shade(request.city, scheme)
    pins = [tiles.Pin(found.lon, found.lat)]
    for number_on_map, near in enumerate(_around(request, found), start=1):
        if near.lon is not None and near.lat is not None:
            pins.append(tiles.Pin(near.lon, near.lat, "other", str(number_on_map)))
    data = tiles.draw_still(
        request.city,
        found.lon,
        found.lat,
        width=640,
        height=280,
        zoom=17,
        dark=shade.dark,
        pins=pins,
        language=shade.language,
    )
    response = HttpResponse(data, content_type="image/webp")
    response.headers["Cache-Control"] = "private, max-age=300"
    return response


def _around(request: CityRequest, found: Case) -> list[Case]:
    if found.lon is None or found.lat is None:
        return []
    near = casework.open_near(
        request.city, found.lon, found.lat, metres=NEAR_METRES, public_only=False, limit=12
    )
    visible = set(
        Case.objects.visible_to(request.actor)
        .filter(pk__in=[n.case.pk for n in near])
        .values_list("pk", flat=True)
    )
    return [n.case for n in near if n.case.pk != found.pk and n.case.pk in visible][:6]


def page(
    request: CityRequest,
    loaded: Loaded,
    trouble: Trouble,
    *,
    part: bool = False,
    at_stop: bool = False,
) -> HttpResponse:
    """The case page, or the crew's page of it, with whatever a refused act brings along."""
    desk = frame(request)
    shown = context(request, desk, loaded, trouble)
    if at_stop:
        shown["at_stop"] = True
        shown["stops"] = next_stops(request, desk, loaded.case)
        shown["lookers"] = presence.others(loaded.case, desk.actor, now=desk.now)
        return draw(request, "console/stop.html", desk, shown, status=trouble.status)
    if not part:
        if shown["has_news_for_me"]:
            following.read_lines(by=desk.actor, now=desk.now, case_id=loaded.case.id)
        shown["walk"] = walk.walk(request, desk, loaded.case.number)
        shown["lookers"] = presence.others(loaded.case, desk.actor, now=desk.now)
    template = "console/case.html#live" if part else "console/case.html"
    response = draw(
        request,
        template,
        desk,
        shown,
        status=trouble.status,
        queue_id=loaded.case.queue_id,
    )
    walk.remember(request, response, loaded.case.number)
    return response


def done(request: CityRequest, number: str, words: str) -> HttpResponse:
    """Say what was done and go where the person came from, or to the case while they may see it."""
    back = request.POST.get("back", "")
    if not Case.objects.reachable_by(request.actor).filter(number=number).exists():
        gone = _("It is with another department now.")
        messages.success(request, f"{words} {gone}")
        return redirect("console:inbox")
    messages.success(request, words)
    if back.startswith("/desk") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    here = reverse("console:case", args=[number])
    kept = urlencode(walk.query_of(request))
    response = redirect(f"{here}?{kept}" if kept else here)
    if walk.COOKIE in request.COOKIES:
        response.delete_cookie(walk.COOKIE, path=here)
    return response
