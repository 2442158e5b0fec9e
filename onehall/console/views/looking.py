"""Who else has a case open: asked and told by its open pages, every half minute and when something changes."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from onehall.casework import presence
from onehall.console.casepage import load
from onehall.console.desk import staff_only
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest


@staff_only
@require_POST
def looking(request: CityRequest, number: str) -> HttpResponse:
    """Note that this person is here, writing or not, or gone; answers the line about the others."""
    case, now = load(request, number).case, read_clock()
    if request.POST.get("gone"):
        presence.leave(case=case, by=request.actor, now=now)
        return HttpResponse(status=204)
    presence.look(case=case, by=request.actor, writing=bool(request.POST.get("writing")), now=now)
    context = {"lookers": presence.others(case, request.actor, now=now)}
    return render(request, "console/looking.html", context)
