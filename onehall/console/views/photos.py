"""Photos of a case: add, show, hide, make unreadable; and the guarded look at an original."""

import json

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from onehall.casework import captions, photos
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Photo
from onehall.casework.photos import Box
from onehall.console.casepage import Loaded, load
from onehall.console.desk import staff_only
from onehall.console.trouble import Trouble, of
from onehall.console.views.acts import acting, again, common
from onehall.console.views.case import done
from onehall.kernel.clock import now as read_clock
from onehall.kernel.photos import MAX_BYTES, PhotoRefused
from onehall.look.doorway import CityRequest


@acting
def photo(request: CityRequest, loaded: Loaded, pk: int) -> HttpResponse:
    """Make places of a photo unreadable, show it to followers, or hide it."""
    try:
        if request.POST.get("boxes"):
            boxes = boxes_of(request.POST["boxes"])
            photos.redact(**common(request, loaded), photo_id=pk, boxes=boxes)
            return done(request, loaded.case.number, _("Those places can not be read any more."))
        if "described" in request.POST:
            captions.describe(
                **common(request, loaded), photo_id=pk, words=request.POST.get("words", "")
            )
            return done(request, loaded.case.number, _("The photo has words now."))
        shown = request.POST.get("public") == "yes"
        photos.set_public(**common(request, loaded), photo_id=pk, is_public=shown)
    except Photo.DoesNotExist as gone:
        raise Http404 from gone
    except ValueError:
        words = _("Mark one to twenty places in the photo.")
        return again(request, loaded, Trouble(where="photo", words=words, status=422))
    except CaseworkRefused as no:
        return again(request, loaded, of(no, where="photo", typed={}))
    words = (
        _("Everybody who follows sees the photo.") if shown else _("The photo is for staff alone.")
    )
    return done(request, loaded.case.number, words)


@acting
def add(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """Add pictures: of the work, for everybody who follows, or of the spot, for staff."""
    kind = Photo.Kind.AFTER if request.POST.get("kind") == "after" else Photo.Kind.BEFORE
    uploads = request.FILES.getlist("photos")[: photos.MAX_PHOTOS]
    given = common(request, loaded)
    if not uploads:
        trouble = Trouble(where="photo", words=_("Choose a photo first."), status=422)
        return again(request, loaded, trouble)
    try:
        for upload in uploads:
            data = upload.read(MAX_BYTES + 1)
            photos.add_to_case(**given, upload=data, kind=kind, words="")
            # The first one has raised the lock by itself.
            given["seen"] = None
    except (PhotoRefused, CaseworkRefused) as no:
        refused = no if isinstance(no, CaseworkRefused) else CaseworkRefused(str(no))
        return again(request, loaded, of(refused, where="photo", typed={}))
    return done(request, loaded.case.number, _("The photos are on the case."))


@staff_only
@require_GET
def original(request: CityRequest, number: str, pk: int) -> HttpResponse:
    """A photo as it was before parts were made unreadable: for supervisors, and every look is kept."""
    loaded = load(request, number)
    try:
        data = photos.look_at_original(
            city=request.city,
            case_id=loaded.case.id,
            photo_id=pk,
            by=request.actor,
            now=read_clock(),
        )
    except CaseworkRefused as no:
        raise PermissionDenied(str(no)) from no
    except (Photo.DoesNotExist, FileNotFoundError) as gone:
        raise Http404 from gone
    response = HttpResponse(data, content_type="image/jpeg")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = "inline"
    return response


def boxes_of(text: str) -> list[Box]:
    """Boxes out of JSON [[x, y, w, h], …]; ValueError when it is anything else."""
    try:
        return [Box(*(float(v) for v in box)) for box in json.loads(text)]
    except (TypeError, AttributeError, RecursionError) as wrong:
        raise ValueError("boxes") from wrong
