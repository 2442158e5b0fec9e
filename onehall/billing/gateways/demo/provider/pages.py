"""The pages that people see at the demo provider: the one to pay on, and those that say that something is not there."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from onehall.billing.gateways.demo.provider.engine import Engine, Refused
from onehall.billing.gateways.demo.provider.records import Session
from onehall.billing.gateways.demo.provider.sources import SOURCES, TO_SAVE, Source, source_of
from onehall.billing.gateways.demo.provider.web import Answer, Request, to
from onehall.billing.gateways.demo.provider.words import WORDS, in_words, language_of

FOLDER: Final = Path(__file__).parent
FILES: Final = {
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
EMPTY: Final = mark_safe("")
MONTHS_LEFT: Final = 3
"""A card that is good for less than that says so."""
_FRAME: Final = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{title} · Demo Pay</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css?{stamp}">
</head>
<body>
<header class="top"><img src="/icon.svg" alt="" width="32" height="32"><strong>Demo Pay</strong></header>
<main{wide}>
{body}
</main>
<footer>{by}</footer>
</body>
</html>
"""


@cache
def _stamp() -> str:
    """Changes with the styles, so that browsers fetch them anew."""
    return sha256((FOLDER / "style.css").read_bytes()).hexdigest()[:8]


def page(
    title: str, body: SafeString, *, language: str, status: int = 200, goes_to: str = "",
    wide: bool = False,
) -> Answer:  # fmt: skip
    """A whole page. `goes_to` are origins that its forms may lead to, beside its own."""
    html = format_html(
        _FRAME, lang=language, title=title, body=body, by=WORDS[language]["by"], stamp=_stamp(),
        wide=mark_safe(' class="wide"') if wide else EMPTY,
    )  # fmt: skip
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
        f" frame-ancestors 'none'; form-action 'self' {goes_to}"
    )
    headers = {
        "Content-Security-Policy": policy.strip(),
        "Content-Language": language,
        # Not stricter: with "no-referrer" a browser would send the origin "null" with our own forms.
        "Referrer-Policy": "same-origin",
    }
    return Answer(status, html.encode("utf-8", "replace"), headers=headers)


def static(request: Request) -> Answer | None:
    """One of the two files that pages are made with."""
    if request.path not in FILES:
        return None
    name, kind = FILES[request.path]
    return Answer(200, (FOLDER / name).read_bytes(), kind, {"Cache-Control": "max-age=3600"})


def missing(request: Request, *, status: int = 404, about: str = "missing") -> Answer:
    """There is nothing here, or nothing works now."""
    language = language_of(request.headers.get("accept-language", ""))
    words = WORDS[language]
    body = format_html("<h1>{}</h1><p>{}</p>", words[about], words[f"{about}_more"])
    return page(words[about], body, language=language, status=status)


def from_elsewhere(request: Request) -> bool:
    """Whether a form was sent by the page of somebody else."""
    origin = request.headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc != request.headers.get("host", "")


class PayPage:
    """The page that a payer is sent to. Works without a script."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def answer(self, request: Request, ref: str) -> Answer:
        """The page, or what its buttons do."""
        try:
            session = self._engine.session(ref)
        except Refused:
            return missing(request)
        if request.method != "POST" or from_elsewhere(request):
            return self._show(session)
        if session.status != "open":
            return self._show(session, status=409)
        return self._act(session, request.form())

    def _act(self, session: Session, form: dict[str, str]) -> Answer:
        act = form.get("act", "")
        if act == "back":
            self._engine.abandon(session)
            return to(session.cancel_url or session.return_url)
        source = source_of(form.get("source", ""), session.methods)
        if session.mode == "setup":
            return self._save(session, source, act)
        if source is None or act not in {"pay", "slow", "decline"}:
            return self._show(session, says="choose", status=422)
        if act == "decline":
            self._engine.decline(session, source)
        else:
            self._engine.pay(session, source, slow=act == "slow")
        if session.status == "open":
            return self._show(session, says="was_declined", status=422)
        return to(session.return_url)

    def _save(self, session: Session, source: Source | None, act: str) -> Answer:
        if source is None or act != "save":
            return self._show(session, says="choose", status=422)
        self._engine.keep(session, source)
        return to(session.return_url)

    def _show(self, session: Session, *, says: str = "", status: int = 200) -> Answer:
        language = language_of(session.language)
        words = WORDS[language]
        if session.status == "open":
            show = _to_save if session.mode == "setup" else _open
            body = show(session, words, says=says)
        else:
            body = format_html(
                '<h1>{}</h1><p><a class="button" href="{}">{}</a></p>',
                words[f"done_{session.status}"], session.return_url, words["done_back"],
            )  # fmt: skip
        back = {_origin(url) for url in (session.return_url, session.cancel_url) if url}
        goes_to = " ".join(sorted(back))
        title = words["save_title" if session.mode == "setup" else "title"]
        return page(title, body, language=language, status=status, goes_to=goes_to)


def _origin(url: str) -> str:
    """Scheme and host of an address; what could end a directive of a policy is left out."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".replace(";", "").replace(",", "").replace(" ", "")


