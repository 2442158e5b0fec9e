"""The page of knobs, for whoever shows or tests what can go wrong; and the same as JSON."""

import csv
import io
import json
from dataclasses import asdict
from itertools import islice
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from onehall.billing.gateways.demo.provider.courier import Courier
from onehall.billing.gateways.demo.provider.engine import Engine, Refused
from onehall.billing.gateways.demo.provider.knobs import OPERATIONS, WORDS, BadKnob, Knobs
from onehall.billing.gateways.demo.provider.pages import EMPTY, from_elsewhere, missing, page
from onehall.billing.gateways.demo.provider.records import Payment, Payout
from onehall.billing.gateways.demo.provider.web import Answer, Request, as_json, to
from onehall.billing.gateways.demo.provider.words import in_words

SHOWN: Final = 20
COLUMNS: Final = (
    "payout",
    "arrives_on",
    "currency",
    "kind",
    "ref",
    "payment_ref",
    "gross",
    "fee",
    "net",
)


class KnobPage:
    """Turns knobs, and lets happen what nobody can wait for."""

    def __init__(self, engine: Engine, courier: Courier) -> None:
        self._engine, self._courier = engine, courier

    def answer(self, request: Request) -> Answer:
        """The page or its JSON; a POST changes something first."""
        if request.path.endswith(".json"):
            return self._as_json(request)
        if request.method != "POST":
            return self._show()
        if from_elsewhere(request):
            return missing(request, status=403)
        try:
            self._do(request.form())
        except (BadKnob, Refused) as no:
            return self._show(said=str(no), status=422)
        return to("/knobs")

    def _as_json(self, request: Request) -> Answer:
        """The knobs as JSON; a POST with some of them turns those, `{"act": …}` does what a button does."""
        if request.method == "POST":
            try:
                wanted = json.loads(request.body)
                if not isinstance(wanted, dict):
                    raise BadKnob("The body is no JSON object.")
                self._turn_or_act(wanted)
            except (ValueError, Refused) as no:
                return as_json({"words": str(no)}, 422)
        return as_json(asdict(self._engine.knobs))

    def _turn_or_act(self, wanted: dict[str, object]) -> None:
        act, about = str(wanted.pop("act", "")), str(wanted.pop("about", ""))
        if act:
            self._act(act, about)
        self._engine.knobs.turn(wanted)

    def _do(self, form: dict[str, str]) -> None:
        if form.get("act"):
            self._act(form["act"], form.get("about", ""))
            return
        knobs = self._engine.knobs
        flags = {n: n in form for n, value in asdict(knobs).items() if isinstance(value, bool)}
        knobs.turn(flags | {n: value for n, value in form.items() if n not in flags})

    def _act(self, act: str, about: str) -> None:
        engine = self._engine
        match act:
            case "reset":
                engine.knobs.turn(asdict(Knobs()))
            case "payout":
                engine.pay_out()
            case "chargeback":
                engine.charge_back(engine.payment(about))
            case "settle":
                engine.settle(engine.session(engine.payment(about).session_ref))
            case _:
                raise BadKnob(f'Nobody here knows how to "{act[:40]}".')

    # The page

    def _show(self, *, said: str = "", status: int = 200) -> Answer:
        body = format_html(
            "<h1>Knobs</h1><p>What goes wrong at this provider from now on. Everything off: it works.</p>"
            '{}<form method="post">{}<p class="row"><button class="button">Turn them</button></p></form>'
            '<form method="post" class="row">'
            '<button class="quiet" name="act" value="reset">All off</button>'
            '<button class="quiet" name="act" value="payout">Pay out now</button></form>'
            "{}{}{}",
            format_html('<p class="no" role="alert">{}</p>', said) if said else EMPTY,
            format_html_join("", "{}", ((field,) for field in self._fields())), self._payments(), self._payouts(), self._letters(),
        )  # fmt: skip
        return page("Knobs", body, language="en", status=status, wide=True)

    def _fields(self) -> list[SafeString]:
        made = []
        for name, value in asdict(self._engine.knobs).items():
            words = format_html("<span>{}</span>", WORDS[name])
            if isinstance(value, bool):
                on = mark_safe(" checked") if value else EMPTY
                field = format_html('<input type="checkbox" name="{}" value="on"{}>', name, on)
            elif name == "trouble":
                field = _select(name, value)
            else:
                step = "any" if isinstance(value, float) else "1"
                field = format_html(
                    '<input type="number" name="{}" value="{}" step="{}">', name, f"{value:g}", step
                )
            made.append(format_html('<label class="knob">{}{}</label>', field, words))
        return made

    def _payments(self) -> SafeString:
        rows = islice(reversed(list(self._engine.book.all(Payment))), SHOWN)
        return _table(
            "Payments", ("Amount", "Status", "With", "Reference", "Let happen"),
            [
                (
                    in_words(p.amount, p.currency), p.status, f"{p.brand} {p.last4}", p.reference,
                    _button(p),
                )
                for p in rows
            ],
        )  # fmt: skip

    def _payouts(self) -> SafeString:
        rows = islice(reversed(list(self._engine.book.all(Payout))), SHOWN)
        return _table(
            "Payouts", ("Net", "Arrives", "Files"),
            [
                (
                    in_words(p.net, p.currency), p.arrives_on,
                    format_html('<a href="/payouts/{0}.csv">CSV</a> <a href="/payouts/{0}.json">JSON</a>', p.ref),
                )
                for p in rows
            ],
        )  # fmt: skip

    def _letters(self) -> SafeString:
        rows = islice(reversed(self._courier.lately), SHOWN)
        return _table(
            "Webhooks", ("About", "Answer", "Kind"),
            [(d.told.topic, d.says, "forged" if d.forged else "real") for d in rows],
        )  # fmt: skip

    def file(self, request: Request) -> Answer:
        """A payout with its items, as a file in CSV or JSON: `/payouts/<ref>.csv`."""
        name, _, kind = request.path.rpartition("/")[2].rpartition(".")
        payout = self._engine.book.get(Payout, name)
        if payout is None or kind not in {"csv", "json"}:
            return missing(request)
        rows = [
            (payout.ref, payout.arrives_on, m.currency, m.kind, m.source_ref, m.payment_ref, m.gross, m.fee, m.net)
            for m in self._engine.items_of(payout)
        ]  # fmt: skip
        if kind == "json":
            return as_json([dict(zip(COLUMNS, row, strict=True)) for row in rows])
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
        headers = {"Content-Disposition": f'attachment; filename="{payout.ref}.csv"'}
        return Answer(200, text.getvalue().encode(), "text/csv; charset=utf-8", headers)


