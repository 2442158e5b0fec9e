"""The demo provider itself: its pages, its knobs, its files, and what it refuses."""

import csv
import io
import json
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from onehall.billing.gateways.demo.provider import forms, journal
from onehall.billing.gateways.demo.provider.app import Provider, Setup
from onehall.billing.gateways.demo.provider.engine import Refused
from onehall.billing.gateways.demo.provider.journal import Book
from onehall.billing.gateways.demo.provider.knobs import WORDS, BadKnob, Knobs
from onehall.billing.gateways.demo.provider.records import Dispute, Session
from onehall.billing.gateways.demo.provider.sources import FAILURES, SOURCES
from onehall.billing.gateways.demo.provider.words import WORDS as PAGE_WORDS
from onehall.billing.gateways.demo.provider.words import in_words, language_of
from tests.billing.gateways.conftest import KEY, SECRET, Shop, ask, gateway_to, post

pytestmark = pytest.mark.real_clock


@pytest.fixture
def shop(provider: Any, door: Any, clock: Any) -> Shop:
    return Shop(provider, gateway_to(provider, "demo"), door, clock)


class TestPage:
    def test_says_what_is_paid_in_the_payers_language(self, shop: Shop) -> None:
        for language, says in (
            ("en", "No money moves"),
            ("es-MX", "No se mueve dinero"),
            ("fr", "No money"),
        ):
            answer = ask("GET", shop.made(123_456, language=language).url)
            assert answer.status == 200
            assert says in answer.text
            assert "$1,234.56" in answer.text
            assert "Building permit" in answer.text
            assert answer.getheader("Content-Language") == language[:2].replace("fr", "en")

    def test_never_asks_for_a_number(self, shop: Shop) -> None:
        text = ask("GET", shop.made().url).text
        assert 'type="text"' not in text
        assert 'type="number"' not in text
        assert "<script" not in text
        assert " style=" not in text

    def test_allows_its_forms_to_lead_back_and_nowhere_else(self, shop: Shop) -> None:
        checkout = shop.made(
            return_url="https://city.example/back?a=1", cancel_url="http://o.example:8/;x"
        )
        policy = ask("GET", checkout.url).getheader("Content-Security-Policy") or ""
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert policy.endswith("form-action 'self' http://o.example:8 https://city.example")

    def test_writes_what_it_was_given_as_text(self, shop: Shop) -> None:
        from onehall.billing.gateways.protocol import CheckoutLine

        lines = (CheckoutLine("<script>alert(1)</script>", 5000),)
        text = ask("GET", shop.made(lines=lines).url).text
        assert "&lt;script&gt;" in text
        assert "<script>" not in text

    def test_a_form_of_another_site_does_nothing(self, shop: Shop) -> None:
        checkout = shop.made()
        answer = post(checkout.url, {"act": "pay", "source": "visa"}, Origin="https://evil.example")
        assert answer.status == 200
        assert shop.gateway.fetch(checkout.ref).status == "open"
        host = checkout.url.split("/")[2]
        answer = post(
            checkout.url, {"act": "pay", "source": "visa"}, Origin=f"http://{host}", Host=host
        )
        assert answer.status == 303

    @pytest.mark.parametrize("form", [{}, {"act": "pay"}, {"act": "dance", "source": "visa"}])
    def test_without_a_choice_it_asks_again(self, shop: Shop, form: dict[str, str]) -> None:
        checkout = shop.made()
        answer = post(checkout.url, form)
        assert answer.status == 422
        assert "Choose a card" in answer.text or "Primero elija" in answer.text
        assert shop.gateway.fetch(checkout.ref).status == "open"

    def test_a_finished_one_leads_back(self, shop: Shop) -> None:
        checkout = shop.made()
        shop.press(checkout, "pay")
        text = ask("GET", checkout.url).text
        assert "Esto está pagado" in text
        assert 'href="http://localhost:9/pay/back/1"' in text

    def test_an_address_that_nobody_knows(self, shop: Shop) -> None:
        for path in (
            "/pay/co_test_0",
            "/pay/",
            "/pay/a/b",
            "/nothing",
            "/payouts/x.csv",
            "/payouts/",
        ):
            answer = ask("GET", shop.provider.address + path, headers={"Accept-Language": "es"})
            assert answer.status == 404
            assert "No existe esta página" in answer.text

    def test_every_language_has_every_word(self) -> None:
        english, spanish = PAGE_WORDS["en"], PAGE_WORDS["es"]
        assert set(english) <= set(spanish)
        said = {FAILURES[source.declines] for source in SOURCES if source.declines}
        assert said | {FAILURES["card_declined"], FAILURES["bank_account_closed"]} <= set(spanish)

    def test_languages_and_amounts(self) -> None:
        assert [language_of(tag) for tag in ("", "es", "ES-419", "fr,es;q=0.8", "de")] == [
            "en", "es", "es", "es", "en",
        ]  # fmt: skip
        assert in_words(123_456_789, "USD") == "$1,234,567.89"
        assert in_words(-5, "USD") == "−$0.05"
        assert in_words(500, "JPY") == "¥500"
        assert in_words(5, "KWD") == "0.005 KWD"


