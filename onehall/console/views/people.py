"""Who works here: the list, one person, adding, changing, ending, taking back, inviting, handing over."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from onehall.casework import leaving
from onehall.casework.errors import CaseworkRefused
from onehall.casework.leaving import Handed
from onehall.casework.telling import public_address
from onehall.console import staffrows
from onehall.console.desk import draw, frame, staff_who_may
from onehall.console.people_forms import PersonForm
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.people import actions, invites, permissions
from onehall.people.actions import PeopleRefused
from onehall.people.models import Membership
from onehall.people.queries import (
    STAFF_PAGE,
    Member,
    StaffQuery,
    departments,
    members,
    membership_of,
    staff,
    works_elsewhere,
)


@staff_who_may("see_people")
@require_GET
def people(request: CityRequest) -> HttpResponse:
    """Everybody who works here, or has left: by name, fifty at a time."""
    asked = request.GET
    query = StaffQuery(
        text=asked.get("q", "").strip()[:120],
        role=next((r for r in permissions.ROLES if r == asked.get("role")), ""),
        department_key=asked.get("department", "")[:60],
        ended=asked.get("show") == "ended",
        after=staffrows.edge(asked.get("after", "")),
    )
    found = staff(request.city, query)
    page = found[:STAFF_PAGE]
    held = leaving.held_by(request.city, [m.user_id for m in page])
    context = {
        "rows": [staffrows.row(request, m, held.get(m.user_id, 0)) for m in page],
        "query": query,
        "roles": [(r, permissions.words_of(r)) for r in permissions.ROLES],
        "departments": departments(request.city),
        "next": staffrows.next_page(request, page) if len(found) > STAFF_PAGE else "",
        "narrowed": bool(query.text or query.role or query.department_key),
    }
    return draw(request, "console/people.html", frame(request), context, rail_at="people")


@staff_who_may("change_people")
@require_http_methods(["GET", "POST"])
def add(request: CityRequest) -> HttpResponse:
    """One more person: what they are, and an invitation by mail."""
    form = PersonForm(request.POST or None, request=request, found=None, named=True)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            with transaction.atomic():
                user = actions.hire(
                    city=request.city,
                    email=given["email"],
                    name=given["name"],
                    by=request.actor,
                    now=read_clock(),
                    **form.given,
                )
                _invite(request, user.pk)
        except PeopleRefused as no:
            form.add_error(None, str(no))
        else:
            words = _("%(name)s works here now. The invitation is on its way.")
            messages.success(request, words % {"name": user.name})
            return redirect("console:person", pk=user.pk)
    status = 422 if form.is_bound else 200
    return draw(
        request,
        "console/person_add.html",
        frame(request),
        {"form": form},
        status=status,
        rail_at="people",
    )


@staff_who_may("see_people")
@require_GET
def person(request: CityRequest, pk: int) -> HttpResponse:
    """What somebody is here, what they have open, and what was changed about them."""
    found = _found(request, pk)
    return _page(request, found, _form(request, found, None))


@staff_who_may("change_people")
@require_POST
def change(request: CityRequest, pk: int) -> HttpResponse:
    """Save what somebody is."""
    found = _found(request, pk)
    form = _form(request, found, request.POST)
    if form.is_valid():
        given: dict[str, Any] = {
            "by": request.actor,
            "now": read_clock(),
            "city_id": request.city.pk,
            "user_id": pk,
        }
        try:
            with transaction.atomic():
                if "name" in form.fields:
                    actions.rename(name=form.cleaned_data["name"], **given)
                actions.add_membership(**form.given, **given)
        except PeopleRefused as no:
            form.add_error(None, str(no))
        else:
            messages.success(request, _("Saved."))
            return redirect("console:person", pk=pk)
    return _page(request, found, form, status=422)


@staff_who_may("change_people")
@require_http_methods(["GET", "POST"])
def end(request: CityRequest, pk: int) -> HttpResponse:
    """Take somebody off the staff, with their open work given to another person or back to its queues."""
    found = _found(request, pk)
    if not found.active:
        return redirect("console:person", pk=pk)
    if request.method == "GET":
        return _end_page(request, found)
    try:
        with transaction.atomic():
            handed = _hand(request, found)
            if handed.left:
                words = _handed_words(handed)
                messages.warning(request, f"{words} {_('Press once more for the rest.')}")
                return redirect("console:person-end", pk=pk)
            actions.end_membership(
                user_id=pk, city_id=request.city.pk, by=request.actor, now=read_clock()
            )
    except (PeopleRefused, CaseworkRefused) as no:
        return _end_page(request, found, str(no))
    gone = _("%(name)s no longer works here.") % {"name": found.user.name}
    messages.success(request, f"{gone} {_handed_words(handed)}".strip())
    return redirect("console:person", pk=pk)


@staff_who_may("change_people")
@require_POST
def hand(request: CityRequest, pk: int) -> HttpResponse:
    """Give somebody's open work to another person, who goes on working here."""
    found = _found(request, pk)
    try:
        handed = _hand(request, found)
    except (PeopleRefused, CaseworkRefused) as no:
        return _end_page(request, found, str(no))
    messages.success(request, _handed_words(handed) or _("There was nothing to hand over."))
    return redirect("console:person", pk=pk)


