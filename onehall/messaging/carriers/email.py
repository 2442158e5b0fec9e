"""The e-mail carrier: Django's default mailer, one message to one person."""

import smtplib
from email.utils import formataddr, parseaddr
from hashlib import sha256

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from onehall.messaging.carriers import Bounced, NotDelivered, Skipped
from onehall.messaging.models import Message

PERMANENT = range(500, 600)


def deliver(message: Message) -> None:
    """Send one message; errors become words that name no address."""
    if not message.to_address:
        raise Skipped("There is no address to send to.")
    try:
        sent = compose(message).send(using="default")
    except smtplib.SMTPRecipientsRefused as refused:
        codes = [code for code, _words in refused.recipients.values()]
        if codes and all(code in PERMANENT for code in codes):
            raise Bounced(f"The mail server refused this address ({codes[0]}).") from None
        raise NotDelivered(f"The mail server asked to wait ({codes[0] if codes else 0}).") from None
    except smtplib.SMTPResponseException as answer:
        raise NotDelivered(f"The mail server answered {answer.smtp_code}.") from None
    except (smtplib.SMTPException, OSError) as problem:
        words = f"The mail server could not be reached ({type(problem).__name__})."
        raise NotDelivered(words) from None
    except (ValueError, UnicodeError):
        raise Bounced("The address or the subject cannot be sent by mail.") from None
    if not sent:
        raise NotDelivered("The mail server took no message.")


def compose(message: Message) -> EmailMultiAlternatives:
    """The mail of a message: text first, simple HTML beside it, headers that stop auto-replies."""
    city = message.city
    host = city.hosts[0] if city.hosts else "localhost"
    address = city.contact.get("email") or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    reply_to = city.contact.get("reply_to") or getattr(settings, "MAIL_REPLY_TO", "")
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.body_text,
        from_email=formataddr((city.name, address)),
        to=[message.to_address],
        reply_to=[reply_to] if reply_to else None,
        headers={
            "Message-ID": message_id(message, host),
            "List-Id": f"{city.name} <requests.{city.slug}.{host}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Content-Language": message.language,
            **_one_click(message.stop_url),
        },
    )
    if message.body_html:
        mail.attach_alternative(message.body_html, "text/html")
    return mail


def _one_click(url: str) -> dict[str, str]:
    """The button of mail programs that ends such mail (RFC 8058)."""
    if not url:
        return {}
    return {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def message_id(message: Message, host: str) -> str:
    """The same message has the same Message-ID at every attempt, so a second copy is seen as one."""
    digest = sha256(f"{message.city_id}:{message.key}".encode()).hexdigest()[:40]
    return f"<{digest}@{host}>"