def _select(name: str, chosen: object) -> SafeString:
    options = format_html_join(
        "", "<option{}>{}</option>",
        ((mark_safe(" selected") if one == chosen else EMPTY, one) for one in OPERATIONS),
    )  # fmt: skip
    return format_html('<select name="{}">{}</select>', name, options)


def _button(payment: Payment) -> SafeString:
    act = {"paid": "chargeback", "processing": "settle"}.get(payment.status)
    if act is None:
        return EMPTY
    return format_html(
        '<form method="post"><input type="hidden" name="about" value="{}">'
        '<button class="quiet" name="act" value="{}">{}</button></form>',
        payment.ref, act, {"chargeback": "Charge back", "settle": "Arrive now"}[act],
    )  # fmt: skip


def _table(title: str, heads: tuple[str, ...], rows: list[tuple[object, ...]]) -> SafeString:
    if not rows:
        return EMPTY
    head = format_html_join("", "<th scope=col>{}</th>", ((words,) for words in heads))
    body = format_html_join(
        "", "<tr>{}</tr>",
        ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows),
    )  # fmt: skip
    return format_html(
        '<h2>{0}</h2><div class="scroll" tabindex="0" role="region" aria-label="{0}"><table><thead><tr>{1}</tr></thead>'
        "<tbody>{2}</tbody></table></div>",
        title, head, body,
    )  # fmt: skip
