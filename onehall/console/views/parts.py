"""Splitting a part off a case for another department."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from onehall.casework import splitting
from onehall.casework.errors import CaseworkRefused
from onehall.console.casepage import Loaded
from onehall.console.trouble import of
from onehall.console.views.acts import acting, again, common
from onehall.console.views.case import done
from onehall.look.doorway import CityRequest

KEPT = ("part", "service", "to_queue", "note")


@acting
def split(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """A new case for a part of the work; the resident goes on reading this one."""
    queue = request.POST.get("to_queue", "")
    number = int(queue) if queue.isdecimal() and len(queue) < 18 else -1
    chosen = [pk for pk in request.POST.getlist("photo") if pk.isdecimal() and len(pk) < 18]
    try:
        made = splitting.split_off(
            **common(request, loaded),
            part=request.POST.get("part", ""),
            service_key=request.POST.get("service", ""),
            queue_id=number if queue else None,
            note=request.POST.get("note", ""),
            photo_ids=[int(pk) for pk in chosen],
            takes=request.POST.getlist("takes"),
        )
    except CaseworkRefused as no:
        kept = {name: request.POST[name] for name in KEPT if name in request.POST}
        return again(request, loaded, of(no, where="split", typed=kept))
    words = _("The part is case %(number)s now. The resident goes on reading this one.")
    return done(request, loaded.case.number, words % {"number": made.number})
