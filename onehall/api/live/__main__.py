"""`python -m onehall.api.live`: the process that streams news to open pages."""

import logging
import os
import sys

from onehall.api.live.server import AlreadyRunning, main

if __name__ == "__main__":
    logging.basicConfig(
        level=os.environ.get("ONEHALL_LOG_LEVEL") or "INFO",
        format="%(asctime)s level=%(levelname)s logger=%(name)s %(message)s",
        stream=sys.stderr,
    )
    try:
        main()
    except AlreadyRunning as running:
        sys.exit(str(running))
