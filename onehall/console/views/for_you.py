"""What is for one person: news of cases they follow and notes that name them; how they hear of it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from onehall.casework import following
from onehall.casework import for_you as lines
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import MailWish
from onehall.console.casepage import load
from onehall.console.desk import draw, frame, staff_only
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest


@staff_only
@require_GET
def page(request: CityRequest) -> HttpResponse:
    """The lines, newest first, fifty at a time, and the wishes below them."""
    desk = frame(request)
    text = request.GET.get("before", "")
    before = int(text) if text.isdecimal() and len(text) < 18 else None
    found = lines.page(request.city, request.actor, language=request.LANGUAGE_CODE, before=before)
    shown = found[: lines.PAGE]
    context = {
        "items": shown,
        "older": f"?before={shown[-1].id}" if len(found) > lines.PAGE else "",
        "newer": "?" if before is not None else "",
        "unread": any(i.new for i in shown),
        "wish": following.wish_of(request.actor),
        "ways": MailWish.Mail.choices,
    }
    return draw(request, "console/for_you.html", desk, context, rail_at="for-you")


@staff_only
@require_POST
def read(request: CityRequest) -> HttpResponse:
    """All of it is read."""
    following.read_lines(by=request.actor, now=read_clock())
    return redirect("console:for-you")


@staff_only
@require_POST
def wishes(request: CityRequest) -> HttpResponse:
    """When mails go out, and whether acting means following."""
    try:
        following.set_wish(
            by=request.actor,
            mail=request.POST.get("mail", ""),
            auto_follow=request.POST.get("auto") == "yes",
            now=read_clock(),
        )
        messages.success(request, _("Kept."))
    except CaseworkRefused:
        messages.warning(request, _("Choose when mails should come."))
    return redirect("console:for-you")


@staff_only
@require_POST
def follow(request: CityRequest, number: str) -> HttpResponse:
    """Follow a case that one may see, or stop."""
    found = load(request, number).case
    wanted = request.POST.get("following") == "yes"
    following.set_following(case=found, following=wanted, by=request.actor, now=read_clock())
    if wanted:
        messages.success(request, _("You follow %(number)s now.") % {"number": number})
    else:
        messages.success(request, _("You no longer follow %(number)s.") % {"number": number})
    return redirect("console:case", number=number)
