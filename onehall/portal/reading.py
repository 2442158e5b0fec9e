"""What somebody typed into the form of a report, read: the service, the place, the photos, who asks."""

import uuid
from dataclasses import dataclass, field

from django.http import Http404

from onehall.casework import photos
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Photo
from onehall.casework.queries import NearCase
from onehall.catalog.queries import UnknownService, catalogue
from onehall.catalog.services import ServiceDefinition
from onehall.kernel.clock import now as read_clock
from onehall.kernel.photos import PhotoRefused
from onehall.look.doorway import CityRequest
from onehall.places import queries as places
from onehall.places.models import City
from onehall.places.queries import FoundPlace
from onehall.places.sides import Side
from onehall.portal import agents, picked
from onehall.portal.paying import about_bills
from onehall.portal.picked import Picked
from onehall.portal.report_form import MAX_WHERE, ReportForm
from onehall.portal.things import Told
from onehall.portal.uploads import read_upload
from onehall.service_requests.actions import Contact, NewRequest
from onehall.service_requests.models import ServiceRequest

SURE = 95
"""Score from which words that were looked up mean one place."""
SAID = "alt_"
"""Before a photo's key in the name of the field with its words."""


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
    agent: str = ""
    sides: list[Side] = field(default_factory=list)
    side: str = ""
    side_error: str = ""
    action: str = ""
    bill: str = ""


def page_of(request: CityRequest, service: ServiceDefinition) -> Page:
    """The form as it came, not checked yet; the empty one of a GET."""
    city = request.city
    calling = is_call(request) and not service.is_internal
    filled = ReportForm(
        request.POST if request.method == "POST" else None,
        service=service,
        language=request.LANGUAGE_CODE,
        default_language=city.languages[0],
        staff=calling,
    )
    side = request.POST.get("side", "")[:60]
    bill = request.POST.get("bill", "")[:400]
    agent = agents.sign(request) if calling or service.is_internal else ""
    return Page(service=service, form=filled, calling=calling, agent=agent, side=side, bill=bill)


def new_request(request: CityRequest, page: Page, key: uuid.UUID, where: str) -> NewRequest:
    """The checked form as a report."""
    clean = page.form.cleaned_data
    about = about_bills.read(request.city, page.bill)
    return NewRequest(
        key=key,
        service_key=page.service.key,
        words=clean["words"],
        answers=page.form.answers,
        place=picked.case_place(request.city, page.place, where),
        contact=_contact(request, page),
        language=request.LANGUAGE_CODE,
        channel=channel(page),
        priority=clean.get("priority") or 0,
        bill=about[0] if about is not None else None,
    )


def _contact(request: CityRequest, page: Page) -> Contact:
    """How to reach whoever asks; of the city's own staff we know it."""
    clean = page.form.cleaned_data
    if page.service.is_internal:
        return Contact(name=request.actor.name, email=getattr(request.user, "email", ""))
    return Contact(name=clean["name"], email=clean["email"], phone=clean["phone"])


def find_place(request: CityRequest, page: Page) -> None:
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


def keep_photos(request: CityRequest, page: Page, key: uuid.UUID) -> None:
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


def describe_photos(request: CityRequest, key: uuid.UUID) -> None:
    """Keep what was written below the photos of the tray."""
    said: dict[uuid.UUID, str] = {}
    for name in request.POST:
        photo = _uuid(name.removeprefix(SAID)) if name.startswith(SAID) else None
        if photo is not None:
            said[photo] = request.POST[name]
    if said:
        photos.describe_drafts(city=request.city, draft_key=key, words=said, now=read_clock())


def remove_photo(request: CityRequest, key: uuid.UUID, photo: str) -> None:
    """Take a photo out of the tray."""
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


def key_of(form: ReportForm) -> uuid.UUID | None:
    """The key that makes sending it twice one report; None when it is none."""
    return _uuid(str(form.data.get("key", "")))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def is_call(request: CityRequest) -> bool:
    """Whether an agent fills it in for somebody on the phone."""
    asked = request.GET.get("call") or request.POST.get("call")
    return bool(asked) and request.actor.is_staff and request.actor.may("take_calls")


def channel(page: Page) -> str:
    """By which way the report came."""
    if page.service.is_internal:
        return ServiceRequest.Channel.STAFF
    return ServiceRequest.Channel.PHONE if page.calling else ServiceRequest.Channel.WEB
