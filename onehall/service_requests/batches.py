"""One act on many cases: chosen, tried case by case, done in rounds, and taken back within a minute.

Each case is its own transaction with the lock that was shown, so that one case never holds up or
spoils another, and a round that is run twice does nothing twice.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import models, transaction
from django.utils.translation import gettext as _

from onehall.casework import undoing
from onehall.casework.errors import CaseChanged, CaseworkRefused
from onehall.casework.models import Case, TimelineEntry
from onehall.casework.undoing import NEWS_TOPICS, news_keys, standing
from onehall.messaging import actions as messaging
from onehall.messaging.actions import NewOutbox
from onehall.messaging.models import Outbox
from onehall.people.actor import Actor
from onehall.people.queries import staff_actor
from onehall.places.models import City
from onehall.service_requests import bulkkinds, joining, news
from onehall.service_requests.bulkkinds import Job
from onehall.service_requests.models import BulkAct, BulkItem
from onehall.service_requests.preview import HIDDEN, Letter

MOST: Final = 500
"""Cases in one act."""
AT_ONCE: Final = 20
"""Cases done while the person waits; the worker does the rest."""
ROUND: Final = 50
"""Cases in one round of the worker: well inside its lease."""
WINDOW: Final = timedelta(seconds=60)
"""How long an act can be taken back, and its mails are held."""
SLACK: Final = timedelta(seconds=5)
LONGEST: Final = timedelta(minutes=15)
"""How long mails are held while the act is under way; then they go, whatever became of it."""
KEPT: Final = timedelta(days=30)
TOPIC: Final = "cases.bulk"

Phase, State = BulkAct.Phase, BulkItem.State
NEXT: Final = {Phase.TRYING: State.WAITS, Phase.DOING: State.WILL, Phase.UNDOING: State.DONE}
"""In each phase that goes on by itself: the items that it still has to take."""
THEN: Final = {Phase.TRYING: Phase.TRIED, Phase.DOING: Phase.DONE, Phase.UNDOING: Phase.UNDONE}


class ActRefused(CaseworkRefused):
    """The act can not go on so; says why."""


@transaction.atomic
def choose(
    *,
    city: City,
    key: uuid.UUID,
    picks: Sequence[tuple[int, int]],
    back: str,
    capped: bool,
    by: Actor,
    now: datetime,
) -> BulkAct:
    """Remember chosen cases with the locks that were shown. The same key is the same act."""
    known = BulkAct.objects.filter(city=city, key=key).first()
    if known is not None:
        if known.user_id != by.user_id:
            raise ActRefused(_("This is not there any more. Choose the cases again."))
        return known
    if not by.writes or by.user_id is None:
        raise ActRefused(_("Your role can read cases but not change them."))
    seen = dict(picks[:MOST])
    mine = Case.objects.visible_to(by).filter(pk__in=list(seen)).values_list("pk", flat=True)
    there = set(mine)
    chosen = [pk for pk in seen if pk in there]
    if not chosen:
        raise ActRefused(_("Choose at least one case."))
    act = BulkAct.objects.create(
        city=city,
        user_id=by.user_id,
        key=key,
        made_at=now,
        capped=capped or len(picks) > MOST,
        back=back[:4000],
    )
    BulkItem.objects.bulk_create(
        BulkItem(city=city, act=act, case_id=pk, position=n, seen=seen[pk])
        for n, pk in enumerate(chosen)
    )
    return act


@transaction.atomic
def propose(*, act: BulkAct, kind: str, given: Mapping[str, Any], by: Actor) -> None:
    """Say what is to be done; every case is tried next. Possible until it is done."""
    act = _locked(act, by)
    if act.phase not in (Phase.CHOOSING, Phase.TRYING, Phase.TRIED):
        raise ActRefused(_("This was done already."))
    if kind not in bulkkinds.KINDS:
        raise ActRefused(_("Choose what to do."))
    act.kind, act.given, act.phase = kind, dict(given), Phase.TRYING
    act.round += 1
    act.save(update_fields=["kind", "given", "phase", "round"])
    act.items.update(state=State.WAITS, why="", mails=0)


@transaction.atomic
def start(*, act: BulkAct, by: Actor, now: datetime) -> bool:
    """Begin to do what was tried; False when it was begun already."""
    act = _locked(act, by)
    if act.phase != Phase.TRIED:
        return False
    act.phase, act.started_at, act.round = Phase.DOING, now, act.round + 1
    act.save(update_fields=["phase", "started_at", "round"])
    return True


@transaction.atomic
def take_back(*, act: BulkAct, by: Actor, now: datetime) -> bool:
    """Begin to take it back; refused after the window."""
    act = _locked(act, by)
    if act.phase in (Phase.UNDOING, Phase.UNDONE):
        return False
    if act.phase != Phase.DONE or act.undo_until is None or now >= act.undo_until:
        raise ActRefused(_("The minute is over. What was done stays, and the mails have gone out."))
    act.phase, act.round = Phase.UNDOING, act.round + 1
    act.save(update_fields=["phase", "round"])
    # Until the last case is taken back, no mail of the others may leave.
    _hold(act, now + LONGEST)
    return True


def act_of(actor: Actor, key: uuid.UUID) -> BulkAct | None:
    """Somebody's own act."""
    if actor.user_id is None:
        return None
    mine = BulkAct.objects.filter(city_id=actor.city_id, user_id=actor.user_id, key=key)
    return mine.select_related("city").first()


