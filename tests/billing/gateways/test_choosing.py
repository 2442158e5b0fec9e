"""Which gateway a city gets, and what the doctor says about it."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from onehall.billing.gateways import choosing
from onehall.billing.gateways.choosing import Access, choose
from onehall.billing.gateways.demo.gateway import DemoGateway
from onehall.billing.gateways.protocol import GatewayRefused
from onehall.billing.gateways.stripe import gateway as stripe
from onehall.billing.gateways.stripe.gateway import StripeGateway

DEMO = Access(demo_address="http://127.0.0.1:8100", demo_key="k", demo_secret="s")
STRIPE = Access(stripe_key="sk_live_all, testford=sk_test_own", stripe_secret="whsec_all")


@pytest.fixture(autouse=True)
def _anew() -> None:
    choosing._chosen.cache_clear()


@pytest.mark.parametrize("document", [{}, {"provider": "none"}, {"provider": ""}])
def test_a_city_without_a_provider_gets_words(document: dict[str, str]) -> None:
    choice = choose(document, city="testford", access=DEMO)
    assert (choice.gateway, choice.good) == (None, None)
    assert "at the counter or by mail" in choice.words


def test_the_demo_provider() -> None:
    choice = choose({"provider": "demo"}, city="testford", access=DEMO)
    assert isinstance(choice.gateway, DemoGateway)
    assert choice.gateway.origins == ("http://*:8100",)
    assert (choice.good, choice.words) == (None, "Payments are a demonstration: no money moves.")
    other = Access(
        demo_address="http://127.0.0.1:8100", demo_key="k", demo_secret="s",
        demo_pages="https://pay.example/",
    )  # fmt: skip
    found = choose({"provider": "demo"}, city="testford", access=other)
    assert found.gateway is not None
    assert found.gateway.origins == ("https://pay.example",)


def test_the_demo_provider_must_be_somewhere() -> None:
    choice = choose({"provider": "demo"}, city="testford", access=Access())
    assert (choice.gateway, choice.good) == (None, False)
    assert "ONEHALL_PAY_DEMO_ADDRESS" in choice.words


def test_the_settings_of_this_machine_fit() -> None:
    assert choosing.access() == Access()


def test_each_city_has_its_own_key_at_stripe() -> None:
    own = choose({"provider": "stripe"}, city="testford", access=STRIPE)
    assert isinstance(own.gateway, StripeGateway)
    assert own.gateway._client._requestor.api_key == "sk_test_own"
    assert own.gateway.origins == ("https://checkout.stripe.com",)
    assert (own.good, "test key" in own.words) == (None, True)
    other = choose({"provider": "stripe"}, city="elsewhere", access=STRIPE)
    assert isinstance(other.gateway, StripeGateway)
    assert other.gateway._client._requestor.api_key == "sk_live_all"
    assert (other.good, other.words) == (True, "Payments go to Stripe.")
    assert choose({"provider": "stripe"}, city="elsewhere", access=STRIPE) is other


@pytest.mark.parametrize(
    ("access", "name"),
    [
        (Access(), "ONEHALL_STRIPE_KEY"),
        (Access(stripe_key="other=sk_live_x", stripe_secret="whsec_x"), "ONEHALL_STRIPE_KEY"),
        (Access(stripe_key="sk_live_x"), "ONEHALL_STRIPE_SECRET"),
    ],
)
def test_keys_that_are_missing_are_named(access: Access, name: str) -> None:
    choice = choose({"provider": "stripe"}, city="testford", access=access)
    assert (choice.gateway, choice.good) == (None, False)
    assert name in choice.words
    assert "sk_live" not in choice.words


def test_a_missing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(stripe, "import_module", gone)
    choice = choose({"provider": "stripe"}, city="testford", access=STRIPE)
    assert (choice.gateway, choice.good) == (None, False)
    assert "install onehall[stripe]" in choice.words


def test_a_provider_that_nobody_knows_is_said() -> None:
    choice = choose({"provider": "cheque"}, city="testford", access=DEMO)
    assert (choice.gateway, choice.good) == (None, False)
    assert 'no payment provider "cheque" here; known are demo, none, stripe' in choice.words


def test_a_package_may_bring_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made = DemoGateway("http://127.0.0.1:1", "k", "s")

    class Plug(EntryPoint):
        def load(self) -> object:
            def take(city: str) -> DemoGateway:
                if city == "broke":
                    raise GatewayRefused("Its key is missing.")
                return made

            return take

    def found(*, group: str, **only: str) -> EntryPoints:
        assert group == "onehall.gateways"
        return EntryPoints([Plug("govpay", "x", group)]).select(**only)

    monkeypatch.setattr(choosing, "entry_points", found)
    assert "govpay" in choosing.known()
    choice = choose({"provider": "govpay"}, city="testford", access=DEMO)
    assert (choice.gateway, choice.words) == (made, "Payments go to govpay.")
    choice = choose({"provider": "govpay"}, city="broke", access=DEMO)
    assert (choice.gateway, choice.good, choice.words) == (None, False, "Its key is missing.")
