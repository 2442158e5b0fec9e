"""Records the reports that came while the database was away, as if they had been sent now: once each."""

import logging
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.http import Http404, HttpRequest, QueryDict
from django.utils import timezone, translation
from django.utils.datastructures import MultiValueDict

from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case
from onehall.kernel.database.lost import is_lost
from onehall.look.doorway import CityRequest
from onehall.people.actor import resident
from onehall.places.models import City
from onehall.places.queries import UnknownCity, city_for_host
from onehall.portal import agents, reading, sides
from onehall.portal.reading import Page
from onehall.service_requests import actions, waiting
from onehall.service_requests.actions import Contact
from onehall.service_requests.models import ServiceRequest
from onehall.service_requests.waiting import Damaged, Report

log = logging.getLogger(__name__)

AT_ONCE: Final = 200
"""Reports recorded in one run of the job."""
MOST_TRIES: Final = 20
"""So often one is tried that the database refuses for a passing reason, such as a deadlock."""

_tries: Counter[uuid.UUID] = Counter()


class NotAsItIs(Exception):
    """Only whoever sent it can say what is missing. `str()` names the fields, never what was typed."""


class NoAgent(Exception):
    """Who of the staff filled it in left meanwhile, or may not do so any more."""


@dataclass(slots=True)
class Run:
    """What became of the reports that were tried."""

    recorded: int = 0
    refused: int = 0
    again: int = 0
    """Those that the database refuses for the moment."""


def record_waiting(*, now: datetime) -> bool:
    """Record what waits, the oldest first; True when there is more. What is refused is put aside."""
    with waiting.alone() as mine:
        if not mine:
            return False
        found = waiting.keys()
        settle(found[:AT_ONCE], Run())
        waiting.forget_old(now=now)
        return len(found) > AT_ONCE


def settle(keys: Iterable[uuid.UUID], run: Run) -> None:
    """Try these of those that wait, and count in `run`. For one process at a time: `waiting.alone`.

    Raises what the database raises while it is away; `run` then says how far it came.
    """
    for key in keys:
        try:
            report = waiting.read(key)
        except Damaged:
            log.error("event=waiting.failed kind=Damaged")  # noqa: TRY400 (nothing of its words)
            _refuse(key, "its files on the disk are damaged", run)
            continue
        if report is not None:
            _settle(report, run)


def _settle(report: Report, run: Run) -> None:
    try:
        record(report)
    except (NotAsItIs, NoAgent, CaseworkRefused, Http404, UnknownCity) as no:
        log.warning("event=waiting.refused kind=%s", type(no).__name__)
        _refuse(report.key, _why(report, no), run)
    except Exception as error:
        if is_lost(error):
            raise
        # One that breaks must not hold up the others. What it says may hold a resident's words: only its kind is told.
        kind = type(error).__name__
        log.error("event=waiting.failed kind=%s", kind)  # noqa: TRY400
        _tries[report.key] += 1
        if not isinstance(error, OperationalError) or _tries[report.key] >= MOST_TRIES:
            _refuse(report.key, f"a fault of the program: {kind}", run)
        else:
            run.again += 1
    else:
        waiting.forget(report.key)
        _tries.pop(report.key, None)
        run.recorded += 1


def _refuse(key: uuid.UUID, why: str, run: Run) -> None:
    waiting.put_aside(key, waiting.REFUSED, why=why)
    _tries.pop(key, None)
    run.refused += 1


def _why(report: Report, no: Exception) -> str:
    """For the operator, in words that hold nothing of what was typed."""
    if isinstance(no, UnknownCity):
        return "no city answers at the address it was sent to"
    if isinstance(no, NoAgent):
        return "who filled it in may not do so any more"
    if isinstance(no, Http404):
        return f"residents are offered no service {report.service}"
    if isinstance(no, NotAsItIs):
        return f"only its sender can put right: {no}"
    return f"the city's rules say no: {no}"