def work(*, act: BulkAct, by: Actor, now: datetime, most: int) -> int:
    """Take the next cases of the phase; returns how many are left for another round."""
    act.refresh_from_db(fields=["phase", "kind", "given"])
    phase = Phase(act.phase)
    if phase not in NEXT:
        return 0
    team = bulkkinds.team_of(act.city, act.kind)
    waiting = act.items.filter(state=NEXT[phase]).order_by("position")
    for pk in list(waiting.values_list("pk", flat=True)[:most]):
        _take(act, phase, pk, team, by, now)
    left = waiting.count()
    if left == 0:
        _finish(act, phase, now)
    return left


def _take(act: BulkAct, phase: Any, pk: int, team: list[Any], by: Actor, now: datetime) -> None:
    """One case of a phase, in a transaction of its own."""
    with transaction.atomic():
        item = (
            BulkItem.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("case__queue")
            .filter(pk=pk, state=NEXT[phase])
            .first()
        )
        if item is None:
            return
        item.case.city = act.city
        try:
            with transaction.atomic():
                STEPS[phase](act, item, team, by, now)
        except CaseChanged:
            _pass_over(item, phase, _("Somebody else changed it in the meantime."))
        except CaseworkRefused as no:
            _pass_over(item, phase, str(no))
        item.save(update_fields=["state", "why", "mails", "before", "left"])


PASSED: Final = {
    Phase.TRYING: State.WONT,
    Phase.DOING: State.SKIPPED,
    Phase.UNDOING: State.KEPT,
}


def _pass_over(item: BulkItem, phase: Any, why: str) -> None:
    item.state, item.why = PASSED[phase], why[:300]


def _job(act: BulkAct, item: BulkItem, team: list[Any], by: Actor, now: datetime) -> Job:
    if not Case.objects.visible_to(by).filter(pk=item.case_id).exists():
        raise ActRefused(_("It went to another department in the meantime."))
    return Job(act.city, item.case, item.seen, act.given, by, now, team)


def _try(act: BulkAct, item: BulkItem, team: list[Any], by: Actor, now: datetime) -> None:
    """The act itself, rolled back: so what is foretold is what will be."""
    lock = _parent_lock(item.case)
    bulkkinds.do(act.kind, _job(act, item, team, by, now))
    item.state, item.why = State.WILL, ""
    item.mails = sum(len(news.told_of(entry)) for entry in _news(item.case, lock))
    transaction.set_rollback(True)


def _do(act: BulkAct, item: BulkItem, team: list[Any], by: Actor, now: datetime) -> None:
    before, lock = standing(item.case), item.case.lock
    bulkkinds.do(act.kind, _job(act, item, team, by, now))
    fresh = Case.objects.get(pk=item.case_id)
    item.state, item.before = State.DONE, before | {"lock": lock}
    item.left = fresh.lock
    keys = news_keys(fresh.pk, lock, fresh.lock)
    messaging.hold(city_id=act.city_id, topics=NEWS_TOPICS, keys=keys, until=now + LONGEST)


def _undo(act: BulkAct, item: BulkItem, team: list[Any], by: Actor, now: datetime) -> None:  # noqa: ARG001  (as the other steps)
    left, lock = item.left or 0, item.before["lock"]
    if act.kind == "join":
        _unjoin(act, item, by, now)
    else:
        undoing.undo(
            city=act.city,
            case_id=item.case_id,
            before=item.before,
            after_seq=lock,
            seen=left,
            what=act.kind,
            by=by,
            now=now,
        )
    item.state, item.why = State.UNDONE, ""


def _unjoin(act: BulkAct, item: BulkItem, by: Actor, now: datetime) -> None:
    """A join has an undoing of its own; nobody was told of the join, so nobody is told of that."""
    left, lock = item.left or 0, item.before["lock"]
    keys = news_keys(item.case_id, lock, left)
    if not messaging.withdraw(city_id=act.city_id, topics=NEWS_TOPICS, keys=keys, now=now):
        raise ActRefused(_("The mail about it has gone out. Undo the join on its page."))
    joining.unjoin(city=act.city, case_id=item.case_id, by=by, now=now, seen=left)
    fresh = Case.objects.get(pk=item.case_id)
    again = news_keys(item.case_id, left, fresh.lock)
    messaging.withdraw(city_id=act.city_id, topics=NEWS_TOPICS, keys=again, now=now)


STEPS: Final = {Phase.TRYING: _try, Phase.DOING: _do, Phase.UNDOING: _undo}