@staff_who_may("change_people")
@require_POST
def take_back(request: CityRequest, pk: int) -> HttpResponse:
    """Somebody who left works here again, as what they were."""
    found = _found(request, pk)
    try:
        done = actions.return_membership(
            user_id=pk, city_id=request.city.pk, by=request.actor, now=read_clock()
        )
    except PeopleRefused as no:
        form = _form(request, found, None)
        return _page(request, found, form, refused=str(no), status=422)
    if done:
        messages.success(request, _("%(name)s works here again.") % {"name": found.user.name})
    return redirect("console:person", pk=pk)


@staff_who_may("change_people")
@require_POST
def invite(request: CityRequest, pk: int) -> HttpResponse:
    """Mail the link that signs somebody in once, again."""
    found = _found(request, pk)
    try:
        _invite(request, pk)
    except PeopleRefused as no:
        form = _form(request, found, None)
        return _page(request, found, form, refused=str(no), status=422)
    messages.success(request, _("The invitation is on its way."))
    return redirect("console:person", pk=pk)


def _found(request: CityRequest, pk: int) -> Membership:
    found = membership_of(request.city, pk)
    if found is None:
        raise Http404
    return found


def _form(request: CityRequest, found: Membership, data: Any) -> PersonForm:
    named = not works_elsewhere(request.city, found.user_id)
    return PersonForm(data, request=request, found=found, named=named)


def _page(
    request: CityRequest,
    found: Membership,
    form: PersonForm,
    *,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    context = staffrows.detail(request, found) | {"form": form, "refused": refused}
    return draw(
        request, "console/person.html", frame(request), context, status=status, rail_at="people"
    )


def _end_page(request: CityRequest, found: Membership, refused: str = "") -> HttpResponse:
    context = staffrows.detail(request, found) | {
        "refused": refused,
        "others": [
            m for m in members(request.city) if m.user_id != found.user_id and m.may("take")
        ],
        "chosen": request.POST.get("to", ""),
    }
    status = 422 if refused else 200
    return draw(
        request, "console/person_end.html", frame(request), context, status=status, rail_at="people"
    )


def _invite(request: CityRequest, pk: int) -> None:
    found = _found(request, pk)
    path = reverse("portal:invited", args=[invites.token(found.user, request.city)])
    address = public_address(request.city) or request.build_absolute_uri("/").rstrip("/")
    actions.invite(
        city=request.city, user_id=pk, link=address + path, by=request.actor, now=read_clock()
    )


def _hand(request: CityRequest, found: Membership) -> Handed:
    """The open work of somebody to the person that was chosen; an empty choice means the queues."""
    wanted, to = request.POST.get("to", ""), None
    if wanted:
        to = _member(request, wanted)
        if to is None or to.user_id == found.user_id:
            raise PeopleRefused(_("Choose somebody of the list."))
    now = read_clock()
    with transaction.atomic():
        handed = leaving.hand_over(
            city=request.city, user_id=found.user_id, to=to, by=request.actor, now=now
        )
        if handed.cases or handed.tasks:
            actions.keep(
                city_id=request.city.pk,
                user_id=found.user_id,
                kind="handed",
                old={},
                new={"cases": handed.cases, "tasks": handed.tasks, "to": to.name if to else ""},
                by=request.actor,
                now=now,
            )
    return handed


def _member(request: CityRequest, wanted: str) -> Member | None:
    return next((m for m in members(request.city) if str(m.user_id) == wanted), None)


def _handed_words(handed: Handed) -> str:
    if not (handed.cases or handed.tasks):
        return ""
    n = handed.cases + handed.tasks
    words = ngettext(
        "%(n)s case or task was handed over.", "%(n)s cases and tasks were handed over.", n
    ) % {"n": n}
    if handed.back:
        back = ngettext(
            "%(n)s of them went back to its queue: the other person may not have it.",
            "%(n)s of them went back to their queues: the other person may not have them.",
            handed.back,
        )
        words += " " + back % {"n": handed.back}
    return words
