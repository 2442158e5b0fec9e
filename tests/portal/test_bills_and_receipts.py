"""The pages of a bill and a receipt, contesting a bill, and the door for the providers' webhooks."""

import datetime as dt
import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from onehall.billing import disputing, events, invoicing, pack, refunding, rules
from onehall.billing import queries as billing
from onehall.billing.gateways.protocol import Event, Forged
from onehall.billing.invoicing import Change, NewCharge
from onehall.billing.models import AdjustmentKind, Attempt, Invoice, Payment, ProviderEvent
from onehall.billing.refunding import Ask, Back
from onehall.kernel import clock
from onehall.messaging.handlers import TryAgain
from onehall.messaging.models import Outbox
from onehall.people.actor import system
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.billing.money import FIXTURES, Provider, bill, finance, proven
from tests.cast import elsewhere
from tests.portal.conftest import filled
from tests.portal.test_paying import (
    account,
    check,
    choose,
    leave,
    main,
)

KILOBYTE = 1024


def words_of(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)


def pay(phone: Client, provider: Provider, *bills: Invoice, **more: str) -> Payment:
    choose(phone, *bills)
    leave(phone, check(phone, **more))
    attempt = Attempt.objects.latest("pk")
    provider.pays(attempt)
    phone.get(f"/pay/back/{attempt.key}")
    return Payment.objects.get(attempt=attempt)


class TestABill:
    @pytest.fixture
    def mine(self, paying: City) -> Invoice:
        lines = [
            NewCharge(code="w", words={"en": "Water", "es": "Agua"}, amount=6_000, gl="1", explained="12 × $5.00"),
            NewCharge(code="r", words={"en": "Refuse", "es": "Basura"}, amount=2_420, gl="1"),
        ]  # fmt: skip
        made = bill(paying, charges=lines, account=account(paying), name="Rosa Alvarez")
        change = Change(
            charge_id=made.charges.earliest("pk").pk, amount=-500, kind=AdjustmentKind.DISCOUNT, reason="Secret"
        )  # fmt: skip
        invoicing.adjust(city=paying, change=change, by=finance(paying), now=clock.now())
        made.refresh_from_db()
        return made

    def test_says_how_each_line_came_about_and_what_is_owed(
        self,
        phone: Client,
        paying: City,
        provider: Provider,
        mine: Invoice,
        django_assert_max_num_queries: Any,
    ) -> None:
        phone.get(f"/bills/{mine.token}")
        with django_assert_max_num_queries(8):
            answer = phone.get(f"/bills/{mine.token}")
        page = main(answer)
        for words in (
            "Water",
            "12 × $5.00",
            "Discount",
            "−$5.00",
            "$79.20",
            "To pay",
            "0044-10",
        ):
            assert words in page, words
        # Why it was given is between the city's people.
        assert "Secret" not in page
        assert "no-store" in answer.headers["Cache-Control"]
        assert "noindex" in answer.content.decode()

    def test_shows_payments_but_not_who_paid(
        self,
        phone: Client,
        paying: City,
        provider: Provider,
        mine: Invoice,
    ) -> None:
        payment = pay(
            phone, provider, mine, email="rosa@example.org", **{f"part_{mine.pk}": "20.00"}
        )
        page = main(phone.get(f"/bills/{mine.token}"))
        assert "Partly paid" in page
        assert payment.receipt in page
        assert "$59.20" in page
        assert payment.token not in page
        assert "rosa@example.org" not in page

    def test_five_hundred_lines_fit_in_sixty_kilobytes(
        self,
        phone: Client,
        paying: City,
        provider: Provider,
    ) -> None:
        lines = [
            NewCharge(code=f"l{n}", words={"en": f"Line of a long name {n}"}, amount=100, gl="1", explained="x" * 60)
            for n in range(500)
        ]  # fmt: skip
        made = bill(paying, charges=lines)
        answer = phone.get(f"/bills/{made.token}")
        assert len(answer.content) <= 60 * KILOBYTE
        assert "420 more lines are in the PDF." in main(answer)
        assert "Line of a long name 499" in words_of(phone.get(f"/bills/{made.token}.pdf").content)

    def test_on_paper(self, phone: Client, paying: City, mine: Invoice) -> None:
        answer = phone.get(f"/bills/{mine.token}.pdf")
        assert answer.headers["Content-Type"] == "application/pdf"
        said = words_of(answer.content)
        for words in (mine.number, "Water", "12 × $5.00", "Discount", "$79.20", mine.access_code):
            assert words in said, words
        assert "Issued" in said
        assert "Descuento" in words_of(phone.get(f"/bills/{mine.token}.pdf?lang=es").content)

    def test_the_bills_of_its_account_hang_on_its_secret(
        self,
        phone: Client,
        paying: City,
        mine: Invoice,
    ) -> None:
        for n in range(25):
            bill(paying, 1_000 + n, account=mine.account, issued_on=dt.date(2025, 1, 1 + n))
        other = bill(paying, 9_999, account=account(paying, "7"))
        page = main(phone.get(f"/bills/{mine.token}/account"))
        assert page.count("/bills/") == 25
        assert other.number not in page
        older = page.partition('href="?before=')[2].partition('"')[0]
        assert main(phone.get(f"/bills/{mine.token}/account?before={older}")).count("/bills/") == 3
        alone = bill(paying, 1_000)
        assert phone.get(f"/bills/{alone.token}/account").status_code == 404

    def test_is_not_found_in_another_city_or_by_its_number(
        self,
        paying: City,
        mine: Invoice,
        tmp_path: Path,
    ) -> None:
        other, _ida = elsewhere(tmp_path)
        read, _problems = pack.read(FIXTURES, other.languages, "")
        pack.apply(read, other)
        billing.forget()
        foreign = Client(headers={"host": other.hosts[0]})
        for path in ("", ".pdf", "/account"):
            assert foreign.get(f"/bills/{mine.token}{path}").status_code == 404
        assert foreign.get("/pay").status_code == 200
        home = Client(SERVER_NAME="testford.example")
        assert home.get(f"/bills/{mine.number}").status_code == 404


