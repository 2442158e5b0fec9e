"""Gunicorn's settings, read from the same environment as everything else."""

import os
from pathlib import Path

from onehall.config.env import Env
from onehall.kernel.database import net

_env = Env()
bind = _env.text("ONEHALL_BIND")
workers = _env.number("ONEHALL_WEB_WORKERS")
threads = _env.number("ONEHALL_WEB_THREADS")
worker_class = "onehall.config.gunicorn_worker.LiveThreadWorker"
wsgi_app = "onehall.config.wsgi:application"
preload_app = False
timeout = 60
graceful_timeout = 20
keepalive = 15
limit_request_line = 8190
# The paths of residents hold secret links, so no access log is written here.
accesslog = None
errorlog = "-"
loglevel = "warning"
forwarded_allow_ips = "127.0.0.1,::1" if _env.flag("ONEHALL_TRUST_PROXY") else ""
# A heartbeat file on a slow disk would look like a hanging worker.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
control_socket_disable = True
proc_name = f"onehall {Path(_env.text('ONEHALL_DATA')).name}"


def post_worker_init(worker: object) -> None:  # noqa: ARG001  # gunicorn's hook
    """Own nothing in the database."""
    net.step_down()
