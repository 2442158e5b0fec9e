"""Finding bills, the list of what is to be paid, and leaving for the provider: once, whatever is tapped."""

import re
import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from onehall.billing import attempts, invoicing, looking_up
from onehall.billing import queries as billing
from onehall.billing.invoicing import Change
from onehall.billing.models import Account, AdjustmentKind, Attempt, AttemptPart, Invoice, Payment
from onehall.kernel import clock
from onehall.places.models import City
from tests.billing.money import Provider, bill, finance, proven

NO_MATCH = "We found no bill with these two facts."


def account(city: City, number: str = "0044-10", kind: str = "utility", **more: Any) -> Account:
    facts = {"name": "Rosa Alvarez", "postcode": "94501", **more}
    return Account.objects.create(city=city, kind=kind, number=number, **facts)


def main(answer: Any) -> str:
    """What stands in the main part of a page, without what is new each time."""
    page = answer.content.decode().partition("<main")[2].partition("</main")[0]
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)


def look_up(phone: Client, kind: str, way: str, first: str, second: str = "") -> Any:
    return phone.post(f"/pay/find/{kind}", {"way": way, "first": first, "second": second})


def found(phone: Client, answer: Any) -> str:
    assert answer.status_code == 303, main(answer)
    page = phone.get(answer["Location"])
    assert page.status_code == 200
    return main(page)


def signed(page: str) -> list[str]:
    return re.findall(r'name="bill" value="([^"]+)"', page)


def choose(phone: Client, *bills: Invoice) -> None:
    """Add bills from their pages."""
    for one in bills:
        page = main(phone.get(f"/bills/{one.token}"))
        assert phone.post("/pay/add", {"bill": signed(page)}).status_code == 303


def fields(page: str) -> dict[str, str]:
    """The hidden and typed fields of the form of a page."""
    pairs = re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', page)
    radios = re.findall(r'<input type="radio"[^>]*>', page)
    return {k: v for k, v in pairs if not any(f'name="{k}"' in r for r in radios)}


def check(phone: Client, **more: str) -> Any:
    sent = {**fields(main(phone.get("/pay/cart"))), "method": "card", **more, "do": "check"}
    return phone.post("/pay/cart", sent)


def leave(phone: Client, page: Any, **more: str) -> Any:
    return phone.post("/pay/cart", {**fields(main(page)), **more, "do": "pay"})


class TestWhereNothingIsBilled:
    def test_there_is_nothing(self, phone: Client) -> None:
        assert "Pay a bill" not in phone.get("/").content.decode()
        for path in ("/pay", "/pay/find/utility", "/pay/cart", "/bills/aaaaaaaaaa"):
            assert phone.get(path).status_code == 404, path
        assert phone.post("/pay/webhook/demo", b"x", content_type="x/y").status_code == 404

    def test_and_where_it_is_the_door_stands_on_the_front_page(
        self, phone: Client, paying: City
    ) -> None:
        assert phone.get("/").content.decode().count('href="/pay"') == 2
        page = main(phone.get("/pay"))
        assert [k for k in ("utility", "citation", "tax") if f"/pay/find/{k}" in page] == [
            "utility",
            "citation",
            "tax",
        ]