def _open(session: Session, words: dict[str, str], *, says: str) -> SafeString:
    total = in_words(session.amount, session.currency)
    return format_html(
        '<p class="demo"><strong>{demo}</strong> {demo_more}</p>{said}'
        '<h1><span class="small">{to_pay}</span> {total}</h1>{lines}'
        '<form method="post"><fieldset><legend>{how}</legend>{cards}{banks}</fieldset>'
        '<p><button class="button" name="act" value="pay">{pay}</button></p>'
        '<p><button class="plain" name="act" value="back" formnovalidate>{back}</button></p>'
        '<details><summary>{try_}</summary><p>{slow_more}</p><p class="row">'
        '<button class="quiet" name="act" value="slow">{slow}</button>'
        '<button class="quiet" name="act" value="decline">{decline}</button></p></details></form>',
        demo=words["demo"], demo_more=words["demo_more"], said=_said(session, words, says),
        to_pay=words["to_pay"], total=total, lines=_lines(session, words, total),
        how=words["how"], cards=_group("card", session, words), banks=_group("ach", session, words),
        pay=words["pay"].format(total), back=words["back"], try_=words["try"],
        slow=words["slow"], slow_more=words["slow_more"], decline=words["decline"],
    )  # fmt: skip


def _to_save(session: Session, words: dict[str, str], *, says: str) -> SafeString:
    return format_html(
        '<p class="demo"><strong>{demo}</strong> {demo_more}</p>{said}'
        "<h1>{title}</h1><p>{more}</p>"
        '<form method="post"><fieldset><legend>{how}</legend>{cards}{banks}</fieldset>'
        '<p><button class="button" name="act" value="save">{save}</button></p>'
        '<p><button class="plain" name="act" value="back" formnovalidate>{back}</button></p></form>',
        demo=words["demo"], demo_more=words["demo_more"], said=_said(session, words, says),
        title=words["save_title"], more=words["save_more"], how=words["how"],
        cards=_group("card", session, words), banks=_group("ach", session, words),
        save=words["save"], back=words["save_back"],
    )  # fmt: skip


def _said(session: Session, words: dict[str, str], says: str) -> SafeString:
    if not says:
        return EMPTY
    failure = words.get(session.failure, session.failure)
    return format_html('<p class="no" role="alert">{}</p>', words[says].format(failure))


def _lines(session: Session, words: dict[str, str], total: str) -> SafeString:
    rows = format_html_join(
        "", "<tr><th scope=row>{}</th><td>{}</td></tr>",
        ((said, in_words(amount, session.currency)) for said, amount in session.lines),
    )  # fmt: skip
    last = format_html(
        "<tfoot><tr><th scope=row>{}</th><td>{}</td></tr></tfoot>", words["total"], total
    )
    return format_html("<table><tbody>{}</tbody>{}</table>", rows, last)


def _group(method: str, session: Session, words: dict[str, str]) -> SafeString:
    """The cards, or the accounts, that the page takes."""
    if method not in session.methods:
        return EMPTY
    known = TO_SAVE if session.mode == "setup" else SOURCES
    offered = [source for source in known if source.method == method]
    first = next(s for s in SOURCES if s.method in session.methods)
    choices = format_html_join(
        "", '<label class="choice"><input type="radio" name="source" value="{}" required{}>'
        '<span class="chip {}" aria-hidden="true">{}</span>'
        "<span><strong>{}</strong> {}{}</span></label>",
        (
            (
                one.key, mark_safe(" checked") if one is first else EMPTY,
                one.brand if one.method == "card" else "bank", one.chip, one.name,
                words["ending"].format(one.last4), _remark(one, words),
            )
            for one in offered
        ),
    )  # fmt: skip
    if method == "card":
        return format_html("<h2>{}</h2>{}", words["card"], choices)
    return format_html(
        '<h2>{}</h2><p class="hint">{}</p>{}', words["bank"], words["bank_more"], choices
    )


def _remark(source: Source, words: dict[str, str]) -> SafeString:
    if source.months < MONTHS_LEFT:
        return format_html('<span class="hint">{}</span>', words["expiring"])
    if not source.declines and not source.bounces:
        return EMPTY
    said = words["declined_card" if source.declines else "bouncing"]
    return format_html('<span class="hint">{}</span>', said)