class TestAddress:
    def test_pages_are_where_the_payer_came_from(self, shop: Shop) -> None:
        port = shop.provider.server.port
        assert shop.made(return_url="http://192.168.1.7:8000/x").url.startswith(
            f"http://192.168.1.7:{port}/pay/"
        )
        assert shop.made(return_url="http://[::1]:8000/x").url.startswith(
            f"http://[::1]:{port}/pay/"
        )

    def test_or_where_they_are_said_to_be(self, clock: Any) -> None:
        setup = Setup(key=KEY, secret=SECRET, address="https://pay.example/")
        with Provider(setup, now=clock) as running:
            shop = Shop(running, gateway_to(running, "demo"), None, clock)  # type: ignore[arg-type]
            assert shop.made().url.startswith("https://pay.example/pay/co_test_")


class TestInterface:
    def call(self, shop: Shop, method: str, path: str, body: str = "", key: str = KEY) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        return ask(method, shop.provider.address + path, body, headers)

    @pytest.mark.parametrize("path", ["/api/checkouts", "/v1/checkout/sessions", "/api", "/v1/x"])
    def test_without_the_key_it_says_nothing(self, shop: Shop, path: str) -> None:
        assert ask("GET", shop.provider.address + path).status == 401
        assert self.call(shop, "GET", path, key="other").status == 401
        assert self.call(shop, "GET", path, key="é").status == 401

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            ("", "no JSON object"), ("[]", "no JSON object"), ("{}", "methods is a list"),
            ('{"methods": []}', "methods are some of"), ('{"methods": ["cash"]}', "methods are some of"),
            ('{"methods": ["card"], "lines": 1}', "lines is a list"),
            ('{"methods": ["card"], "lines": [1]}', "words is a text"),
            ('{"methods": ["card"], "lines": [{"words": "a", "amount": "1"}]}', "amount is a whole"),
            ('{"methods": ["card"], "lines": [{"words": "a", "amount": true}]}', "amount is a whole"),
            ('{"methods": ["card"], "lines": [{"words": "a", "amount": 1}], "amount": 2}', "add up"),
        ],
    )  # fmt: skip
    def test_bad_requests_are_refused_in_words(self, shop: Shop, body: str, says: str) -> None:
        answer = self.call(shop, "POST", "/api/checkouts", body)
        assert answer.status == 422
        assert says in json.loads(answer.text)["words"]

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/api/nothing"), ("POST", "/api/payouts"), ("GET", "/api"), ("GET", "/v1/nothing"),
            ("POST", "/v1/payouts"), ("GET", "/v1"), ("GET", "/v1/customers/x"), ("GET", "/v1/charges/ch_0"),
        ],
    )  # fmt: skip
    def test_addresses_that_are_not_there(self, shop: Shop, method: str, path: str) -> None:
        assert self.call(shop, method, path).status == 404

    @pytest.mark.parametrize("path", ["/api/checkouts?since=x", "/api/payouts?since=x"])
    def test_times_that_are_none(self, shop: Shop, path: str) -> None:
        assert self.call(shop, "GET", path).status == 422

    def test_what_is_too_long_is_not_read(self, shop: Shop) -> None:
        assert self.call(shop, "POST", "/api/checkouts", "x" * 300_000).status == 413
        answer = ask(
            "POST", f"{shop.provider.address}/api/checkouts", "{}",
            {"Authorization": f"Bearer {KEY}", "Idempotency-Key": "k" * 256},
        )  # fmt: skip
        assert answer.status == 400

    @pytest.mark.parametrize(
        ("form", "code"),
        [
            ("", "parameter_missing"), ("mode=subscription", "parameter_invalid"), ("a[", "parameter_unknown"),
            ("mode=payment&mode[x]=1", "parameter_invalid"), ("mode=payment&expires_at=x", "parameter_invalid_integer"),
            ("mode=payment&line_items[0]=x", "parameter_invalid"), ("payment_method_types[0]=card", "parameter_unknown"), ("mode=payment", "parameter_missing"),
        ],
    )  # fmt: skip
    def test_stripe_shaped_mistakes(self, shop: Shop, form: str, code: str) -> None:
        answer = self.call(shop, "POST", "/v1/checkout/sessions", form)
        assert answer.status == 400
        assert json.loads(answer.text)["error"]["code"] == code

    def test_nested_forms(self) -> None:
        tree = forms.nested("a[0][b]=1&a[1][b]=2&c=3&d[]=4&d[]=5")
        assert tree == {
            "a": {"0": {"b": "1"}, "1": {"b": "2"}},
            "c": "3",
            "d": {"0": "4", "1": "5"},
        }
        with pytest.raises(Refused):
            forms.text(tree, "a")
        with pytest.raises(Refused):
            forms.below(tree, "c")