class TestLookUp:
    @pytest.mark.parametrize(
        ("first", "second"),
        [("0044-10", "94501"), ("oo44 1O", "94501-1234"), ("004410", " 94501 ")],
    )
    def test_by_account_and_postcode(
        self, phone: Client, paying: City, first: str, second: str
    ) -> None:
        mine = bill(paying, 8_420, account=account(paying))
        bill(paying, 9_999, account=account(paying, "0044-11"))
        page = found(phone, look_up(phone, "utility", "account", first, second))
        assert "$84.20" in page
        assert f"/bills/{mine.token}" in page
        assert "$99.99" not in page

    def test_by_account_and_the_amount_of_the_last_bill(self, phone: Client, paying: City) -> None:
        mine = account(paying)
        bill(paying, 8_420, account=mine)
        page = found(phone, look_up(phone, "utility", "last_amount", "0044-10", "$84.20"))
        assert "$84.20" in page
        late = invoicing.NewCharge(
            code="late", words={"en": "Late"}, amount=421, gl="1", kind=invoicing.ChargeKind.PENALTY
        )
        last = Invoice.objects.get(account=mine)
        invoicing.add_charges(
            city=paying, invoice_id=last.pk, charges=[late], by=finance(paying), now=clock.now()
        )
        # What is printed on the bill still opens it.
        assert "$88.41" in found(phone, look_up(phone, "utility", "last_amount", "004410", "84,20"))
        assert look_up(phone, "utility", "last_amount", "004410", "4.21").status_code == 422

    def test_by_number_and_access_code(self, phone: Client, paying: City) -> None:
        mine = bill(paying, 5_000, kind="tax", access_code="K7QW2MPX")
        typed = mine.number.lower().replace("-", " ")
        page = found(phone, look_up(phone, "tax", "code", typed, "k7qw 2mpx"))
        assert f"/bills/{mine.token}" in page

    @pytest.mark.parametrize(
        ("way", "first", "second"),
        [("number", "pc 77 01", ""), ("plate", "ca", "7abc-l23"), ("plate", "CA", "7ABC L23")],
    )
    def test_a_citation_shows_no_more_than_anybody_may_know(
        self, phone: Client, paying: City, way: str, first: str, second: str
    ) -> None:
        mine = bill(
            paying, 6_500, kind="citation", number="PC-7701", plate="CA 7ABCL23",
            name="Rosa Alvarez", words={"en": "Red curb, Elm Street"},
        )  # fmt: skip
        page = found(phone, look_up(phone, "citation", way, first, second))
        assert "$65.00" in page
        assert "R… A…" in page
        for secret in ("Alvarez", "Elm Street", mine.token, "7ABCL23"):
            assert secret not in page
        (ticket,) = signed(page)
        assert phone.post("/pay/add", {"bill": ticket}).status_code == 303
        cart = phone.get("/pay/cart").content.decode()
        assert "$65.00" in cart
        for secret in ("Alvarez", "Elm Street", mine.token):
            assert secret not in cart
        assert mine.token not in str(phone.cookies)

    def test_a_plate_lists_what_is_owed_on_it_in_its_state(
        self, phone: Client, paying: City
    ) -> None:
        for number, plate in (
            ("PC-1", "CA 7ABC123"),
            ("PC-2", "CA 7ABC123"),
            ("PC-3", "NV 7ABC123"),
        ):
            bill(paying, 6_500, kind="citation", number=number, plate=plate)
        page = found(phone, look_up(phone, "citation", "plate", "CA", "7abc123"))
        assert len(signed(page)) == 2
        assert look_up(phone, "citation", "plate", "OR", "7abc123").status_code == 422

    @pytest.mark.parametrize("way", ["account", "last_amount", "code"])
    def test_a_wrong_fact_reads_like_a_wrong_number_and_takes_the_same_work(
        self, phone: Client, paying: City, way: str, django_assert_num_queries: Any
    ) -> None:
        mine = bill(paying, 8_420, account=account(paying))
        right, wrong = (mine.number, "999-99") if way == "code" else ("0044-10", "999-99")
        kind = "tax" if way == "code" else "utility"
        kind_of = billing.setup(paying).kinds[kind]
        good = {"account": "94501", "last_amount": "84.20", "code": mine.access_code}[way]
        pages, counts = set(), []
        for first, second in ((right, "12345"), (wrong, "12345"), (wrong, good)):
            answer = look_up(phone, kind, way, first, second)
            assert answer.status_code == 422
            pages.add(re.sub(r'value="[^"]*"', "", main(answer)))
            assert NO_MATCH in answer.content.decode()
        assert len(pages) == 1
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        for first, second in ((right, good), (right, "12345"), (wrong, good)):
            with CaptureQueriesContext(connection) as asked:
                looking_up.find(
                    city=paying, kind=kind_of, way=way, first=first, second=second, currency="USD"
                )
            counts.append(len(asked))
        assert len(set(counts)) == 1

    def test_is_limited_by_number_and_by_connection(self, phone: Client, paying: City) -> None:
        bill(paying, 8_420, account=account(paying))
        codes = [
            look_up(phone, "utility", "account", "0044-10", f"1000{n}").status_code
            for n in range(11)
        ]
        assert (set(codes[:-1]), codes[-1]) == ({422}, 429)
        # The right fact is not told from a wrong one any more, from wherever it comes.
        elsewhere = Client(SERVER_NAME="testford.example", REMOTE_ADDR="198.51.100.9")
        assert look_up(elsewhere, "utility", "account", "0044 1O", "94501").status_code == 429
        assert look_up(elsewhere, "utility", "account", "0044-99", "94501").status_code == 422
        caches["local"].clear()
        codes = [
            look_up(phone, "utility", "account", f"7-{n}", "94501").status_code for n in range(31)
        ]
        assert (set(codes[:-1]), codes[-1]) == ({422}, 429)

    def test_nothing_typed_is_lost_and_what_is_missing_is_said(
        self, phone: Client, paying: City
    ) -> None:
        answer = look_up(phone, "utility", "account", "0044-10", "")
        assert answer.status_code == 422
        assert 'value="0044-10"' in answer.content.decode()
        assert "Type this, as it stands on the bill." in answer.content.decode()

    def test_a_paid_account_has_nothing_to_pay(self, phone: Client, paying: City) -> None:
        account(paying)
        page = found(phone, look_up(phone, "utility", "account", "0044-10", "94501"))
        assert "Nothing to pay" in page

    def test_what_a_look_up_found_means_nothing_in_another_city_or_when_forged(
        self, phone: Client, paying: City
    ) -> None:
        assert "Please look it up again" in main(phone.get("/pay/found?bills=x:y:z"))
        phone.post("/pay/add", {"bill": "x:y:z"})
        assert "No bill is chosen." in main(phone.get("/pay/cart"))

    def test_in_spanish(self, phone: Client, paying: City) -> None:
        page = phone.get("/pay/find/utility?lang=es").content.decode()
        assert "Buscar el recibo" in page


