"""One stop of a crew: what it is, where, photos, how it ended. Acts go to the case's own addresses."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from onehall.console.casepage import load
from onehall.console.desk import staff_only
from onehall.console.trouble import Trouble
from onehall.console.views.case import page
from onehall.look.doorway import CityRequest


@staff_only
@require_GET
def stop(request: CityRequest, number: str) -> HttpResponse:
    """The page of one stop."""
    return page(request, load(request, number), Trouble(), at_stop=True)
