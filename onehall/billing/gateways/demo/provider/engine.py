"""What the demo provider does with pages and payments. Whoever calls holds `lock`."""

import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from onehall.billing.gateways.demo.provider.journal import Book
from onehall.billing.gateways.demo.provider.knobs import Knobs
from onehall.billing.gateways.demo.provider.records import (
    Dispute,
    Face,
    Movement,
    Payment,
    Payout,
    Record,
    Refund,
    Saved,
    Session,
    Told,
)
from onehall.billing.gateways.demo.provider.sources import FAILURES, Source, fee_of, source_of

DISPUTE_FEE = 1500
_WEB = re.compile(r"https?://[!-~]{1,2000}")
ARRIVES_AFTER = timedelta(days=2)


class Refused(Exception):
    """The provider says no: a code for programs, and words."""

    def __init__(self, code: str, words: str, *, status: int = 400) -> None:
        super().__init__(words)
        self.code, self.words, self.status = code, words, status


class Engine:
    """The state of the company, and everything that may happen to it."""

    def __init__(
        self, book: Book, knobs: Knobs, *, now: Callable[[], int], tell: Callable[[Told], None]
    ) -> None:
        self.book, self.knobs, self.now = book, knobs, now
        self._tell = tell
        self.lock = threading.RLock()
        self._waiting = {s.ref for s in book.all(Session) if s.status in {"open", "processing"}}
        self._pending = {r.ref for r in book.all(Refund) if r.status == "pending"}

    # Pages

    def open(self, session: Session) -> Session:
        """A new page to pay on."""
        if session.amount < 1 and session.mode == "pay":
            raise Refused("amount_too_small", "The amount must be at least 1.")
        if session.expires_at <= self.now():
            raise Refused("expires_in_the_past", "The page would have expired already.")
        for url in filter(None, (session.return_url, session.cancel_url)):
            if not _WEB.fullmatch(url):
                words = (
                    "The payer goes back to an address that begins with http, in plain characters."
                )
                raise Refused("url_invalid", words)
        self._waiting.add(session.ref)
        return self.book.put(session)

    def session(self, ref: str) -> Session:
        """A page as it is now."""
        return self._known(Session, ref, "checkout")

    def payment(self, ref: str) -> Payment:
        """A payment as it is now."""
        return self._known(Payment, ref, "payment")

    def refund_of(self, ref: str) -> Refund:
        """A refund as it is now."""
        return self._known(Refund, ref, "refund")

    def _made(self, ref: str) -> Payment:
        """A payment, without a look at the clock: for what the clock itself causes."""
        found = self.book.get(Payment, ref)
        if found is None:
            raise Refused("resource_missing", f"No such payment: {ref[:80]}", status=404)
        return found

    def _knows(self, payment: str) -> bool:
        """Whether a payment is not so old that it was forgotten."""
        return self.book.get(Payment, payment) is not None

    def _known[R: Record](self, kind: type[R], ref: str, words: str) -> R:
        self.tick()
        found = self.book.get(kind, ref)
        if found is None:
            raise Refused("resource_missing", f"No such {words}: {ref[:80]}", status=404)
        return found

    def pay(self, session: Session, source: Source, *, slow: bool = False) -> None:
        """The payer pays: at once, slowly, or by a transfer that arrives later; or the card says no."""
        self._require_open(session)
        if source.declines:
            self.decline(session, source)
            return
        payment = self._payment_of(session, source)
        later = source.method == "ach" or slow
        payment.failure = session.failure = ""
        payment.amount = max(1, session.amount + self.knobs.wrong_amount)
        payment.status = session.status = "processing" if later else "paid"
        if not later:
            payment.paid_at = self.now()
            self._take(payment)
            self._finish(session, payment, "paid", "checkout.paid")
            return
        wait = self.knobs.bank_seconds if source.method == "ach" else self.knobs.slow_seconds
        session.due_at = self.now() + max(1, round(wait)) if wait else 0
        session.bounces = source.bounces or (source.method == "ach" and self.knobs.bank_fails)
        self.book.put(payment)
        self.book.put(session)
        self._say("checkout.processing", session.ref, session=session)

    def decline(self, session: Session, source: Source) -> None:
        """The card or account is refused. Behind the Stripe-shaped interface the page stays open for another try."""
        self._require_open(session)
        usual = "bank_account_closed" if source.method == "ach" else "card_declined"
        code = source.declines or usual
        payment = self._payment_of(session, source)
        payment.status, payment.failure, session.failure = "failed", code, FAILURES[code]
        if session.face == "stripe" and session.mode == "pay":
            self.book.put(payment)
            self.book.put(session)
            self._say("checkout.declined", session.ref, session=session)
        else:
            self._finish(session, payment, "failed", "checkout.failed")

    def abandon(self, session: Session) -> None:
        """The payer goes back. Final, except behind the Stripe-shaped interface."""
        self._require_open(session)
        if session.face == "demo":
            self._finish(session, None, "cancelled", "checkout.cancelled")

    def expire(self, session: Session) -> Session:
        """Close an open page; any other stays what it is."""
        if session.status == "open":
            self._finish(session, None, "expired", "checkout.expired")
        return session

    def settle(self, session: Session) -> None:
        """A payment on its way arrives, or comes back."""
        if session.status != "processing":
            raise Refused("not_processing", "Nothing is on its way for this page.")
        payment = self._made(session.payment_ref)
        if session.bounces:
            payment.status, payment.failure = "failed", "bank_account_closed"
            session.failure = FAILURES[payment.failure]
            self._finish(session, payment, "failed", "checkout.bounced")
            return
        payment.status, payment.paid_at = "paid", self.now()
        self._take(payment)
        self._finish(session, payment, "paid", "checkout.settled")

    # Saved cards

    def keep(self, session: Session, source: Source) -> None:
        """The payer saves a card or account; nothing is charged."""
        self._require_open(session)
        saved = Saved(
            ref=named("pm"), customer_ref=named("cus"), setup_ref=named("seti"),
            session_ref=session.ref, source=source.key, email=session.email,
            metadata=session.payment_metadata,
        )  # fmt: skip
        if source.method == "card":
            at = datetime.fromtimestamp(self.now(), UTC)
            year, month = divmod(at.year * 12 + at.month - 1 + source.months, 12)
            saved.exp_year, saved.exp_month = year, month + 1
        self.book.put(saved)
        session.saved_ref, session.status = saved.ref, "ready"
        self._waiting.discard(session.ref)
        self.book.put(session)
        self._say("setup.ready", session.ref, session=session)

    def charge(self, session: Session, *, customer: str, token: str) -> Session:
        """Charge what was saved, at once and for good: paid, on its way, or declined."""
        saved = self.book.get(Saved, token)
        source = source_of(saved.source, list(session.methods)) if saved else None
        if saved is None or source is None or saved.customer_ref != customer:
            raise Refused("resource_missing", f"No such saved card: {token[:80]}", status=404)
        if session.amount < 1:
            raise Refused("amount_too_small", "The amount must be at least 1.")
        self._waiting.add(session.ref)
        self.book.put(session)
        at = datetime.fromtimestamp(self.now(), UTC)
        declines = source.declines or ("card_declined" if self.knobs.saved_declines else "")
        if saved.exp_year and (saved.exp_year, saved.exp_month) < (at.year, at.month):
            declines = "expired_card"
        if declines:
            self.decline(session, replace(source, declines=declines))
        else:
            self.pay(session, source, slow=self.knobs.saved_slow)
        return session

    def _require_open(self, session: Session) -> None:
        if session.status != "open":
            raise Refused("not_open", f"The page is {session.status}.", status=409)

    def _payment_of(self, session: Session, source: Source) -> Payment:
        """The payment of a page; the same one after a declined try."""
        payment = self.book.get(Payment, session.payment_ref) or Payment(
            ref=named("pi"), charge_ref="", session_ref=session.ref, face=session.face,
            reference=session.reference, amount=session.amount, currency=session.currency,
            method="", brand="", last4="", status="",
        )  # fmt: skip
        payment.charge_ref = named("py" if source.method == "ach" else "ch")
        payment.method, payment.brand, payment.last4 = source.method, source.brand, source.last4
        session.payment_ref = payment.ref
        return payment

    def _finish(self, session: Session, payment: Payment | None, status: str, topic: str) -> None:
        session.status, session.due_at = status, 0
        self._waiting.discard(session.ref)
        if payment is not None:
            self.book.put(payment)
        self.book.put(session)
        if payment is not None and status == "paid":
            self._say("payment.paid", payment.ref, session=session)
        self._say(topic, session.ref, session=session)

    def _take(self, payment: Payment) -> None:
        fee = fee_of(payment.method, payment.amount)
        self._move("payment", payment.charge_ref, payment, payment.amount, fee)

    # Money that goes back

    def left_of(self, payment: Payment) -> int:
        """What of a payment was neither refunded nor taken back."""
        if payment.status != "paid":
            return 0
        return payment.amount - self.refunded_of(payment) - self.disputed_of(payment)

    def refunded_of(self, payment: Payment) -> int:
        """What was refunded of a payment, or is about to be."""
        back = (r for r in self.book.all(Refund) if r.payment_ref == payment.ref)
        return sum(one.amount for one in back if one.status != "failed")

    def disputed_of(self, payment: Payment) -> int:
        """What the payer's bank took back."""
        return sum(d.amount for d in self.book.all(Dispute) if d.payment_ref == payment.ref)

    def refund(self, wanted: Refund) -> Refund:
        """Money back to the payer; refused when less is left."""
        payment = self.payment(wanted.payment_ref)
        left = self.left_of(payment)
        if wanted.currency != payment.currency:
            raise Refused("currency_differs", f"The payment was in {payment.currency}.")
        if left == 0:
            raise Refused("charge_already_refunded", "Nothing of this payment is left to refund.")
        if not 0 < wanted.amount <= left:
            raise Refused("amount_too_large", f"{wanted.amount} is more than is left: {left}.")
        wanted.fails = self.knobs.refund_fails
        wanted.status = "pending" if wanted.fails or payment.method == "ach" else "succeeded"
        if wanted.status == "pending":
            wait = 1 if wanted.fails else max(1, round(self.knobs.bank_seconds))
            wanted.due_at = self.now() + wait
            self._pending.add(wanted.ref)
        self.book.put(wanted)
        self._move("refund", wanted.ref, payment, -wanted.amount, 0)
        self._touch(payment)
        self._say("payment.refunded", payment.ref, payment=payment)
        self._say("refund.updated", wanted.ref, payment=payment)
        return wanted

    def _end_refund(self, refund: Refund) -> None:
        self._pending.discard(refund.ref)
        payment = self._made(refund.payment_ref)
        refund.status, refund.due_at = ("failed" if refund.fails else "succeeded"), 0
        if refund.fails:
            refund.failure = FAILURES["lost_or_stolen_card"]
            self._move("refund", refund.ref, payment, refund.amount, 0)
            self._touch(payment)
        self.book.put(refund)
        self._say("refund.updated", refund.ref, payment=payment)

    def charge_back(self, payment: Payment) -> Dispute:
        """The payer's bank takes back what is left."""
        left = self.left_of(payment)
        if left < 1:
            raise Refused("nothing_left", "Nothing of this payment is left to take back.")
        taken = Dispute(
            ref=named("dp"), payment_ref=payment.ref, amount=left, currency=payment.currency
        )
        self.book.put(taken)
        self._move("dispute", taken.ref, payment, -left, DISPUTE_FEE)
        self._touch(payment)
        self._say("payment.disputed", taken.ref, payment=payment)
        return taken

    def _touch(self, payment: Payment) -> None:
        """The page of a payment counts as changed."""
        self.book.put(payment)
        session = self.book.get(Session, payment.session_ref)
        if session is not None:
            self.book.put(session)

    # Money that goes to the city

    def _move(self, kind: str, source_ref: str, payment: Payment, gross: int, fee: int) -> None:
        moved = Movement(
            ref=named("txn"), kind=kind, source_ref=source_ref, payment_ref=payment.ref,
            currency=payment.currency, gross=gross, fee=fee,
        )  # fmt: skip
        self.book.put(moved)

    def pay_out(self) -> list[Payout]:
        """Send what has come together to the city's bank: one payout for each currency."""
        waiting = [m for m in self.book.all(Movement) if not m.payout_ref]
        if not waiting:
            raise Refused("nothing_to_pay_out", "Nothing has come in since the last payout.")
        arrives = datetime.fromtimestamp(self.now(), UTC).date() + ARRIVES_AFTER
        made = []
        for currency in dict.fromkeys(m.currency for m in waiting):
            moved = [m for m in waiting if m.currency == currency]
            payout = Payout(
                ref=named("po"), currency=currency, arrives_on=arrives.isoformat(),
                net=sum(m.net for m in moved),
            )  # fmt: skip
            for movement in moved:
                movement.payout_ref = payout.ref
                self.book.put(movement)
            made.append(self.book.put(payout))
            payments = (self.book.get(Payment, m.payment_ref) for m in moved)
            for face in dict.fromkeys(p.face for p in payments if p is not None):
                self._say("payout.paid", payout.ref, face=face)
        return made

    def items_of(self, payout: Payout) -> list[Movement]:
        """What a payout is made of, oldest first."""
        return [m for m in self.book.all(Movement) if m.payout_ref == payout.ref]

    # Time

    def tick(self) -> None:
        """Whatever is due by now happens."""
        now = self.now()
        for ref in sorted(self._waiting):
            session = self.book.get(Session, ref)
            if session is None or (session.payment_ref and not self._knows(session.payment_ref)):
                self._waiting.discard(ref)
            elif session.status == "open" and session.expires_at <= now:
                self.expire(session)
            elif session.status == "processing" and 0 < session.due_at <= now:
                self.settle(session)
        for ref in sorted(self._pending):
            refund = self.book.get(Refund, ref)
            if refund is None or not self._knows(refund.payment_ref):
                self._pending.discard(ref)
            elif refund.due_at <= now:
                self._end_refund(refund)

    def _say(
        self,
        topic: str,
        object_ref: str,
        *,
        session: Session | None = None,
        payment: Payment | None = None,
        face: Face = "demo",
    ) -> None:
        about = session or payment
        if session is not None and session.mode == "charge":
            topic = topic.replace("checkout.", "charge.")
        told = Told(
            ref=named("evt"), face=about.face if about else face, topic=topic, object_ref=object_ref,
            session_ref=session.ref if session else payment.session_ref if payment else "",
            payment_ref=session.payment_ref if session else payment.ref if payment else "",
        )  # fmt: skip
        self._tell(self.book.put(told))


def named(kind: str) -> str:
    """A new name that nobody guesses, like "cs_test_5f…"."""
    return f"{kind}_test_{secrets.token_hex(16)}"
