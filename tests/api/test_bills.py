"""Bills that other systems of the city send: once, in words when they are wrong, and nobody sees another's."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from onehall.billing import api_keys, plans
from onehall.billing.errors import BillingRefused
from onehall.billing.models import Account, ApiCall, Invoice
from onehall.billing.plan_rules import Wish
from onehall.billing.plans import NewPlan
from onehall.places.models import City
from tests.billing.money import START, billing_city, finance, proven

pytestmark = pytest.mark.django_db
BILL: dict[str, Any] = {
    "ref": "2026-02/881",
    "kind": "utility",
    "account": {"number": "881", "name": "Rosa Díaz", "postcode": "90401"},
    "issued_on": "2026-03-01",
    "due_on": "2026-03-26",
    "lines": [
        {"code": "water", "name": {"en": "Water"}, "amount": "100.00", "gl": "500-4100"},
        {"code": "tax", "amount": "2.50", "kind": "tax"},
    ],
}


@pytest.fixture
def city() -> City:
    return billing_city()


@pytest.fixture
def key(city: City) -> str:
    return api_keys.make(city=city, name="Utility system", now=START)


class Caller:
    """Another system with its key."""

    def __init__(self, key: str) -> None:
        self.client = Client(headers={"host": "localhost"})
        self.head = {"Authorization": f"Bearer {key}"}

    def send(self, content: Any, **head: str) -> Any:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.client.post(
            "/api/bills", data, "application/json", headers={**self.head, **head}
        )

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=self.head)


@pytest.fixture
def caller(key: str) -> Caller:
    return Caller(key)


class TestSending:
    def test_a_bill(self, city: City, caller: Caller) -> None:
        answer = caller.send(BILL)
        assert answer.status_code == 201, answer.content
        said = answer.json()
        assert (said["ref"], said["billed"], said["status"]) == ("2026-02/881", "102.50", "open")
        bill = Invoice.objects.get(number=said["number"])
        assert said["url"].endswith(f"/bills/{bill.token}")
        assert bill.account is not None
        assert bill.account.postcode == "90401"
        assert caller.get(f"/api/bills/{bill.number}").json() == said
        proven(city)

    def test_again_is_the_same_bill(self, caller: Caller) -> None:
        first = caller.send(BILL).json()
        again = caller.send(dict(reversed(BILL.items())))
        assert (again.status_code, again.json()) == (200, first)
        assert Invoice.objects.count() == 1

    def test_another_content_is_a_conflict(self, caller: Caller) -> None:
        caller.send(BILL)
        answer = caller.send({**BILL, "due_on": "2026-04-01"})
        assert answer.status_code == 409
        assert answer.json()["error"]["code"] == "conflict"

    def test_an_idempotency_key(self, caller: Caller) -> None:
        head = {"Idempotency-Key": "a-1"}
        assert caller.send(BILL, **head).status_code == 201
        assert caller.send(BILL, **head).status_code == 200
        assert caller.send({**BILL, "ref": "other"}, **head).status_code == 409
        assert caller.send(BILL, **{"Idempotency-Key": "ä b"}).status_code == 422

    def test_two_systems_may_use_the_same_reference(self, city: City, caller: Caller) -> None:
        other = Caller(api_keys.make(city=city, name="Harbor", now=START))
        mine = caller.send(BILL).json()
        assert other.send({**BILL, "number": "H-1"}).status_code == 201
        assert other.get(f"/api/bills/{mine['number']}").status_code == 404
        assert [b["number"] for b in other.get("/api/bills").json()["bills"]] == ["H-1"]

    def test_an_account_is_kept_up_to_date(self, caller: Caller) -> None:
        caller.send(BILL)
        caller.send({**BILL, "ref": "2", "account": {"number": "881", "email": "rosa@example.org"}})
        account = Account.objects.get()
        assert (account.name, account.email) == ("Rosa Díaz", "rosa@example.org")


class TestAsking:
    def test_pages(self, caller: Caller) -> None:
        for n in range(5):
            caller.send({**BILL, "ref": f"r{n}"})
        first = caller.get("/api/bills?limit=3").json()
        rest = caller.get(f"/api/bills?limit=3&after={first['next']}").json()
        assert [b["ref"] for b in first["bills"] + rest["bills"]] == [f"r{n}" for n in range(5)]
        assert "next" not in rest
        assert len(caller.get("/api/bills?ref=r2").json()["bills"]) == 1

    @pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "after=-1", "after=²"])
    def test_what_can_not_be_asked(self, caller: Caller, query: str) -> None:
        assert caller.get(f"/api/bills?{query}").status_code == 422

    def test_how_often_the_database_is_asked(
        self, caller: Caller, django_assert_max_num_queries: Any
    ) -> None:
        for n in range(10):
            caller.send({**BILL, "ref": f"r{n}"})
        with django_assert_max_num_queries(12):
            caller.get("/api/bills")


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in BILL.items() if k != key}


class TestWrong:
    @pytest.mark.parametrize(
        ("content", "field", "words"),
        [
            (b"{", "", "no JSON"),
            (b"[]", "", "no JSON object"),
            (b'{"ref": "a", "minimum": 1.5}', "", "Amounts are texts"),
            (b"[" * 70_000, "", "at most 64 KB"),
            (without("ref"), "ref", "missing"),
            (without("lines"), "lines", "list of 1 to 100"),
            ({**BILL, "refs": 1}, "refs", "no such field"),
            ({**BILL, "kind": "gas"}, "kind", "There are: utility"),
            ({**BILL, "currency": "EUR"}, "currency", "counts in USD"),
            ({**BILL, "due_on": "26.3.2026"}, "due_on", "day like"),
            ({**BILL, "due_on": "2026-02-01"}, "due_on", "before it is issued"),
            ({**BILL, "period_from": "2026-02-01"}, "period_to", "beginning and an end"),
            ({**BILL, "email": "rosa"}, "email", "name@example.org"),
            ({**BILL, "plate": "7abc"}, "plate", "CA 7ABC123"),
            ({**BILL, "language": "tlh"}, "language", "speaks"),
            ({**BILL, "minimum": "-1"}, "minimum", "less than nothing"),
            ({**BILL, "account": {"name": "x"}}, "account.number", "missing"),
            ({**BILL, "account": 7}, "account", "object"),
            ({**BILL, "name": "4242 4242 4242 4242"}, "name", "number of a card"),
            ({**BILL, "lines": [{"code": "a"}]}, "lines[0].amount", "above nought"),
            (
                {**BILL, "lines": [{"code": "a", "amount": "1.005"}]},
                "lines[0].amount",
                "digits after",
            ),
            ({**BILL, "lines": [{"code": "A", "amount": "1"}]}, "lines[0].code", "small letters"),
            ({**BILL, "lines": ["x"]}, "lines[0]", "object"),
            (
                {**BILL, "lines": [{"code": "a", "amount": "1", "name": {"tlh": "x"}}]},
                "lines[0].name.tlh",
                "speaks",
            ),
        ],
    )
    def test_in_words_with_the_field(
        self, caller: Caller, content: Any, field: str, words: str
    ) -> None:
        answer = caller.send(content)
        assert answer.status_code == 422
        error = answer.json()["error"]
        assert error.get("field", "") == field
        assert words in error["words"]
        assert not Invoice.objects.exists()

    def test_a_number_that_is_taken(self, caller: Caller) -> None:
        caller.send({**BILL, "number": "X-1"})
        answer = caller.send({**BILL, "number": "X-1", "ref": "2"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "refused")
        assert ApiCall.objects.count() == 1


class TestKeys:
    @pytest.mark.parametrize("head", ["", "Bearer", "Bearer ohk_wrong", "Basic eDp5"])
    def test_nobody_without_one(self, city: City, head: str) -> None:
        client = Client(headers={"host": "localhost", "Authorization": head})
        for answer in (
            client.get("/api/bills"),
            client.get("/api/bills/x"),
            client.post("/api/bills", b"{}", "application/json"),
        ):
            assert answer.status_code == 401
            assert answer["WWW-Authenticate"] == "Bearer"

    def test_only_a_hash_is_kept_and_an_ended_one_is_good_for_nothing(
        self, city: City, key: str, caller: Caller
    ) -> None:
        (held,) = api_keys.held(city)
        assert key not in (held.sha256, held.name)
        assert caller.get("/api/bills").status_code == 200
        api_keys.end(city=city, name="Utility system", now=START)
        assert caller.get("/api/bills").status_code == 401

    def test_names(self, city: City, key: str) -> None:
        with pytest.raises(BillingRefused, match="already"):
            api_keys.make(city=city, name="Utility system", now=START)
        with pytest.raises(BillingRefused, match="up to 60"):
            api_keys.make(city=city, name="", now=START)
        with pytest.raises(BillingRefused, match="no key"):
            api_keys.end(city=city, name="other", now=START)

    def test_idempotency_keys_are_forgotten_references_are_not(self, caller: Caller) -> None:
        caller.send(BILL, **{"Idempotency-Key": "a-1"})
        assert ApiCall.objects.count() == 2
        api_keys.forget_old(now=START + api_keys.KEEP * 2)
        assert [c.key for c in ApiCall.objects.order_by("pk")] == ["ref:2026-02/881"]


def test_a_bill_that_is_paid_in_parts_tells_its_plan(city: City, caller: Caller) -> None:
    number = caller.send(BILL).json()["number"]
    assert "plan" not in caller.get(f"/api/bills/{number}").json()
    bill = Invoice.objects.get(number=number)
    new = NewPlan(key=uuid.uuid4(), invoice_id=bill.pk, wish=Wish(4, "month"))
    plans.start(city=city, new=new, by=finance(city), now=START)
    said = caller.get(f"/api/bills/{number}").json()
    assert said["status"] == "plan"
    assert said["plan"] == {
        "state": "on_track",
        "paid": "0.00",
        "due": "0.00",
        "payments": 4,
        "next": {"due_on": "2026-04-04", "amount": "25.62"},
    }
    (row,) = caller.get("/api/bills").json()["bills"]
    assert row["plan"] == said["plan"]