class TestAReceipt:
    def test_has_its_lines_the_way_and_what_is_still_owed(
        self,
        phone: Client,
        paying: City,
        provider: Provider,
    ) -> None:
        one, two = bill(paying, 8_420), bill(paying, 1_000)
        payment = pay(phone, provider, one, two, **{f"part_{one.pk}": "50"})
        page = main(phone.get(f"/receipts/{payment.token}"))
        for words in (
            payment.receipt,
            one.number,
            two.number,
            "Visa ···· 4242",
            "$50.00",
            "Still owed on",
            "$34.20",
        ):
            assert words in page, words
        for token in (one.token, two.token):
            assert token not in page
        said = words_of(phone.get(f"/receipts/{payment.token}.pdf").content)
        assert payment.receipt in said
        assert "Fee for paying online" in said
        proven(paying)

    def test_names_what_was_given_back_by_its_own_number(
        self,
        phone: Client,
        paying: City,
        provider: Provider,
    ) -> None:
        mine = bill(paying, 8_420)
        payment = pay(phone, provider, mine)
        charge = mine.charges.get()
        ask = Ask(
            payment_id=payment.pk, key=payment.key, lines=[Back(charge_id=charge.pk, amount=420)],
            reason="Wrong meter", available=refunding.available(payment),
        )  # fmt: skip
        refund = refunding.ask(city=paying, wanted=ask, by=finance(paying), now=clock.now())
        if refund.status == "requested":
            refund = refunding.decide(
                city=paying, refund_id=refund.pk, approve=True, by=finance(paying, 902, "Ann"), now=clock.now()
            )  # fmt: skip
        refunding.succeed(
            city=paying, refund_id=refund.pk, provider_ref="re_1", by=system(paying.pk), now=clock.now()
        )  # fmt: skip
        refund.refresh_from_db()
        page = main(phone.get(f"/receipts/{payment.token}"))
        assert f"Refund {refund.receipt}" in page
        assert "Wrong meter" not in page
        assert refund.receipt in words_of(phone.get(f"/receipts/{payment.token}.pdf").content)

    def test_of_another_city_is_not_found(
        self,
        phone: Client,
        paying: City,
        provider: Provider,
        tmp_path: Path,
    ) -> None:
        payment = pay(phone, provider, bill(paying, 1_000))
        other, _ida = elsewhere(tmp_path)
        foreign = Client(headers={"host": other.hosts[0]})
        for path in ("", ".pdf"):
            assert foreign.get(f"/receipts/{payment.token}{path}").status_code == 404