class TestKnobs:
    def turn(self, shop: Shop, **wanted: object) -> Any:
        return ask("POST", f"{shop.provider.address}/knobs.json", json.dumps(wanted))

    def test_are_turned_by_programs(self, shop: Shop) -> None:
        answer = self.turn(shop, duplicate=True, wrong_amount=-5, late_seconds=1.5)
        assert answer.status == 200
        knobs = shop.provider.knobs
        assert (knobs.duplicate, knobs.wrong_amount, knobs.late_seconds) == (True, -5, 1.5)
        assert json.loads(answer.text)["duplicate"] is True
        assert self.turn(shop, act="reset").status == 200
        assert knobs == Knobs()

    @pytest.mark.parametrize(
        "wanted",
        [
            {"nothing": 1}, {"duplicate": "yes"}, {"trouble": "all"}, {"late_seconds": -1},
            {"late_seconds": "nan"}, {"late_seconds": 4000}, {"wrong_amount": 1.5}, {"wrong_amount": "x"},
            {"wrong_amount": 10**7}, {"act": "dance"}, {"act": "payout"}, {"act": "chargeback", "about": "x"},
        ],
        ids=str,
    )  # fmt: skip
    def test_what_they_cannot_be_is_refused_in_words(
        self, shop: Shop, wanted: dict[str, object]
    ) -> None:
        answer = self.turn(shop, drop=True, **wanted)
        assert answer.status == 422
        assert json.loads(answer.text)["words"]
        assert shop.provider.knobs == Knobs()
        assert ask("POST", f"{shop.provider.address}/knobs.json", "[").status == 422
        assert ask("POST", f"{shop.provider.address}/knobs.json", "[]").status == 422

    def test_are_turned_by_people(self, shop: Shop) -> None:
        url = f"{shop.provider.address}/knobs"
        text = ask("GET", url).text
        for words in WORDS.values():
            assert words in text
        assert post(url, {"forge": "on", "bank_seconds": "3", "trouble": "fetch"}).status == 303
        knobs = shop.provider.knobs
        assert (knobs.forge, knobs.bank_seconds, knobs.trouble) == (True, 3, "fetch")
        assert post(url, {"trouble": ""}).status == 303
        assert (knobs.forge, knobs.trouble) == (False, "")
        assert post(url, {"bank_seconds": "x"}).status == 422
        assert post(url, {"drop": "on"}, Origin="https://evil.example").status == 403
        assert not knobs.drop

    def test_let_happen_what_nobody_waits_for(self, shop: Shop) -> None:
        url = f"{shop.provider.address}/knobs"
        checkout = shop.made()
        shop.press(checkout, "pay", "bank")
        payment = shop.gateway.fetch(checkout.ref).payment_ref
        assert "Arrive now" in ask("GET", url).text
        assert post(url, {"act": "settle", "about": payment}).status == 303
        assert shop.gateway.fetch(checkout.ref).status == "paid"
        assert post(url, {"act": "settle", "about": payment}).status == 422
        assert "Charge back" in ask("GET", url).text
        assert post(url, {"act": "chargeback", "about": payment}).status == 303
        assert shop.gateway.fetch(checkout.ref).disputed == 5000
        assert post(url, {"act": "payout"}).status == 303
        shop.events(5)
        text = ask("GET", url).text
        assert "/payouts/po_test_" in text
        assert "checkout.settled" in text

    def test_every_knob_has_words(self) -> None:
        assert set(WORDS) == set(Knobs.__dataclass_fields__)

    def test_count_down(self) -> None:
        knobs = Knobs()
        knobs.turn({"trouble": "fetch", "trouble_times": 2})
        assert [knobs.strikes(each) for each in ("create", "fetch", "fetch", "fetch", "")] == [
            False, True, True, False, False,
        ]  # fmt: skip
        with pytest.raises(BadKnob):
            knobs.turn({"down": True, "cut": 1})
        assert not knobs.down


