"""Saved views: keep a list under a name, share it, put it in the rail, begin with it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from onehall.casework import saved
from onehall.casework.models import SavedView
from onehall.casework.saved import ViewRefused
from onehall.console import lists, pins
from onehall.console.desk import Desk, draw, frame, staff_only
from onehall.console.filters import flat, with_query
from onehall.kernel.clock import now as read_clock
from onehall.look.components.small import local
from onehall.look.doorway import CityRequest


@staff_only
@require_GET
def all_views(request: CityRequest) -> HttpResponse:
    """Every view that the person may see, with what they may do to it."""
    return _page(request, frame(request))


@staff_only
@require_GET
def view(request: CityRequest, pk: int) -> HttpResponse:
    """The list of a view, for a link: it leads to the list's own address."""
    found = saved.view_of(request.actor, pk)
    if found is None:
        raise Http404
    return redirect(pins.address(found.pk, found.query))


@staff_only
@require_http_methods(["GET", "POST"])
def new(request: CityRequest) -> HttpResponse:
    """Keep the list of an address under a name."""
    desk = frame(request)
    asked = lists.read(desk, flat(request.GET), None)
    query = {k: v for k, v in asked.whole.items() if k != "view"}
    trouble, typed = "", {"name": request.POST.get("name", ""), "shared": "mine"}
    if request.method == "POST":
        typed["shared"] = request.POST.get("shared", "mine")
        try:
            made = saved.save_view(
                city=desk.city,
                name=typed["name"],
                shared=typed["shared"],
                query=query,
                by=desk.actor,
                now=desk.now,
            )
            if request.POST.get("pin"):
                saved.pin(view_id=made.pk, by=desk.actor)
        except ViewRefused as no:
            trouble = str(no)
        else:
            messages.success(request, _("The view “%(name)s” is saved.") % {"name": made.name})
            return redirect(pins.address(made.pk, made.query))
    context = {
        "filters": asked.narrowed.filters,
        "back": with_query(reverse("console:inbox"), asked.whole),
        "here": request.get_full_path(),
        "order": lists.order_words()[asked.query.sort][1],
        "trouble": trouble,
        "typed": typed,
        "shares": shares(desk),
    }
    return draw(request, "console/view_new.html", desk, context, status=422 if trouble else 200)


@staff_only
@require_POST
def change(request: CityRequest, pk: int) -> HttpResponse:
    """One act on a view, by the name of its button."""
    act = ACTS.get(request.POST.get("what", ""))
    if act is None or saved.view_of(request.actor, pk) is None:
        raise Http404
    try:
        words = act(request, pk)
    except ViewRefused as no:
        return _page(request, frame(request), trouble=str(no), at=pk)
    messages.success(request, words)
    if request.POST.get("what") == "query":
        return redirect("console:view", pk=pk)
    # Back to the same row, so that it can be moved again.
    at = f"#v-{pk}" if request.POST.get("what") in ("up", "down") else ""
    return redirect(reverse("console:views") + at)


def shares(desk: Desk) -> list[tuple[str, str]]:
    """With whom this person may share, in words."""
    words = {
        "mine": _("Only me"),
        "team": _("My team"),
        "city": _("Everybody of the city’s staff"),
    }
    return [(key, word) for key, word in words.items() if saved.may_share(desk.actor, key)]


def _page(request: CityRequest, desk: Desk, *, trouble: str = "", at: int = 0) -> HttpResponse:
    pinned = {p.id: p for p in desk.counts.pins}
    places = {p.id: n for n, p in enumerate(desk.counts.pins)}
    rows = []
    # What is in the rail comes first, as it stands there.
    views = sorted(saved.views_of(desk.actor), key=lambda v: places.get(v.pk, len(places)))
    for one in views:
        pin = pinned.get(one.pk)
        rows.append(
            {
                "view": one,
                "href": pins.address(one.pk, one.query),
                "whose": _whose(desk, one),
                "mine": saved.may_change(desk.actor, one),
                "pinned": pin is not None,
                "first": pin is not None and pin.first,
                "up": places.get(one.pk, 0) > 0,
                "down": one.pk in places and places[one.pk] < len(places) - 1,
                "open": one.pk == at,
            }
        )
    context = {"rows": rows, "trouble": trouble, "shares": shares(desk)}
    return draw(
        request,
        "console/views.html",
        desk,
        context,
        status=422 if trouble else 200,
        rail_at="views",
    )


def _whose(desk: Desk, one: SavedView) -> str:
    """Who has a view, in words."""
    names = {
        "mine": _("Only you"),
        "team": _("Team: %(name)s")
        % {"name": local(one.department.name) if one.department else ""},
        "city": _("The whole city"),
    }
    words = names[one.shared]
    if one.owner_id == desk.actor.user_id:
        return words
    return _("%(whose)s, made by %(name)s") % {"whose": words, "name": one.owner.name}


def _pin(request: CityRequest, pk: int) -> str:
    saved.pin(view_id=pk, by=request.actor)
    return _("It is in your rail now.")


def _unpin(request: CityRequest, pk: int) -> str:
    saved.unpin(view_id=pk, by=request.actor)
    return _("It is out of your rail.")


def _up(request: CityRequest, pk: int) -> str:
    saved.move_pin(view_id=pk, up=True, by=request.actor)
    return _("It is one place higher in your rail.")


def _down(request: CityRequest, pk: int) -> str:
    saved.move_pin(view_id=pk, up=False, by=request.actor)
    return _("It is one place lower in your rail.")


def _first(request: CityRequest, pk: int) -> str:
    saved.begin_with(view_id=pk, by=request.actor)
    return _("Your desk opens with it from now on.")


def _plain(request: CityRequest, _pk: int) -> str:
    saved.begin_with(view_id=None, by=request.actor)
    return _("Your desk opens with the plain inbox from now on.")


def _copy(request: CityRequest, pk: int) -> str:
    made = saved.copy_view(view_id=pk, by=request.actor, now=read_clock())
    return _("Your copy is called “%(name)s”.") % {"name": made.name}


def _remove(request: CityRequest, pk: int) -> str:
    name = saved.remove_view(view_id=pk, by=request.actor)
    return _("The view “%(name)s” is gone.") % {"name": name}


def _rename(request: CityRequest, pk: int) -> str:
    given: dict[str, Any] = {"name": request.POST.get("name"), "shared": request.POST.get("shared")}
    made = saved.change_view(view_id=pk, by=request.actor, now=read_clock(), **given)
    return _("The view “%(name)s” is saved.") % {"name": made.name}


def _query(request: CityRequest, pk: int) -> str:
    """The list of the address the form was on, under the same name."""
    asked = lists.read(frame(request), flat(request.GET), None)
    query = {k: v for k, v in asked.whole.items() if k != "view"}
    made = saved.change_view(view_id=pk, by=request.actor, now=read_clock(), query=query)
    return _("The view “%(name)s” is saved.") % {"name": made.name}


ACTS: dict[str, Callable[[CityRequest, int], str]] = {
    "pin": _pin,
    "unpin": _unpin,
    "up": _up,
    "down": _down,
    "first": _first,
    "plain": _plain,
    "copy": _copy,
    "remove": _remove,
    "rename": _rename,
    "query": _query,
}
"""What can be done to a view, by the name of its button."""
