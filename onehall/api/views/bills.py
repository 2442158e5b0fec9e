"""Bills of the city's other systems: sent, and asked about. A bearer key says which system it is."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from onehall.billing import api_keys, planning, posting, receiving
from onehall.billing.bills import status_of
from onehall.billing.errors import BillingRefused, NoBilling
from onehall.billing.models import ApiKey, Invoice
from onehall.billing.planning import Plan
from onehall.casework.telling import public_address
from onehall.kernel import money
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.places.models import City

type View = Callable[..., HttpResponse]


def _wrong(status: int, code: str, words: str, field: str = "") -> JsonResponse:
    error = {"code": code, "words": words, **({"field": field} if field else {})}
    return JsonResponse({"error": error}, status=status)


def _keyed(view: Callable[..., HttpResponse]) -> View:
    """Lets in whoever sends a key of this city; others are told to. Passes the key on."""

    @wraps(view)
    def guarded(request: CityRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        kind, _space, key = request.headers.get("Authorization", "").partition(" ")
        found = None
        if kind.casefold() == "bearer" and 0 < len(key) <= 200:
            found = api_keys.found(city=request.city, key=key.strip(), now=read_clock())
        if found is None:
            answer = _wrong(401, "unauthorized", 'Send "Authorization: Bearer" with a key in use.')
            answer["WWW-Authenticate"] = "Bearer"
            return answer
        return view(request, found, *args, **kwargs)

    return guarded


# No browser sends a key by itself, so no page of others can make one send a bill.
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_keyed
def bills(request: CityRequest, api_key: ApiKey) -> HttpResponse:
    """POST a bill: 201, or 200 with the one that is there; GET those that came by this key."""
    return _take(request, api_key) if request.method == "POST" else _list(request, api_key)


def _take(request: CityRequest, api_key: ApiKey) -> HttpResponse:
    key = request.headers.get("Idempotency-Key", "")
    if key and not receiving.KEY.fullmatch(key):
        words = "An Idempotency-Key is 1 to 100 letters, digits, hyphens and underscores."
        return _wrong(422, "invalid", words, "Idempotency-Key")
    try:
        raw = _body(request)
        made = receiving.receive(
            city=request.city, api_key=api_key, raw=raw, key=key, now=read_clock()
        )
    except receiving.Wrong as no:
        return _wrong(422, "invalid", str(no), no.field)
    except receiving.Conflict:
        words = "The reference or the Idempotency-Key came with another content before."
        return _wrong(409, "conflict", words)
    except NoBilling as no:
        return _wrong(404, "no_billing", str(no))
    except BillingRefused as no:
        return _wrong(422, "refused", str(no))
    return JsonResponse(_told(request.city, made.invoice), status=201 if made.new else 200)


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        raise receiving.Wrong("A bill is at most 64 KB.") from None


def _list(request: CityRequest, api_key: ApiKey) -> HttpResponse:
    after, limit = request.GET.get("after", "0"), request.GET.get("limit", "50")
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        return _wrong(422, "invalid", "Send what the last answer gave as next.", "after")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= receiving.MOST_LISTED):
        return _wrong(422, "invalid", f"From 1 to {receiving.MOST_LISTED}.", "limit")
    rows = receiving.listed(
        api_key=api_key, ref=request.GET.get("ref", "")[:60], after=int(after), most=int(limit)
    )
    found = planning.running(request.city, [bill for _n, bill in rows], _today(request.city))
    answer: dict[str, Any] = {
        "bills": [
            _told(request.city, bill, lines=False) | _plan(found.get(bill.pk)) for _n, bill in rows
        ]
    }
    if len(rows) == int(limit):
        answer["next"] = str(rows[-1][0])
    return JsonResponse(answer)


@login_not_required
@never_cache
@require_safe
@_keyed
def one(request: CityRequest, api_key: ApiKey, number: str) -> HttpResponse:
    """A bill that came by this key, with its lines and what is still owed."""
    bill = receiving.found(city=request.city, api_key=api_key, number=number)
    if bill is None:
        return _wrong(404, "not_found", "No bill of that number came by this key.")
    plan = planning.running(request.city, [bill], _today(request.city)).get(bill.pk)
    return JsonResponse(_told(request.city, bill) | _plan(plan))


def _today(city: City) -> date:
    return posting.local_day(city, read_clock())


def _plan(plan: Plan | None) -> dict[str, Any]:
    """A plan by which the bill is paid in parts; nothing where none runs."""
    if plan is None:
        return {}
    currency, line = plan.row.invoice.currency, plan.next
    told: dict[str, Any] = {
        "state": plan.state,
        "paid": money.plain(plan.standing.paid, currency),
        "due": money.plain(plan.standing.due, currency),
        "payments": len(plan.standing.lines),
    }
    if line is not None:
        told["next"] = {
            "due_on": line.due_on.isoformat(),
            "amount": money.plain(line.left, currency),
        }
    return {"plan": told}


def _told(city: City, bill: Invoice, *, lines: bool = True) -> dict[str, Any]:
    told: dict[str, Any] = {
        "number": bill.number,
        "ref": bill.source_ref.partition(":")[2],
        "kind": bill.kind,
        "status": status_of(bill, posting.local_day(city, read_clock())),
        "currency": bill.currency,
        "billed": money.plain(bill.billed, bill.currency),
        "owed": money.plain(bill.owed, bill.currency),
        "issued_on": bill.issued_on.isoformat(),
        "due_on": bill.due_on.isoformat(),
        "access_code": bill.access_code,
        "url": f"{public_address(city)}/bills/{bill.token}",
    }
    if lines:
        told["lines"] = [
            {
                "code": line.code,
                "name": line.words,
                "kind": line.kind,
                "amount": money.plain(line.amount, bill.currency),
                "owed": money.plain(line.owed, bill.currency),
            }
            for line in bill.charges.all()
        ]
    return told