class TestPayoutFile:
    def test_adds_up(self, shop: Shop) -> None:
        paid = shop.paid(10_000)
        shop.gateway.refund(shop.refund_of(paid, 2_500))
        with shop.provider.engine.lock:
            (payout,) = shop.provider.engine.pay_out()
        answer = ask("GET", f"{shop.provider.address}/payouts/{payout.ref}.csv")
        assert "attachment" in (answer.getheader("Content-Disposition") or "")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [(r["kind"], r["gross"], r["fee"], r["net"]) for r in rows] == [
            ("payment", "10000", "320", "9680"), ("refund", "-2500", "0", "-2500"),
        ]  # fmt: skip
        assert sum(int(row["net"]) for row in rows) == payout.net
        assert {row["arrives_on"] for row in rows} == {"2026-03-06"}
        assert {row["payment_ref"] for row in rows} == {paid.payment_ref}
        same = json.loads(ask("GET", f"{shop.provider.address}/payouts/{payout.ref}.json").text)
        assert [{k: str(v) for k, v in row.items()} for row in same] == rows

    def test_is_one_for_each_currency(self, shop: Shop) -> None:
        shop.paid(10_000)
        shop.paid(20_000, currency="EUR")
        with shop.provider.engine.lock:
            shop.provider.engine.pay_out()
        found = {each.currency: each.net for each in shop.gateway.payouts(date(2026, 3, 1))}
        assert found == {"USD": 9_680, "EUR": 19_390}


class TestJournal:
    def row(self, amount: int = 1) -> Dispute:
        return Dispute(ref=uuid.uuid4().hex, payment_ref="p", amount=amount, currency="USD")

    def test_keeps_the_newest(self, tmp_path: Path) -> None:
        book = Book(tmp_path / "j", now=lambda: 1, most=3)
        rows = [book.put(self.row(n)) for n in range(5)]
        assert [row.amount for row in book.all(Dispute)] == [2, 3, 4]
        assert book.get(Dispute, rows[0].ref) is None
        assert book.get(Session, rows[4].ref) is None
        book.close()

    def test_is_written_anew_before_it_grows_too_long(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(journal, "SPARE_LINES", 10)
        file = tmp_path / "j"
        book = Book(file, now=lambda: 7)
        row = book.put(self.row())
        for amount in range(100):
            row.amount = amount
            book.put(row)
        assert file.read_text().count("\n") < 20
        book.close()
        again = Book(file, now=lambda: 8)
        found = again.get(Dispute, row.ref)
        assert found is not None
        assert (found.amount, found.created, found.seq) == (99, 7, 1)
        assert again.put(self.row()).seq == 2
        again.close()

    def test_what_was_forgotten_stops_nobody(
        self, tmp_path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Book.__init__, "__kwdefaults__", {"most": 2})
        with Provider(Setup(key=KEY, secret=SECRET), now=clock) as running:
            shop = Shop(running, gateway_to(running, "demo"), None, clock)  # type: ignore[arg-type]
            checkouts = [shop.made() for _ in range(2)]
            for checkout in checkouts:
                shop.press(checkout, "pay", "bank")
            last = shop.paid()
            clock.goes_on(days=1)
            assert shop.gateway.fetch(last.ref).status == "paid"
            found = [each.ref for each in shop.gateway.list_recent(clock.at.replace(year=2025))]
            assert found == [checkouts[1].ref, last.ref]

    def test_lines_that_nobody_can_read_are_left_out(self, tmp_path: Path) -> None:
        file = tmp_path / "j"
        file.write_text('{"kind": "ship"}\n[]\n{"kind": "dispute", "speed": 1}\n{"kind"')
        book = Book(file, now=lambda: 1)
        assert list(book.all(Dispute)) == []
        book.close()

    def test_belongs_to_one_process_and_its_owner(self, tmp_path: Path) -> None:
        file = tmp_path / "j"
        book = Book(file, now=lambda: 1)
        with pytest.raises(BlockingIOError):
            Book(file, now=lambda: 1)
        assert file.stat().st_mode & 0o077 == 0
        book.close()
        Book(file, now=lambda: 1).close()
