"""Health pages for proxies and monitors: is the process up, and can it serve?"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from onehall.kernel import clock
from onehall.messaging.queries import outbox_health

MAX_LAG_SECONDS = 900


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # the shape of a view
    """200 "ok" while the process can answer at all."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # the shape of a view
    """200 when the database answers, every migration is applied and the outbox keeps up."""
    facts: dict[str, object] = {"database": "ok", "migrations": "ok", "outbox": "ok"}
    try:
        waiting = pending_migrations()
        lag = 0 if waiting else outbox_lag_seconds()
    except DatabaseError:
        facts = {"database": "no answer", "migrations": "unknown", "outbox": "unknown"}
    else:
        if waiting:
            facts |= {"migrations": f"{waiting} not applied", "outbox": "unknown"}
        elif lag > MAX_LAG_SECONDS:
            facts["outbox"] = f"oldest due row waits {lag} seconds"
    ready = set(facts.values()) == {"ok"}
    return JsonResponse({"ready": ready, **facts}, status=200 if ready else 503)


def pending_migrations() -> int:
    """How many migrations of this version the database lacks."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def outbox_lag_seconds() -> int:
    """Whole seconds that the oldest due outbox row has waited; 0 when nothing is due."""
    now = clock.now()
    oldest = outbox_health(now=now).oldest_due
    return 0 if oldest is None else int((now - oldest).total_seconds())