def _finish(act: BulkAct, phase: Any, now: datetime) -> None:
    """The phase is over; only one of several rounds says so."""
    changes: dict[str, Any] = {"phase": THEN[phase]}
    if phase == Phase.DOING:
        changes["undo_until"] = now + WINDOW
    with transaction.atomic():
        if (
            BulkAct.objects.filter(pk=act.pk, phase=phase).update(**changes)
            and phase != Phase.TRYING
        ):
            _hold(act, now + WINDOW + SLACK if phase == Phase.DOING else now)
    act.refresh_from_db()


def _hold(act: BulkAct, until: datetime) -> None:
    """Let the mails of what is done wait until a time."""
    done = act.items.filter(state__in=[State.DONE, State.KEPT], left__isnull=False)
    keys: list[str] = []
    for case_id, before, left in done.values_list("case_id", "before", "left"):
        keys += news_keys(case_id, before["lock"], left or 0)
    if keys:
        messaging.hold(city_id=act.city_id, topics=NEWS_TOPICS, keys=keys, until=until)


def _parent_lock(case: Case) -> int:
    """How far the timeline of the case goes that this one is a part of; 0 for one that is no part."""
    if case.parent_id is None:
        return 0
    return Case.objects.filter(pk=case.parent_id).values_list("lock", flat=True).get()


def _news(case: Case, parent_lock: int) -> list[TimelineEntry]:
    """What was just added to a case, or for a part of it to the whole, and would be told to residents."""
    waiting = Outbox.objects.filter(city_id=case.city_id, topic="case.news")
    added = models.Q(case_id=case.pk, seq__gt=case.lock)
    if case.parent_id is not None:
        added |= models.Q(case_id=case.parent_id, seq__gt=parent_lock)
    entries = TimelineEntry.objects.filter(added).order_by("case_id", "seq")
    found = {f"{e.case_id}:{e.seq}": e for e in entries.select_related("case")}
    rows = waiting.filter(key__in=list(found)).order_by("id").values_list("key", flat=True)
    return [found[key] for key in rows]


def sample(*, act: BulkAct, by: Actor, now: datetime) -> Letter | None:
    """One mail exactly as it would go out: the first case with one is tried once more, and rolled back."""
    item = (
        act.items.filter(state=State.WILL, mails__gt=0)
        .select_related("case__queue")
        .order_by("position")
        .first()
    )
    if item is None:
        return None
    item.case.city = act.city
    letter = None
    try:
        with transaction.atomic():
            team, lock = bulkkinds.team_of(act.city, act.kind), _parent_lock(item.case)
            bulkkinds.do(act.kind, _job(act, item, team, by, now))
            for entry in _news(item.case, lock):
                for report, address in news.told_of(entry)[:1]:
                    # With their link staff could answer in their name.
                    report.token = HIDDEN
                    mail = news.mail_for(act.city, entry, report)
                    language = news.language_of(act.city, report)
                    letter = letter or Letter(report, address, language, mail.subject, mail.text)
            transaction.set_rollback(True)
    except CaseworkRefused:
        return None
    return letter


def counts(act: BulkAct) -> dict[str, int]:
    """How many cases are in which state; `mails` those that would go out."""
    rows = act.items.order_by().values_list("state").annotate(models.Count("pk"))
    will = act.items.filter(state=State.WILL).aggregate(n=models.Sum("mails"))
    return dict.fromkeys(State.values, 0) | dict(rows) | {"mails": will["n"] or 0}


@transaction.atomic
def queue_round(*, act: BulkAct, now: datetime, number: int = 0) -> None:
    """Let the worker go on with the phase."""
    row = NewOutbox(
        topic=TOPIC,
        key=f"{act.pk}:{act.round}:{number}",
        payload={"act": act.pk, "round": act.round, "number": number},
    )
    messaging.queue(city_id=act.city_id, rows=[row], now=now)


def go_on(payload: dict[str, Any], *, city_id: int, key: str, now: datetime) -> None:  # noqa: ARG001  (what the worker hands over)
    """One round of the worker; queues the next one. Idempotent: each case is taken once."""
    act = (
        BulkAct.objects.select_related("city", "user")
        .filter(pk=payload["act"], city_id=city_id, round=payload["round"])
        .first()
    )
    if act is None:
        return
    by = staff_actor(act.user, act.city)
    if by is None:
        return
    if work(act=act, by=by, now=now, most=ROUND):
        queue_round(act=act, now=now, number=payload["number"] + 1)


def purge(*, now: datetime) -> int:
    """Forget acts after a month: what they did stands on the timelines."""
    old = BulkAct.objects.filter(made_at__lt=now - KEPT).order_by("made_at")[:500]
    return BulkAct.objects.filter(pk__in=old.values("pk")).delete()[0]


def _locked(act: BulkAct, by: Actor) -> BulkAct:
    found = BulkAct.objects.select_for_update().get(pk=act.pk)
    if found.user_id != by.user_id or not by.writes:
        raise ActRefused(_("Your role can read cases but not change them."))
    return found
