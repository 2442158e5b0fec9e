"""The service_requests room as a Django app."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ServiceRequestsConfig(AppConfig):
    """Names the room and takes the news of cases to the residents."""

    name = "onehall.service_requests"
    label = "service_requests"
    verbose_name = _("Service requests")
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Handle the outbox topics of case news, links to reports and acts on many cases."""
        from onehall.casework import answers
        from onehall.messaging import handlers
        from onehall.service_requests import (
            actions,
            alerts,
            batches,
            news,
            queries,
            retention,
            tasks,
        )

        answers.provide("reports", queries.answers_of)
        handlers.register("case.news", news.tell)
        handlers.register(batches.TOPIC, batches.go_on)
        handlers.every("service_requests.bulk", 3600, tasks.purge_bulk)
        handlers.every(
            "service_requests.retention", 86_400, retention.carry_out_some, everywhere=True
        )
        handlers.register(actions.LINK, news.send_link)
        handlers.every("service_requests.alerts", 30, alerts.tell, everywhere=True)
        handlers.every("service_requests.alerts_unconfirmed", 3600, alerts.purge)
