"""A process that writes every second (third ...) part of a history. Imports no models: it is loaded before they are."""

import gc
from multiprocessing import parent_process
from typing import Any

from onehall.service_requests.generating.profile import Profile


def write_in_process(run_id: int, profile: Profile, lane: int, database: str, news: Any) -> None:
    """Write one lane of a run; tells `news` of the cases of each part, of the end, and of what broke."""
    try:
        import django

        django.setup()
        from django.db import connection

        from onehall.service_requests.generating import storing
        from onehall.service_requests.models import HistoryRun

        connection.settings_dict["NAME"] = database
        run = HistoryRun.objects.select_related("city").get(pk=run_id)
        gc.disable()
        parent = parent_process()
        for count in storing.write_lane(run, profile, lane):
            news.put(("cases", count))
            if parent is None or not parent.is_alive():
                # It was killed: whoever goes on with the history must not meet us.
                return
        connection.close()
        news.put(("end", 0))
    except Exception as error:  # noqa: BLE001  (whatever it is, the one who waits must hear of it)
        news.put(("broken", f"{type(error).__name__}: {error}"))
