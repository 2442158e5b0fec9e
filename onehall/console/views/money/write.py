"""A bill written by hand, or worked out by a fee schedule."""

import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from onehall.billing import invoicing, queries
from onehall.billing.errors import BillingRefused
from onehall.billing.fees import quoting
from onehall.billing.fees.documents import FeeRefused, Quote, Schedule
from onehall.billing.invoicing import NewCharge, NewInvoice
from onehall.billing.models import Account, ChargeKind
from onehall.casework.models import Case
from onehall.console.desk import staff_who_may
from onehall.console.money import given, saying
from onehall.console.money.room import setup_of, show, today_of
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest

LINES: Final = 6
"""Lines of a bill that is written by hand."""


@dataclass
class _Form:
    """What stands in the form, and what came of it."""

    values: dict[str, str]
    case: Case | None = None
    schedule: Schedule | None = None
    quote: Quote | None = None
    refused: str = ""
    lines: list[NewCharge] = field(default_factory=list)


@staff_who_may("write_bills")
@require_http_methods(["GET", "POST"])
def write(request: CityRequest) -> HttpResponse:
    """The form. With a schedule it asks for its inputs, works them out, and writes what came out."""
    setup_of(request)
    values = {k: v.strip()[:500] for k, v in (request.POST or request.GET).dict().items()}
    form = _Form(values, _case(request, values.get("case", "")))
    form.schedule = queries.billing_of(request.city).fees.get(values.get("schedule", ""))
    if request.method == "GET":
        return _show(request, form)
    try:
        form.lines = _lines(request, form)
        if values.get("do") == "quote":
            return _show(request, form)
        made = invoicing.issue(
            city=request.city, new=_new(request, form), by=request.actor, now=read_clock()
        )
    except (BillingRefused, FeeRefused) as no:
        form.refused = str(no)
        return _show(request, form, status=422)
    return redirect("console:money-bill", made.pk)


def _case(request: CityRequest, number: str) -> Case | None:
    """The case it is for, of those that the person sees."""
    if not number:
        return None
    return Case.objects.reachable_by(request.actor).filter(number=number.lstrip("#")).first()


def _lines(request: CityRequest, form: _Form) -> list[NewCharge]:
    if form.schedule is None:
        return _typed_lines(request, form.values)
    basis = given.day(form.values.get("basis", ""), today_of(request))
    asked = {
        key: form.values.get(f"in.{key}", "")
        for key, known in form.schedule.inputs.items()
        if form.values.get(f"in.{key}") or known.kind == "flag"
    }
    flags = {k for k, known in form.schedule.inputs.items() if known.kind == "flag"}
    facts = {key: value or "no" if key in flags else value for key, value in asked.items()}
    form.quote = quoting.quote(form.schedule, basis, facts)
    return invoicing.charges_of(form.quote, basis_on=basis)


def _typed_lines(request: CityRequest, values: dict[str, str]) -> list[NewCharge]:
    setup, found = setup_of(request), []
    kind = queries.kind_of(setup, values.get("kind", ""))
    for n in range(LINES):
        said, sum_ = values.get(f"words.{n}", ""), values.get(f"amount.{n}", "")
        if not said and not sum_:
            continue
        if not said:
            raise BillingRefused(_("Say what line %(n)s is for.") % {"n": n + 1})
        sort = values.get(f"sort.{n}", "principal")
        found.append(
            NewCharge(
                code=f"line-{n + 1}",
                words={request.city.languages[0]: given.words(said, 200)},
                amount=given.positive(sum_, setup.currency),
                gl=values.get(f"gl.{n}", "")[:60] or kind.gl,
                kind=ChargeKind(sort) if sort in ChargeKind.values else ChargeKind.PRINCIPAL,
            )
        )
    if not found:
        raise BillingRefused(_("A bill needs a line with an amount."))
    return found


def _new(request: CityRequest, form: _Form) -> NewInvoice:
    values, city = form.values, request.city
    if values.get("case") and form.case is None:
        raise BillingRefused(_("There is no case %(number)s.") % {"number": values["case"][:24]})
    account = _account(request, values)
    name = given.words(values.get("name", ""), 200) or (account.name if account else "")
    if not name:
        raise BillingRefused(_("Say who is to pay."))
    words = given.words(values.get("words", ""), 200)
    due = values.get("due", "")
    return NewInvoice(
        kind=values.get("kind", ""),
        charges=form.lines,
        account=account,
        case_id=form.case.pk if form.case else None,
        source_ref=f"desk:{given.key(values.get('key', ''))}",
        name=name,
        email=values.get("email", "")[:254],
        language=values.get("language", "") if values.get("language") in city.languages else city.languages[0],
        plate=values.get("plate", "").upper()[:20],
        words={city.languages[0]: words} if words else {},
        due_on=given.day(due) if due else None,
    )  # fmt: skip


def _account(request: CityRequest, values: dict[str, str]) -> Account | None:
    number = values.get("account", "")
    if not number:
        return None
    rows = Account.objects.filter(city=request.city, kind=values.get("kind", ""))
    found = rows.filter(number__iexact=number).first()
    if found is None:
        raise BillingRefused(
            _("There is no account %(number)s for this kind of bill.") % {"number": number[:40]}
        )
    return found


def _show(request: CityRequest, form: _Form, *, status: int = 200) -> HttpResponse:
    setup, language, default = (
        setup_of(request),
        request.LANGUAGE_CODE,
        request.city.languages[0],
    )
    values = form.values
    context: dict[str, Any] = {
        "form": form,
        "v": given.Typed(values),
        "form_key": values.get("key") or uuid.uuid4(),
        "kinds": [(k.key, pick(k.name, language, default)) for k in setup.kinds.values()],
        "schedules": [
            (key, pick(s.name, language, default))
            for key, s in queries.billing_of(request.city).fees.items()
        ],
        "sorts": saying.CHARGE_KINDS.items(),
        "basis": values.get("basis") or today_of(request).isoformat(),
        "inputs": [
            {
                "key": known.key,
                "name": pick(known.name, language, default) or known.key,
                "unit": pick(known.unit, language, default) if known.unit else "",
                "kind": known.kind,
                "options": known.options,
                "value": values.get(f"in.{known.key}", ""),
            }
            for known in (form.schedule.inputs.values() if form.schedule else ())
        ],
        "rows": [
            {
                "n": n,
                "label": n + 1,
                "words": values.get(f"words.{n}", ""),
                "amount": values.get(f"amount.{n}", ""),
                "gl": values.get(f"gl.{n}", ""),
                "sort": values.get(f"sort.{n}", "principal"),
            }
            for n in range(LINES)
        ],
        "languages": request.city.languages,
    }
    return show(request, "write", "money", context, status=status)
