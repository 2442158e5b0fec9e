"""The tripwires themselves trip."""

import datetime as dt
import time

import pytest
from django.contrib.contenttypes.models import ContentType
from django.template import Context, Template

from tests.conftest import NOW
from tests.tripwires import forms_without_token


def test_undefined_template_variables_fail() -> None:
    with pytest.raises(pytest.fail.Exception):
        Template("{{ nobody_passed_this }}").render(Context())


def test_forms_without_token_are_found() -> None:
    good = '<form method="post"><input name="csrfmiddlewaretoken"></form>'
    bad = '<form class=a method="POST" action="/x"><input></form>'
    assert forms_without_token(good + bad) == ['<form class=a method="POST" action="/x">']
    assert forms_without_token("<form><input></form>") == []


@pytest.mark.django_db
def test_unordered_rows_come_back_shuffled() -> None:
    orders = {tuple(ContentType.objects.values_list("pk", flat=True)) for _ in range(12)}
    assert len(orders) > 1
    assert len({tuple(ContentType.objects.order_by("pk")) for _ in range(3)}) == 1


def test_the_clock_stands_still() -> None:
    assert dt.datetime.now(dt.UTC) == NOW
    assert time.time() == NOW.timestamp()


@pytest.mark.real_clock
def test_the_real_clock_is_there_for_the_asking() -> None:
    assert dt.datetime.now(dt.UTC) != NOW