class TestTheCart:
    def test_part_of_a_bill_by_its_kind(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        anything = bill(paying, 10_000)
        whole = bill(paying, 6_500, kind="citation")
        choose(phone, anything, whole)
        page = main(phone.get("/pay/cart"))
        assert f"part_{anything.pk}" in page
        assert f"part_{whole.pk}" not in page
        answer = check(phone, **{f"part_{anything.pk}": "$ 25.5", f"part_{whole.pk}": "1"})
        assert answer.status_code == 200
        assert "$25.50" in main(answer)
        assert "$65.00" in main(answer)

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ("abc", "Write an amount like 84.20."),
            ("0", "Write an amount above nought."),
            ("500.01", "No more than $500.00 is owed on this bill."),
            ("99.99", "Pay at least $100.00 of this bill."),
        ],
    )
    def test_what_can_not_be_paid_is_said_at_its_field_and_kept(
        self, phone: Client, paying: City, provider: Provider, typed: str, words: str
    ) -> None:
        mine = bill(paying, 50_000, kind="tax", minimum=10_000)
        choose(phone, mine)
        answer = check(phone, **{f"part_{mine.pk}": typed, "email": "rosa"})
        assert answer.status_code == 422
        page = main(answer)
        assert words in page
        assert f'value="{typed}"' in page
        assert "Type an address like name@example.com, or leave it empty." in page
        assert 'value="rosa"' in page

    def test_fees_are_shown_for_each_way_before_leaving(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        choose(phone, bill(paying, 10_000))
        page = main(phone.get("/pay/cart"))
        assert 'Fee for paying online: <span class="nowrap">$2.25' in page or "$2.25" in page
        assert "No fee" in page
        seen = main(check(phone))
        assert "$2.25" in seen
        assert "$102.25" in seen
        assert "A bank transfer would save you the fee of" in seen

    def test_bills_that_are_paid_differently_do_not_go_together(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        choose(phone, bill(paying, 1_000), bill(paying, 6_500, kind="citation"))
        page = main(phone.get("/pay/cart"))
        assert 'value="card"' in page
        assert 'value="ach"' not in page

    def test_a_bill_is_taken_out_and_what_was_typed_stays(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        one, two = bill(paying, 1_000), bill(paying, 2_000)
        choose(phone, one, two)
        answer = phone.post("/pay/cart", {"do": f"remove:{one.pk}", "email": "rosa@example.org"})
        page = main(answer)
        assert one.number not in page
        assert two.number in page
        assert 'value="rosa@example.org"' in page
        assert one.number not in main(phone.get("/pay/cart"))

    def test_at_most_twenty(self, phone: Client, paying: City, provider: Provider) -> None:
        choose(phone, *(bill(paying, 1_000) for _ in range(21)))
        page = phone.get("/pay/cart").content.decode()
        assert page.count('value="remove:') == 20
        assert "One payment takes up to 20 bills." in page

    def test_without_a_provider_the_counter_is_named(self, phone: Client, paying: City) -> None:
        choose_able = bill(paying, 1_000)
        page = main(phone.get(f"/bills/{choose_able.token}"))
        assert "This bill is paid at the counter or by mail." in page


class TestLeaving:
    def test_a_double_tap_is_one_attempt_and_leads_to_one_page(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        mine = bill(paying, 10_000)
        choose(phone, mine)
        page = check(phone, email="rosa@example.org")
        answers = [leave(phone, page) for _ in range(2)]
        assert {a.status_code for a in answers} == {303}
        (ref,) = provider.asked
        assert {a["Location"] for a in answers} == {f"https://pay.example/{ref}"}
        attempt = Attempt.objects.get()
        asked = provider.asked[ref]
        assert (asked.amount, asked.email) == (10_225, "rosa@example.org")
        assert [line.amount for line in asked.lines] == [10_000, 225]
        assert asked.return_url.endswith(f"/pay/back/{attempt.key}")
        assert "https://pay.example" in page.headers["Content-Security-Policy"]

    def test_a_sum_that_changed_is_looked_at_again(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        mine = bill(paying, 10_000)
        choose(phone, mine)
        page = check(phone)
        change = Change(
            charge_id=mine.charges.get().pk, amount=-1_000, kind=AdjustmentKind.DISCOUNT, reason="x"
        )
        invoicing.adjust(city=paying, change=change, by=finance(paying), now=clock.now())
        answer = leave(phone, page)
        # Less is owed than the form says.
        assert answer.status_code == 422
        assert not Attempt.objects.exists()

    def test_two_tabs_and_the_back_button_lead_to_the_payment_that_is_open(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        mine = bill(paying, 10_000)
        choose(phone, mine)
        one, two = check(phone), check(phone)
        assert leave(phone, one)["Location"].startswith("https://pay.example/")
        answer = leave(phone, two)
        attempt = Attempt.objects.get()
        assert answer["Location"] == f"/pay/back/{attempt.key}"
        page = main(phone.get(answer["Location"]))
        assert "Not paid yet" in page
        assert attempt.url in page
        # The form of the first tab with another amount does not go on with the old one.
        other = {**fields(main(one)), f"part_{mine.pk}": "50.00", "total": "5150", "do": "pay"}
        assert phone.post("/pay/cart", other)["Location"] == f"/pay/back/{attempt.key}"
        assert Attempt.objects.count() == 1

    def test_another_payer_learns_nothing_of_the_first(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        mine = bill(paying, 10_000)
        choose(phone, mine)
        leave(phone, check(phone, email="rosa@example.org"))
        attempt = Attempt.objects.get()
        stranger = Client(SERVER_NAME="testford.example")
        choose(stranger, mine)
        answer = leave(stranger, check(stranger))
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "A payment is under way" in page
        for secret in (str(attempt.key), attempt.url, attempt.provider_ref, "rosa"):
            assert secret not in page
        assert AttemptPart.objects.filter(open=True).count() == 1

    def test_while_the_provider_is_away_nothing_is_lost_and_trying_again_is_the_same_payment(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        choose(phone, bill(paying, 10_000))
        page = check(phone)
        provider.down = True
        answer = leave(phone, page)
        assert answer.status_code == 503
        assert "Nothing was charged" in main(answer)
        provider.down = False
        assert leave(phone, answer)["Location"].startswith("https://pay.example/")
        assert Attempt.objects.count() == 1

    def test_after_the_provider_was_away_another_amount_is_another_payment(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        mine = bill(paying, 10_000)
        choose(phone, mine)
        page = check(phone)
        provider.down = True
        leave(phone, page)
        provider.down = False
        other = {**fields(main(page)), f"part_{mine.pk}": "50.00", "total": "5150", "do": "pay"}
        assert phone.post("/pay/cart", other)["Location"].startswith("https://pay.example/")
        (ref,) = provider.asked
        assert provider.asked[ref].amount == 5_150

    def test_what_the_provider_refuses_is_said(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        choose(phone, bill(paying, 10_000))
        page = check(phone)
        provider.refuses = "No such currency."
        answer = leave(phone, page)
        assert answer.status_code == 502
        assert "The payment page did not take this." in main(answer)
        assert "No such currency." not in answer.content.decode()
        assert not AttemptPart.objects.filter(open=True).exists()

    def test_the_same_form_after_a_decline_is_a_new_payment_and_a_double_tap_still_one(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        choose(phone, bill(paying, 10_000))
        page = check(phone)
        leave(phone, page)
        first = Attempt.objects.get()
        held = provider.says[first.provider_ref]
        provider.says[first.provider_ref] = replace(held, status="failed", failure="Declined.")
        assert "It was declined" in main(phone.get(f"/pay/back/{first.key}"))
        again = {leave(phone, page)["Location"] for _ in range(2)}
        assert len(again) == 1
        assert Attempt.objects.count() == 2

    def test_after_a_decline_the_way_and_the_address_are_filled_in(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        choose(phone, bill(paying, 10_000))
        leave(phone, check(phone, email="rosa@example.org", method="ach"))
        attempt = Attempt.objects.get()
        held = provider.says[attempt.provider_ref]
        provider.says[attempt.provider_ref] = replace(held, status="failed", failure="Declined.")
        assert "It was declined" in main(phone.get(f"/pay/back/{attempt.key}"))
        page = main(phone.get("/pay/cart"))
        assert re.search(r'<input type="radio"[^>]*value="ach"[^>]* checked', page)
        assert fields(page)["email"] == "rosa@example.org"
        # Another browser knows nothing of it.
        stranger = Client(SERVER_NAME="testford.example")
        choose(stranger, bill(paying, 2_000))
        assert fields(main(stranger.get("/pay/cart")))["email"] == ""

    def test_the_key_of_another_citys_form_is_refused_in_words(
        self, phone: Client, paying: City, provider: Provider, tmp_path: Any
    ) -> None:
        from tests.cast import elsewhere

        other, _ida = elsewhere(tmp_path)
        key = uuid.uuid4()
        Attempt.objects.create(
            city=other, key=key, method="card", amount=1, currency="USD", provider="demo",
            created_at=clock.now(), changed_at=clock.now(), expires_at=clock.now(), status="expired",
        )  # fmt: skip
        choose(phone, bill(paying, 10_000))
        answer = leave(phone, check(phone), key=str(key))
        assert answer.status_code == 409
        assert "This form was sent before." in main(answer)


class TestComingBack:
    @pytest.fixture
    def attempt(self, phone: Client, paying: City, provider: Provider) -> Attempt:
        choose(phone, bill(paying, 10_000, number="UB-1"))
        leave(phone, check(phone, email="rosa@example.org"))
        return Attempt.objects.get()

    def test_paid_is_booked_once_however_often_it_is_loaded(
        self, phone: Client, paying: City, provider: Provider, attempt: Attempt
    ) -> None:
        provider.pays(attempt)
        for _again in range(3):
            page = main(phone.get(f"/pay/back/{attempt.key}"))
            assert "Paid. Thank you." in page
        payment = Payment.objects.get()
        assert f"/receipts/{payment.token}" in page
        assert "No bill is chosen." in main(phone.get("/pay/cart"))
        proven(paying)

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ("failed", "It was declined"),
            ("cancelled", "Nothing was paid"),
            ("expired", "Nothing was paid"),
            ("processing", "The transfer is on its way"),
            ("open", "Not paid yet"),
        ],
    )
    def test_what_else_it_may_be(
        self, phone: Client, provider: Provider, attempt: Attempt, status: Any, words: str
    ) -> None:
        held = provider.says[attempt.provider_ref]
        provider.says[attempt.provider_ref] = replace(held, status=status)
        answer = phone.get(f"/pay/back/{attempt.key}")
        assert words in main(answer)
        assert "no-store" in answer.headers["Cache-Control"]
        gone = status == "processing"
        assert ("No bill is chosen." in main(phone.get("/pay/cart"))) is gone

    def test_while_nothing_is_heard_the_page_looks_again(
        self, phone: Client, provider: Provider, attempt: Attempt
    ) -> None:
        provider.pays(attempt)
        provider.down = True
        answer = phone.get(f"/pay/back/{attempt.key}")
        assert answer.status_code == 503
        assert "We have not heard yet" in main(answer)
        provider.down = False
        assert "Paid. Thank you." in main(phone.get(f"/pay/back/{attempt.key}"))

    def test_stopped_it_can_be_paid_otherwise(
        self, phone: Client, provider: Provider, attempt: Attempt
    ) -> None:
        answer = phone.post(f"/pay/back/{attempt.key}/stop")
        assert answer["Location"] == "/pay/cart"
        attempt.refresh_from_db()
        assert attempt.status == "expired"
        assert leave(phone, check(phone, method="ach"))["Location"].startswith(
            "https://pay.example"
        )

    def test_stopped_too_late_it_is_paid(
        self, phone: Client, paying: City, provider: Provider, attempt: Attempt
    ) -> None:
        provider.pays(attempt)
        answer = phone.post(f"/pay/back/{attempt.key}/stop")
        assert answer["Location"] == f"/pay/back/{attempt.key}"
        assert Payment.objects.count() == 1
        proven(paying)

    def test_another_key_is_not_found(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        assert phone.get(f"/pay/back/{uuid.uuid4()}").status_code == 404
        assert phone.post(f"/pay/back/{uuid.uuid4()}/stop").status_code == 404

    def test_one_that_was_never_sent_off_is_stopped_without_the_provider(
        self, phone: Client, paying: City, provider: Provider
    ) -> None:
        choose(phone, bill(paying, 5_000))
        provider.down = True
        leave(phone, check(phone))
        attempt = Attempt.objects.get()
        assert attempt.status == attempts.OPEN[0]
        assert phone.post(f"/pay/back/{attempt.key}/stop")["Location"] == "/pay/cart"
        attempt.refresh_from_db()
        assert attempt.status == "cancelled"
