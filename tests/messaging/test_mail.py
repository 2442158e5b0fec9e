"""Texts and carriers."""

import datetime as dt
import smtplib
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from onehall.messaging import actions, worker
from onehall.messaging.actions import NewMessage
from onehall.messaging.models import Message, Outbox
from onehall.messaging.render import render
from onehall.places.models import City

pytestmark = pytest.mark.django_db


@pytest.fixture
def templates(tmp_path: Path, settings: LazySettings) -> Path:
    engine = {**settings.TEMPLATES[0], "DIRS": [str(tmp_path)]}
    settings.TEMPLATES = [engine]
    return tmp_path


@pytest.fixture
def sent_to_rosa(city: City, now: dt.datetime) -> Message:
    actions.send_message(
        message=NewMessage(
            city_id=city.pk,
            key="case:1:2",
            to_address="rosa@example.org",
            language="es",
            subject="Su reporte 26-00012",
            body_text="Está arreglado.\n",
            body_html="<p>Está arreglado.</p>",
        ),
        now=now,
    )
    return Message.objects.get()


class Refusing(EmailBackend):
    """A mail server that says no."""

    problem: Exception = OSError("rosa@example.org cannot be reached")

    def send_messages(self, messages: Any) -> int:
        raise self.problem


class TestRender:
    def test_takes_the_subject_off_and_makes_html_from_the_text(self, templates: Path) -> None:
        (templates / "m.txt").write_text(
            "Subject: Fixed: {{ what }}\n\n\n\nIt's <fixed>.\nSee https://x.example/a?b=1&c=2\n"
        )
        got = render("m", {"what": "A & B"}, "es")
        assert got.subject == "Fixed: A & B"
        assert got.text == "It's <fixed>.\nSee https://x.example/a?b=1&c=2\n"
        assert '<html lang="es" dir="ltr">' in got.html
        assert "&lt;fixed&gt;" in got.html
        assert 'href="https://x.example/a?b=1&amp;c=2"' in got.html
        assert "style=" not in got.html

    def test_a_text_may_extend_the_base_and_bring_its_own_html(
        self, templates: Path, city: City
    ) -> None:
        (templates / "m.txt").write_text(
            '{% extends "messaging/mail/base.txt" %}'
            "{% block subject %}Hi {{ name }}{% endblock %}{% block body %}Body{% endblock %}"
        )
        (templates / "m.html").write_text(
            '{% extends "messaging/mail/base.html" %}{% block body %}<p>{{ name }}</p>{% endblock %}'
        )
        got = render("m", {"name": "<Ro>", "city": city}, "en")
        assert got.subject == "Hi <Ro>"
        assert got.text.startswith("Body\n\n--\nPort Alder\n")
        assert "<p>&lt;Ro&gt;</p>" in got.html
        assert "Port Alder" in got.html

    def test_a_subject_cannot_bring_headers(self, templates: Path) -> None:
        (templates / "m.txt").write_text("Subject: {{ name }}\nx")
        assert render("m", {"name": "a\rb"}, "en").subject == "a b"

    def test_a_text_without_a_subject_is_a_mistake(self, templates: Path) -> None:
        (templates / "m.txt").write_text("Hello\n")
        with pytest.raises(ValueError, match="Subject"):
            render("m", {}, "en")


class TestEmail:
    def test_goes_out_with_its_headers(self, sent_to_rosa: Message, now: dt.datetime) -> None:
        assert worker.run(once=True) == 1
        [out] = mail.outbox
        assert out.sent_using == "default"  # type: ignore[attr-defined]
        parts = out.message()
        assert parts["From"] == "Port Alder <hello@portalder.example>"
        assert parts["Reply-To"] == "answers@portalder.example"
        assert parts["Auto-Submitted"] == "auto-generated"
        assert parts["List-Id"] == "Port Alder <requests.port-alder.portalder.example>"
        assert parts["Message-ID"].endswith("@portalder.example>")
        assert [p.get_content_type() for p in parts.iter_parts()] == ["text/plain", "text/html"]
        sent_to_rosa.refresh_from_db()
        assert (sent_to_rosa.state, sent_to_rosa.sent_at) == ("sent", now)

    def test_a_second_attempt_has_the_same_message_id_and_is_not_sent_twice(
        self, sent_to_rosa: Message
    ) -> None:
        worker.run(once=True)
        Outbox.objects.update(done_at=None)
        worker.run(once=True)
        assert len(mail.outbox) == 1
        Message.objects.update(state="queued", sent_at=None)
        Outbox.objects.update(done_at=None)
        worker.run(once=True)
        first, second = mail.outbox
        assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]

    def test_a_failure_is_on_the_message_in_words_and_tried_again(
        self, sent_to_rosa: Message, settings: LazySettings
    ) -> None:
        settings.MAILERS = {"default": {"BACKEND": f"{__name__}.Refusing"}}
        worker.run(once=True)
        sent_to_rosa.refresh_from_db()
        row = Outbox.objects.get()
        words = "The mail server could not be reached (OSError)."
        assert (sent_to_rosa.state, sent_to_rosa.error, row.error) == ("failed", words, words)
        assert (row.done_at, row.attempts) == (None, 1)

    def test_an_address_that_is_refused_bounces_for_good(
        self, sent_to_rosa: Message, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        no = smtplib.SMTPRecipientsRefused({"rosa@example.org": (550, b"no rosa@example.org")})
        monkeypatch.setattr(Refusing, "problem", no)
        settings.MAILERS = {"default": {"BACKEND": f"{__name__}.Refusing"}}
        assert worker.run(once=True) == 1
        sent_to_rosa.refresh_from_db()
        assert sent_to_rosa.state == "bounced"
        assert sent_to_rosa.error == "The mail server refused this address (550)."

    def test_without_an_address_it_is_skipped(self, sent_to_rosa: Message) -> None:
        Message.objects.update(to_address="")
        assert worker.run(once=True) == 1
        sent_to_rosa.refresh_from_db()
        assert sent_to_rosa.state == "skipped"
        assert mail.outbox == []

    def test_the_mailbox_carrier_only_stores(
        self, sent_to_rosa: Message, settings: LazySettings
    ) -> None:
        settings.MAIL_CARRIER = "mailbox"
        assert worker.run(once=True) == 1
        sent_to_rosa.refresh_from_db()
        assert sent_to_rosa.state == "sent"
        assert mail.outbox == []