def record(report: Report) -> ServiceRequest:
    """Record one at the time at which it came; a second time it is the same record.

    Nobody is there to be asked: a place in words is taken as it is, a photo that can not be read is left out,
    and a twin is left to the staff. Raises `NotAsItIs`, `NoAgent`, `CaseworkRefused`, `Http404`, `UnknownCity`.
    """
    city = city_for_host(report.host)
    known = ServiceRequest.objects.filter(city_id=city.pk, key=report.key).first()
    if known is not None:
        return known
    request = stand_in(report, city)
    with translation.override(request.LANGUAGE_CODE), timezone.override(city.time_zone):
        service = reading.service_for(request, report.service)
        if report.agent is not None and report.agent.call and not reading.is_call(request):
            raise NoAgent
        page = reading.page_of(request, service)
        reading.describe_photos(request, report.key)
        reading.keep_photos(request, page, report.key)
        reading.find_place(request, page)
        number = request.POST.get("do", "").removeprefix("follow:")
        if number != request.POST.get("do", ""):
            return _followed(request, page, report, number)
        return _sent(request, page, report)


def _sent(request: CityRequest, page: Page, report: Report) -> ServiceRequest:
    page.form.is_valid()
    where = page.form.cleaned_data.get("where", "")
    lost = page.service.place == "required" and not page.place and not where
    if wrong := _wrong(page, lost=lost):
        raise NotAsItIs(", ".join(wrong))
    new = reading.new_request(request, page, report.key, where)
    asked = sides.asked(request.city, page.service, new, now=report.received_at)
    new = sides.answered(new, page.service, asked, page.side)
    return actions.submit(city=request.city, new=new, by=request.actor, now=report.received_at)


def _wrong(page: Page, *, lost: bool) -> list[str]:
    """What is missing or wrong, by the names of the fields."""
    found = {
        "an answer that ends the form": page.form.stop is not None,
        "the place (outside the city)": page.outside,
        "the place (missing)": lost,
    }
    return [*page.form.errors, *(words for words, is_so in found.items() if is_so)]


def _followed(request: CityRequest, page: Page, report: Report, number: str) -> ServiceRequest:
    """Follow the case that was chosen; a report of one's own when it has ended meanwhile."""
    case = Case.objects.of_city(request.city.pk).filter(number=number, is_open=True).first()
    if case is None or case.service_id != page.service.id:
        return _sent(request, page, report)
    page.form.only("words", "name", "email", "phone")
    if page.form.errors:
        raise NotAsItIs(", ".join(page.form.errors))
    clean = page.form.cleaned_data
    return actions.follow(
        city=request.city,
        case_id=case.id,
        key=report.key,
        words=clean["words"],
        contact=Contact(name=clean["name"], email=clean["email"], phone=clean["phone"]),
        language=request.LANGUAGE_CODE,
        by=request.actor,
        now=report.received_at,
    )


def stand_in(report: Report, city: City) -> CityRequest:
    """The request that a report came with, of a resident without a session or of who filled it in. Raises `NoAgent`."""
    made = cast(Any, HttpRequest())
    made.path = made.path_info = f"/report/{report.service}"
    made.META = {"HTTP_HOST": report.host, "REMOTE_ADDR": ""}
    made.user = AnonymousUser()
    made.city, made.actor = city, resident(city.pk)
    if report.agent is not None:
        found = agents.actor_of(report.agent, city)
        if found is None:
            raise NoAgent
        made.user, made.actor = found
    made.LANGUAGE_CODE = city.language_for(report.language)
    fill(made, report)
    return cast(CityRequest, made)


def fill(request: Any, report: Report) -> None:
    """Let a request carry what the form sent."""
    posted = QueryDict(mutable=True)
    for name, value in report.fields:
        posted.appendlist(name, value)
    request.method, request.POST = "POST", posted
    files = MultiValueDict({"photos": report.uploads()})
    # A request of the web server reads its files from what was sent, unless it holds some already.
    setattr(request, "FILES" if type(request) is HttpRequest else "_files", files)