class TestContesting:
    @pytest.fixture
    def contested_by_pothole(self, paying: City, tmp_path: Path) -> City:
        """Utility bills are contested by a service that Testford has."""
        text = (FIXTURES / "billing.yaml").read_text()
        text = text.replace(
            "    partial: any\n",
            "    partial: any\n    dispute: pothole\n    hardship: full-bin\n",
            1,
        )
        (tmp_path / "billing.yaml").write_text(text)
        read, problems = pack.read(tmp_path, paying.languages, "")
        assert not problems, [str(p) for p in problems]
        pack.apply(read, paying)
        billing.forget()
        return paying

    def test_a_report_from_the_bills_page_stops_the_clock_of_penalties_while_it_is_open(
        self, phone: Client, contested_by_pothole: City
    ) -> None:
        city = contested_by_pothole
        mine = bill(city, 5_000, due_on=dt.date(2026, 1, 1))
        page = main(phone.get(f"/bills/{mine.token}"))
        link = page.partition('href="/report/pothole?')[2].partition('"')[0]
        assert link
        form = phone.get(f"/report/pothole?{link}").content.decode()
        ticket = form.partition('name="bill" value="')[2].partition('"')[0]
        answer = phone.post("/report/pothole", filled(bill=ticket))
        assert answer.status_code == 302
        mine.refresh_from_db()
        report = ServiceRequest.objects.select_related("case").get()
        assert mine.disputed == report.case
        page = main(phone.get(f"/bills/{mine.token}"))
        assert "This bill is contested." in page
        assert report.case.number in page
        assert "/report/pothole" not in page
        mine = Invoice.objects.select_related("disputed").get()
        owed = rules.Owed(billed=1, owed=1, due_on=mine.due_on, disputed=mine.disputed.is_open)
        assert rules.status(owed, dt.date(2026, 3, 4)) == "disputed"

    def test_only_the_kinds_own_service_contests_and_no_open_case_is_replaced(
        self, phone: Client, contested_by_pothole: City
    ) -> None:
        city = contested_by_pothole
        mine = bill(city, 5_000)
        phone.post("/report/pothole", filled())
        case = ServiceRequest.objects.get().case
        contest = disputing.contest
        assert not contest(city=city, invoice_id=mine.pk, service_key="full-bin", case=case)
        assert contest(city=city, invoice_id=mine.pk, service_key="pothole", case=case)
        assert not contest(city=city, invoice_id=mine.pk, service_key="pothole", case=case)
        foreign = bill(city, 100, kind="citation")
        assert not contest(city=city, invoice_id=foreign.pk, service_key="pothole", case=case)

    def test_a_forged_bill_is_no_bill(self, phone: Client, contested_by_pothole: City) -> None:
        mine = bill(contested_by_pothole, 5_000)
        assert phone.post("/report/pothole", filled(bill=f"{mine.pk}")).status_code == 302
        mine.refresh_from_db()
        assert mine.disputed is None


class Telling(Provider):
    """A provider whose webhooks say what they are about."""

    def read_event(self, headers: Any, raw: bytes, *, now: dt.datetime) -> Event:
        if headers.get("Signature") != "good":
            raise Forged("Not signed.")
        return Event(**json.loads(raw))


