"""What staff do with money: bills found and changed, the counter, refunds by two, the day, the books."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.core.cache import caches

from onehall.billing import drawers, exceptions, invoicing, pack, queries, refunding, taking
from onehall.billing.invoicing import NewInvoice
from onehall.billing.models import (
    Account,
    Adjustment,
    DayClose,
    Drawer,
    Invoice,
    JournalEntry,
    Payment,
    PaymentException,
    PaymentMethod,
    Refund,
)
from onehall.billing.taking import Money
from onehall.kernel.clock import now
from onehall.messaging.models import Message
from onehall.people.actor import system
from onehall.places.models import City
from tests.billing.money import FIXTURES, books, proven
from tests.console.people import Person, hire
from tests.console.test_queries import asked as statements_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def paying(city: City) -> City:
    """Testford, which bills."""
    read, problems = pack.read(FIXTURES, city.languages, "")
    assert not problems, [str(p) for p in problems]
    pack.apply(read, city)
    queries.forget()
    hire(city, "fay@testford.example", "finance", None)
    hire(city, "gus@testford.example", "finance", None)
    return city


@pytest.fixture
def fay(paying: City) -> Person:
    """Somebody of finance."""
    return Person(paying, "fay@testford.example")


@pytest.fixture
def gus(paying: City) -> Person:
    """Another one."""
    return Person(paying, "gus@testford.example")


def bill(city: City, amount: int = 10_000, kind: str = "utility", **more: Any) -> Invoice:
    line = invoicing.NewCharge(code="water", words={"en": "Water"}, amount=amount, gl="4100")
    new = NewInvoice(kind=kind, charges=[line], **{"name": "Rosa Diaz", **more})
    return invoicing.issue(city=city, new=new, by=system(city.pk), now=now())


def opened(person: Person) -> Drawer:
    return drawers.open_drawer(
        city=person.city, name="Front counter", float_=5_000, by=person.actor, now=now()
    )


def cash(person: Person, *bills: Invoice, **more: Any) -> Any:
    drawer = Drawer.objects.filter(closed_at=None).first()
    facts = {
        "key": str(uuid.uuid4()),
        "bill": [str(b.pk) for b in bills],
        "method": "cash",
        "drawer": str(drawer.pk) if drawer else "",
    }
    return person.post("/money/counter", **(facts | more))


def by_card(city: City, bill_: Invoice, amount: int = 10_000) -> Payment:
    money = Money(
        key=uuid.uuid4(),
        method=PaymentMethod.CARD,
        amount=amount,
        provider="gone",
        provider_ref=str(uuid.uuid4()),
        brand="visa",
        last4="4242",
        name="Rosa Diaz",
    )
    return taking.take(
        city=city,
        setup=queries.setup(city),
        money=money,
        amounts={bill_.pk: amount},
        by=system(city.pk),
        now=now(),
    )


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, (answer.status_code, answer.content[:300])
    return str(answer.content.decode())


class TestFinding:
    def test_by_number_account_name_plate_receipt_and_card(self, paying: City, fay: Person) -> None:
        account = Account.objects.create(
            city=paying, kind="utility", number="W-77", name="Otis Ray"
        )
        mine = bill(paying, account=account, name="")
        other = bill(paying, 4_500, "citation", name="Lena Fox", plate="CA 7ABC123")
        paid = by_card(paying, mine)
        for words, shown, hidden in (
            (mine.number.lower(), mine, other),
            ("w-77", mine, other),
            ("otis", mine, other),
            ("Lena F", other, mine),
            ("ca 7abc123", other, mine),
        ):
            page = text(fay.get("/money", q=words))
            assert f"/money/bills/{shown.pk}" in page, words
            assert f"/money/bills/{hidden.pk}" not in page, words
        for words in (paid.receipt, "4242 100.00", "4242 $100", "rosa"):
            assert f"/money/payments/{paid.pk}" in text(fay.get("/money", q=words)), words
        assert "No bill fits" in text(fay.get("/money", q="4242 100.01"))
        assert "No bill fits" in text(fay.get("/money", q="%"))

    def test_lists_go_on_by_keyset(self, paying: City, fay: Person) -> None:
        numbers = {bill(paying).number for _n in range(53)}
        for show in ("open", "all"):
            page, seen = text(fay.get("/money", show=show)), set()
            seen |= {n for n in numbers if n in page}
            assert len(seen) == 50
            link = re.search(r'rel="next" href="([^"]+)"', page)
            assert link
            page = text(fay.client.get(link[1].replace("&amp;", "&")))
            assert {n for n in numbers if n in page} == numbers - seen

    def test_what_is_overdue_contested_or_void(self, paying: City, fay: Person, case: Any) -> None:
        late = bill(paying, due_on=now().date() - dt.timedelta(days=3))
        gone, contested = bill(paying), bill(paying)
        invoicing.void(city=paying, invoice_id=gone.pk, reason="x", by=fay.actor, now=now())
        Invoice.objects.filter(pk=contested.pk).update(disputed=case)
        for show, shown in (("overdue", late), ("void", gone), ("disputed", contested)):
            page = text(fay.get("/money", show=show))
            found = set(re.findall(r"/money/bills/(\d+)", page))
            assert found == {str(shown.pk)}, show

    def test_asks_as_much_for_a_page_as_for_a_line(self, paying: City, fay: Person) -> None:
        bill(paying)
        few = len(statements_of(lambda: fay.get("/money")))
        for _n in range(30):
            bill(paying)
        assert len(statements_of(lambda: fay.get("/money"))) == few <= 9
        assert len(statements_of(lambda: fay.get("/money", q="rosa"))) <= 17


class TestABill:
    def test_shows_its_lines_changes_payments_and_entries(self, paying: City, fay: Person) -> None:
        mine = bill(paying)
        by_card(paying, mine, 4_000)
        charge = mine.charges.get()
        sent = fay.post(
            f"/money/bills/{mine.pk}/adjust", charge=charge.pk, kind="waiver", amount="10",
            reason="A leak that was ours", key=str(uuid.uuid4()), seen="6000",
        )  # fmt: skip
        assert sent.status_code == 302
        page = text(fay.get(f"/money/bills/{mine.pk}"))
        for words in ("Water", "$100.00", "$50.00", "A leak that was ours", "Fay", "Receivable",
                      "1150", "4100", "Partly paid", "$40.00 of R-", "Waiver"):  # fmt: skip
            assert words in page, words
        proven(paying)

    def test_a_double_tap_is_one_change(self, paying: City, fay: Person) -> None:
        mine = bill(paying)
        data = {
            "charge": mine.charges.get().pk, "kind": "discount", "amount": "1.50",
            "reason": "Hardship", "key": str(uuid.uuid4()), "seen": "10000",
        }  # fmt: skip
        for _n in range(2):
            assert fay.post(f"/money/bills/{mine.pk}/adjust", **data).status_code == 302
        assert Adjustment.objects.count() == 1
        again = fay.post(f"/money/bills/{mine.pk}/adjust", **data | {"key": str(uuid.uuid4())})
        assert "changed meanwhile" in text(again, 422)
        proven(paying)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"reason": ""}, "Say why."),
            ({"amount": "ten"}, "is not an amount"),
            ({"amount": "0"}, "Write an amount"),
            ({"amount": "100.01"}, "No more can be taken off"),
            ({"kind": "gift"}, "Choose what it is"),
            ({"kind": "waiver", "way": "more", "amount": "200"}, "No more can be taken off"),
            ({"reason": "card 4242 4242 4242 4242"}, "number of a card"),
            ({"key": "x"}, "form is incomplete"),
        ],
    )
    def test_refusals_in_words(
        self, paying: City, fay: Person, wrong: dict[str, str], words: str
    ) -> None:
        mine = bill(paying)
        data = {
            "charge": mine.charges.get().pk, "kind": "correction", "amount": "1", "reason": "x",
            "key": str(uuid.uuid4()),
        }  # fmt: skip
        assert words in text(fay.post(f"/money/bills/{mine.pk}/adjust", **data | wrong), 422)
        assert not Adjustment.objects.exists()

    def test_the_link_to_pay_goes_out_once(self, paying: City, fay: Person) -> None:
        mine, key = bill(paying), str(uuid.uuid4())
        for _n in range(2):
            fay.post(f"/money/bills/{mine.pk}/link", to="rosa@example.org", key=key)
        mail = Message.objects.get()
        assert f"/bills/{mine.token}" in mail.body_text
        assert "$100.00" in mail.body_text
        assert "Write an e-mail" in text(
            fay.post(f"/money/bills/{mine.pk}/link", to="rosa", key=key), 422
        )

    def test_is_taken_back_with_a_reason(self, paying: City, fay: Person) -> None:
        mine = bill(paying)
        assert "Say why." in text(fay.post(f"/money/bills/{mine.pk}/void"), 422)
        fay.post(f"/money/bills/{mine.pk}/void", reason="Twice")
        mine.refresh_from_db()
        assert mine.voided_at
        assert "Void" in text(fay.get(f"/money/bills/{mine.pk}"))

    def test_is_written_by_hand_once(self, paying: City, fay: Person, case: Any) -> None:
        data = {
            "kind": "utility", "name": "Otis Ray", "key": str(uuid.uuid4()), "words.0": "Hydrant",
            "amount.0": "1,250.50", "words.1": "Fee", "amount.1": "5", "sort.1": "fee",
            "case": case.number, "do": "write",
        }  # fmt: skip
        for _n in range(2):
            assert fay.post("/money/bills/new", **data).status_code == 302
        made = Invoice.objects.get()
        assert (made.owed, made.case_id, made.charges.count()) == (125_550, case.pk, 2)
        assert made.number in text(fay.get(f"/cases/{case.number}"))
        assert "Write a bill for this case" in text(fay.get(f"/cases/{case.number}"))

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"name": ""}, "Say who is to pay"),
            ({"amount.0": ""}, "Write an amount"),
            ({"words.0": ""}, "Say what line 1 is for"),
            ({"account": "nope"}, "There is no account nope"),
            ({"case": "99-1"}, "There is no case 99-1"),
            ({"due": "soon"}, "Write the day as"),
            ({"kind": "zoo"}, "There is no kind of bill"),
        ],
    )
    def test_is_not_written_by_half(
        self, paying: City, fay: Person, wrong: dict[str, str], words: str
    ) -> None:
        data = {
            "kind": "utility",
            "name": "O",
            "key": str(uuid.uuid4()),
            "words.0": "H",
            "amount.0": "1",
        }
        page = text(fay.post("/money/bills/new", **data | wrong), 422)
        assert words in page.replace("&quot;", '"')
        assert not Invoice.objects.exists()


class TestTheCounter:
    def test_cash_gives_change(self, paying: City, fay: Person) -> None:
        opened(fay)
        mine, other = bill(paying), bill(paying, 2_500)
        answer = cash(fay, mine, other, given="130")
        page = text(fay.client.get(answer.url))
        assert "Give back $5.00 change." in page
        assert books(paying)["drawer"] == 12_500
        assert "R-" in text(fay.client.get(answer.url + "/receipt"))
        assert fay.client.get(answer.url + "/receipt.pdf").content[:4] == b"%PDF"
        proven(paying)

    def test_a_double_tap_is_one_payment(self, paying: City, fay: Person) -> None:
        opened(fay)
        mine, key = bill(paying), str(uuid.uuid4())
        assert cash(fay, mine, key=key).url == cash(fay, mine, key=key).url
        assert Payment.objects.count() == 1

    def test_a_check_and_what_is_over_is_credit_that_is_used(
        self, paying: City, fay: Person
    ) -> None:
        opened(fay)
        mine, later = bill(paying), bill(paying, 3_000)
        answer = cash(fay, mine, method="check", given="120", reference="1017", name="Rosa Diaz")
        paid = Payment.objects.get()
        assert (paid.credit, paid.reference) == (2_000, "1017")
        seen = {"seen": "2000", "number": later.number}
        fay.post(f"/money/payments/{paid.pk}/apply", **seen)
        page = text(fay.client.get(answer.url))
        assert "The credit is used" in page
        fay.post(f"/money/payments/{paid.pk}/apply", **seen)
        assert "changed meanwhile" in text(fay.client.get(answer.url))
        later.refresh_from_db()
        assert later.owed == 1_000
        proven(paying)

    def test_money_on_account(self, paying: City, fay: Person) -> None:
        cash(fay, method="transfer", given="75", name="Otis Ray")
        assert books(paying) == {"bank": 7_500, "credit": -7_500}

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"method": "cash", "drawer": ""}, "Open a drawer first"),
            ({"given": "99"}, "$1.00 is missing"),
            ({"method": "check"}, "Write the number of the check"),
            ({"method": "card"}, "Choose how it is paid"),
            ({"given": "110", "rest": "credit"}, "write the name"),
            ({"reference": "4242424242424242"}, "number of a card"),
        ],
    )
    def test_refusals_in_words(
        self, paying: City, fay: Person, more: dict[str, str], words: str
    ) -> None:
        opened(fay)
        assert words in text(cash(fay, bill(paying), **more), 422)
        assert not Payment.objects.exists()

    def test_a_citation_is_paid_as_a_whole(self, paying: City, fay: Person) -> None:
        opened(fay)
        mine = bill(paying, kind="citation")
        page = text(cash(fay, mine, **{f"amount.{mine.pk}": "50"}), 422)
        assert "is paid as a whole: $100.00" in page

    def test_a_bounced_check_is_owed_again(self, paying: City, fay: Person) -> None:
        opened(fay)
        mine = bill(paying)
        cash(fay, mine, method="check", reference="9")
        paid = Payment.objects.get()
        fay.post(f"/money/payments/{paid.pk}/bounced", reason="No funds")
        mine.refresh_from_db()
        assert mine.owed == 10_000
        assert "It came back unpaid." in text(fay.get(f"/money/payments/{paid.pk}"))
        proven(paying)


class TestDrawers:
    def test_opened_counted_and_deposited(self, paying: City, fay: Person) -> None:
        fay.post("/money/drawers", name="Front counter", float="50")
        drawer = Drawer.objects.get()
        assert "is open already" in text(fay.post("/money/drawers", name="Front counter"), 422)
        cash(fay, bill(paying))
        short = fay.post(f"/money/drawers/{drawer.pk}", **{"n.10000": "1", "n.2000": "2"})
        assert "$10.00 less than there should be" in text(short, 422)
        fay.post(
            f"/money/drawers/{drawer.pk}", **{"n.10000": "1", "n.2000": "2", "note": "Miscounted"}
        )
        drawer.refresh_from_db()
        assert (drawer.counted, drawer.difference, drawer.note) == (14_000, -1_000, "Miscounted")
        assert books(paying) == {"bank": 9_000, "over_short": 1_000, "revenue": -10_000}
        assert "The drawer is closed" in text(fay.post(f"/money/drawers/{drawer.pk}", sum="1"), 422)
        assert "$90.00" in text(fay.get(f"/money/drawers/{drawer.pk}"))
        proven(paying)

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({}, "Count what lies in it"),
            ({"n.100": "many"}, "Write how many of each"),
            ({"n.100": "1", "sum": "2"}, "do not come to the sum"),
            ({"sum": "40", "note": "x"}, "Less than the float"),
            ({"sum": "x"}, "is not an amount"),
        ],
    )
    def test_refusals_in_words(
        self, paying: City, fay: Person, typed: dict[str, str], words: str
    ) -> None:
        drawer = opened(fay)
        assert words in text(fay.post(f"/money/drawers/{drawer.pk}", **typed), 422)
        drawer.refresh_from_db()
        assert drawer.closed_at is None


class TestRefunds:
    def asked(self, person: Person, paid: Payment, amount: str = "80", **more: Any) -> Any:
        line = paid.allocations.first()
        assert line
        data = {
            "key": str(uuid.uuid4()), "available": str(refunding.available(paid)),
            f"line.{line.charge_id}": amount, "reason": "Billed twice",
        }  # fmt: skip
        return person.post(f"/money/payments/{paid.pk}/refund", **data | more)

    def test_goes_through_two_people_and_out_of_a_drawer(
        self, paying: City, fay: Person, gus: Person
    ) -> None:
        drawer = opened(fay)
        mine = bill(paying)
        cash(fay, mine)
        assert self.asked(fay, Payment.objects.get()).status_code == 302
        refund = Refund.objects.get()
        page = text(fay.get("/money/refunds"))
        assert "You asked for it, so somebody else decides." in page
        assert re.search(r'value="approve" disabled', page)
        no = fay.post(f"/money/refunds/{refund.pk}/decide", what="approve")
        assert "Whoever asks for a refund does not approve it." in text(no, 422)
        gus.post(f"/money/refunds/{refund.pk}/decide", what="approve")
        gus.post(f"/money/refunds/{refund.pk}/carry-out", drawer=str(drawer.pk))
        refund.refresh_from_db()
        assert (refund.status, refund.decided_by, refund.drawer_id) == (
            "succeeded",
            "Gus",
            drawer.pk,
        )
        assert drawers.contents(drawer).expected == 5_000 + 10_000 - 8_000
        assert books(paying) == {"drawer": 2_000, "revenue": -2_000}
        mine.refresh_from_db()
        assert (mine.billed, mine.owed) == (2_000, 0)
        proven(paying)

    def test_without_a_drawer_the_bank_sends_it(self, paying: City, fay: Person) -> None:
        opened(fay)
        cash(fay, bill(paying))
        self.asked(fay, Payment.objects.get(), "20")
        refund = Refund.objects.get()
        assert refund.status == "approved"
        fay.post(f"/money/refunds/{refund.pk}/carry-out", drawer="")
        assert books(paying) == {"drawer": 10_000, "bank": -2_000, "revenue": -8_000}
        proven(paying)

    def test_of_a_provider_that_is_gone_stays(self, paying: City, fay: Person) -> None:
        paid = by_card(paying, bill(paying))
        self.asked(fay, paid, "20")
        refund = Refund.objects.get()
        page = text(fay.post(f"/money/refunds/{refund.pk}/carry-out"), 422)
        assert "is not set up any more" in page

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"available": "1"}, "The payment has changed meanwhile"),
            ({"reason": ""}, "Say why."),
            ({"amount": "101"}, "No more than $100.00"),
            ({"amount": ""}, "an amount for at least one line"),
        ],
    )
    def test_refusals_in_words(
        self, paying: City, fay: Person, more: dict[str, str], words: str
    ) -> None:
        paid = by_card(paying, bill(paying))
        assert words in text(self.asked(fay, paid, **more), 422)
        assert not Refund.objects.exists()


class TestTheDay:
    def day(self) -> str:
        return now().astimezone(dt.UTC).date().isoformat()

    def seen(self, person: Person) -> str:
        found = re.search(r'name="seen" value="([0-9a-f]{64})"', text(person.get("/money/day")))
        assert found
        return found[1]

    def test_is_closed_and_exported_bit_for_bit(self, paying: City, fay: Person) -> None:
        drawer = opened(fay)
        cash(fay, bill(paying))
        on = JournalEntry.objects.order_by("pk")[0].on
        url = f"/money/day/{on}"
        blocked = fay.post(url, seen=self.seen(fay))
        assert "Count and close these drawers first: Front counter" in text(blocked, 422)
        fay.post(f"/money/drawers/{drawer.pk}", sum="150")
        assert "Something was booked meanwhile" in text(fay.post(url, seen="0" * 64), 422)
        fay.post(url, seen=self.seen(fay))
        closed = DayClose.objects.get()
        assert closed.sums["1010"] == {"debit": 10_000, "credit": 10_000}
        assert "not opened again" in text(fay.post(url, seen="x"), 422)
        one = fay.get("/money/export.csv", **{"from": str(on)})
        assert one.headers["X-Checksum-Sha256"] == closed.sha256
        assert f"gl-testford-{on:%Y%m%d}.csv" in one.headers["Content-Disposition"]
        later = bill(paying)
        entry = JournalEntry.objects.get(key=f"billed:{later.pk}:0")
        assert entry.on == on + dt.timedelta(days=1)
        assert fay.get("/money/export.csv", **{"from": str(on)}).content == one.content
        proven(paying)

    def test_an_open_day_is_not_exported(self, paying: City, fay: Person) -> None:
        bill(paying)
        answer = fay.get("/money/export.csv", **{"from": self.day()})
        assert answer.status_code == 302
        assert "is closed" in text(fay.client.get(answer.url))

    def test_days_are_closed_in_order(self, paying: City, fay: Person) -> None:
        bill(paying)
        first = JournalEntry.objects.get().on
        JournalEntry.objects.filter(on=first)
        page = text(fay.post(f"/money/day/{first + dt.timedelta(days=1)}", seen="x"), 422)
        assert "The day has not come yet" in page
        assert fay.get("/money/day/tomorrow").status_code == 404


class TestTheBooks:
    def test_aging(self, paying: City, fay: Person) -> None:
        today = now().date()
        for days, amount in ((-5, 100), (1, 200), (30, 300), (31, 400), (61, 500), (91, 600)):
            bill(paying, amount, due_on=today - dt.timedelta(days=days))
        page = text(fay.get("/money/receivables"))
        for words in ("$1.00", "$5.00", "$4.00", "$6.00", "$21.00"):
            assert words in page, words

    def test_exceptions_are_resolved_in_words(self, paying: City, fay: Person) -> None:
        exceptions.note(city=paying, kind="late", ref="x1", amount=5, words="Late money", now=now())
        row = PaymentException.objects.get()
        assert "Say what was done" in text(fay.post(f"/money/exceptions/{row.pk}", words=""), 422)
        fay.post(f"/money/exceptions/{row.pk}", words="Called the payer")
        assert "Called the payer" in text(fay.get("/money/exceptions"))
        again = fay.post(f"/money/exceptions/{row.pk}", words="x")
        assert "It is resolved already" in text(again, 422)

    def test_a_chargeback_is_lost(self, paying: City, fay: Person) -> None:
        mine = bill(paying)
        paid = by_card(paying, mine)
        path = f"/money/payments/{paid.pk}/chargeback"
        assert "won or lost" in text(fay.post(path, what="lost"), 422)
        fay.post(path, what="open", amount="100")
        fay.post(path, what="lost")
        mine.refresh_from_db()
        assert mine.owed == 10_000
        assert "Lost" in text(fay.get("/money/exceptions"))
        proven(paying)

    def test_every_override_with_who_and_why(self, paying: City, fay: Person) -> None:
        mine = bill(paying)
        fay.post(
            f"/money/bills/{mine.pk}/adjust", charge=mine.charges.get().pk, kind="waiver",
            amount="1", reason="=Hardship", key=str(uuid.uuid4()),
        )  # fmt: skip
        for query in ({}, {"kind": "waiver"}, {"by": "fay"}, {"from": "2020-01-01"}):
            page = text(fay.get("/money/overrides", **query))
            assert "Hardship" in page, query
            assert "Finance" in page
        assert "Hardship" not in text(fay.get("/money/overrides", kind="void"))
        sheet = b"".join(fay.get("/money/overrides.csv").streaming_content).decode()
        assert "'=Hardship" in sheet
        assert "-1.00" in sheet

    def test_the_statement_of_an_account(self, paying: City, fay: Person) -> None:
        account = Account.objects.create(city=paying, kind="utility", number="W-1", name="Otis Ray")
        mine = bill(paying, account=account)
        paid = by_card(paying, mine, 4_000)
        page = text(fay.get(f"/money/accounts/{account.pk}"))
        for words in ("W-1", mine.number, paid.receipt, "$60.00"):
            assert words in page, words
        assert fay.get(f"/money/accounts/{account.pk}.pdf").content[:4] == b"%PDF"


def test_the_way_there_is_shown_to_those_who_may(paying: City, fay: Person, carl: Person) -> None:
    caches["local"].clear()
    assert 'href="/desk/money"' in text(fay.get())
    assert 'href="/desk/money"' not in text(carl.get())


def test_a_city_that_does_not_bill_has_no_money(city: City, ana: Person) -> None:
    queries.forget()
    assert 'href="/desk/money"' not in text(ana.get())
    assert ana.get("/money").status_code == 404
