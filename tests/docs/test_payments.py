"""The page on payments names every knob, every event that a webhook endpoint needs, and what a package can hook into."""

from dataclasses import fields

from onehall.billing.gateways import choosing
from onehall.billing.gateways.demo.provider.knobs import OPERATIONS, Knobs
from onehall.billing.gateways.stripe.gateway import CHANGES
from tests.docs.pages import blocks, code_words, first_cells, text_of

PAGE = "docs/integrate/payments.md"


def test_every_knob_is_on_the_page() -> None:
    assert {knob.name for knob in fields(Knobs)} <= first_cells(text_of(PAGE))
    assert {word for word in OPERATIONS if word} <= code_words(text_of(PAGE))


def test_every_event_is_on_the_page() -> None:
    assert {*CHANGES, "payout.paid"} <= code_words(text_of(PAGE))


def test_every_provider_and_the_entry_point_are_on_the_page() -> None:
    assert choosing.known() <= first_cells(text_of(PAGE))
    assert any(choosing.GROUP in block.text for block in blocks(text_of(PAGE)))