class TestWebhooks:
    @pytest.fixture
    def told(self, paying: City, monkeypatch: pytest.MonkeyPatch) -> Telling:
        from tests.billing.money import pays_through

        made = Telling()
        pays_through(paying, made, monkeypatch)
        return made

    def send(self, signature: str = "good", provider: str = "demo", **event: str) -> int:
        enforcing = Client(SERVER_NAME="testford.example", enforce_csrf_checks=True)
        body = json.dumps({"id": "ev_1", "kind": "checkout.changed", **event})
        answer = enforcing.post(
            f"/pay/webhook/{provider}", body, content_type="application/json", headers={"signature": signature}
        )  # fmt: skip
        return answer.status_code

    def work(self, city: City) -> None:
        """What the worker does with the rows that are queued, the newest first."""
        for row in Outbox.objects.filter(city=city, topic=events.TOPIC).order_by("-pk"):
            events.work(row.payload, city_id=city.pk, key=row.key, now=clock.now())

    def begun(self, phone: Client, city: City) -> Attempt:
        choose(phone, bill(city, 10_000))
        leave(phone, check(phone))
        return Attempt.objects.latest("pk")

    def test_is_kept_once_answered_at_once_and_settled_by_the_worker(
        self,
        phone: Client,
        paying: City,
        told: Telling,
    ) -> None:
        attempt = self.begun(phone, paying)
        told.pays(attempt)
        asked = {"checkout_ref": attempt.provider_ref}
        assert [self.send(**asked) for _ in range(3)] == [204, 204, 204]
        assert ProviderEvent.objects.count() == 1
        assert not Payment.objects.exists()
        for _twice in range(2):
            self.work(paying)
        assert Payment.objects.count() == 1
        assert ProviderEvent.objects.get().done_at is not None
        proven(paying)

    def test_in_the_wrong_order_the_provider_is_what_counts(
        self,
        phone: Client,
        paying: City,
        told: Telling,
    ) -> None:
        attempt = self.begun(phone, paying)
        told.pays(attempt)
        self.send(id="ev_9", kind="checkout.paid", reference=str(attempt.key))
        self.send(id="ev_1", kind="checkout.failed", checkout_ref=attempt.provider_ref)
        self.work(paying)
        assert Payment.objects.count() == 1
        self.send(id="ev_3", kind="payment.changed", payment_ref=f"pay_{attempt.key}")
        self.work(paying)
        assert Payment.objects.count() == 1
        assert not ProviderEvent.objects.filter(done_at=None).exists()

    def test_quicker_than_our_own_note_it_is_settled_all_the_same(
        self,
        phone: Client,
        paying: City,
        told: Telling,
    ) -> None:
        attempt = self.begun(phone, paying)
        told.pays(attempt)
        ref = attempt.provider_ref
        Attempt.objects.filter(pk=attempt.pk).update(provider_ref="", status="created")
        self.send(checkout_ref=ref, reference=str(attempt.key))
        self.work(paying)
        assert Payment.objects.count() == 1

    def test_while_the_provider_is_away_it_is_tried_again(
        self,
        phone: Client,
        paying: City,
        told: Telling,
    ) -> None:
        attempt = self.begun(phone, paying)
        told.pays(attempt)
        self.send(checkout_ref=attempt.provider_ref)
        told.down = True
        with pytest.raises(TryAgain):
            self.work(paying)
        assert ProviderEvent.objects.get().done_at is None
        told.down = False
        self.work(paying)
        assert Payment.objects.count() == 1

    def test_about_nothing_of_ours_it_is_only_noted(self, paying: City, told: Telling) -> None:
        assert self.send(checkout_ref="co_unknown", reference="no uuid", payment_ref="pay_x") == 204
        self.work(paying)
        assert ProviderEvent.objects.get().done_at is not None

    def test_forged_too_large_or_of_another_provider_it_writes_nothing(
        self,
        paying: City,
        told: Telling,
    ) -> None:
        assert self.send("bad") == 400
        assert self.send(provider="stripe") == 404
        assert self.send(kind="x" * 300_000) == 413
        assert not ProviderEvent.objects.exists()
        assert not Outbox.objects.filter(topic=events.TOPIC).exists()


def test_a_checkout_that_the_provider_lost_is_looked_at_by_somebody(
    phone: Client,
    paying: City,
    provider: Provider,
) -> None:
    choose(phone, bill(paying, 10_000))
    leave(phone, check(phone))
    attempt = Attempt.objects.get()
    provider.says.clear()
    page = main(phone.get(f"/pay/back/{attempt.key}"))
    assert "Somebody of the city looks at it" in page
    assert "do not pay again" in page


def test_a_payment_of_another_amount_is_booked_and_looked_at(
    phone: Client,
    paying: City,
    provider: Provider,
) -> None:
    choose(phone, bill(paying, 10_000))
    leave(phone, check(phone))
    attempt = Attempt.objects.get()
    provider.pays(attempt)
    held = provider.says[attempt.provider_ref]
    provider.says[attempt.provider_ref] = replace(held, amount=20_000)
    page = main(phone.get(f"/pay/back/{attempt.key}"))
    assert "Paid. Thank you." in page
    assert "Somebody of the city looks at this payment." in page
    proven(paying)
