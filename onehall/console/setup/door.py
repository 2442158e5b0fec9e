"""Who may set up, the tabs of the set-up, and how its pages are drawn."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onehall.console.desk import draw, frame, staff_only
from onehall.look.doorway import CityRequest

TABS: Final = (
    ("overview", "console:setup", gettext_lazy("Overview")),
    ("services", "console:setup-services", gettext_lazy("Services")),
    ("flows", "console:setup-flows", gettext_lazy("Flows")),
    ("answers", "console:setup-answers", gettext_lazy("Prepared answers")),
    ("departments", "console:setup-departments", gettext_lazy("Departments")),
    ("calendar", "console:setup-calendar", gettext_lazy("Calendar")),
    ("areas", "console:setup-areas", gettext_lazy("Areas")),
    ("city", "console:setup-city", gettext_lazy("The city")),
    ("files", "console:setup-files", gettext_lazy("As text")),
    ("history", "console:setup-history", gettext_lazy("History")),
)
"""The parts of the set-up: key, address and word."""


READS: Final = frozenset({"GET", "HEAD"})


def setup_only[**P, R: HttpResponseBase](
    view: Callable[Concatenate[CityRequest, P], R],
) -> Callable[Concatenate[CityRequest, P], R]:
    """Of this city's staff: to look, whoever may read the set-up; to send something, whoever sets up.

    The others get a page that says so. A view answers GET by reading alone.
    """

    @wraps(view)
    def guarded(request: CityRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if not request.actor.may("see_setup" if request.method in READS else "change_setup"):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return staff_only(guarded)


def page(
    request: CityRequest,
    template: str,
    context: dict[str, Any],
    *,
    tab: str,
    trail: tuple[tuple[str, str], ...] = (),
    status: int = 200,
) -> HttpResponse:
    """A set-up page inside the desk. `trail` are (words, address) of the pages between, the last without."""
    tabs = [
        {"href": reverse(address), "word": word, "current": key == tab and not trail}
        for key, address, word in TABS
    ]
    crumbs = [(_("Set-up"), reverse("console:setup")), *trail]
    shared = {"tabs": tabs, "trail": crumbs if trail else ()}
    return draw(request, template, frame(request), shared | context, rail_at="setup", status=status)


def trail_of(tab: str, words: str) -> tuple[tuple[str, str], ...]:
    """The way to a page below one of the tabs."""
    address, word = next((a, w) for key, a, w in TABS if key == tab)
    return ((str(word), reverse(address)), (words, ""))
