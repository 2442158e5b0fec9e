"""Starts a program that must not outlive its parent: `leash.py SIGNAL PARENT UID GID -- command…`.

Run as a script, not imported: the rules are set between fork and exec without Python code in a
forked copy of a threaded process. It drops to UID and GID first (-1 keeps them), because changing
the account would clear the parent-death signal. Outside Linux only the account is changed.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Drop privileges, tie this process to its parent, become the command."""
    signal_number, parent, uid, gid = (int(word) for word in sys.argv[1:5])
    command = sys.argv[6:]
    if gid >= 0:
        os.setgroups([])
        os.setgid(gid)
    if uid >= 0:
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    # The parent may have died before the signal was armed.
    if os.getppid() != parent:
        raise SystemExit(1)
    os.execv(command[0], command)  # noqa: S606  # the caller names the program by its full path


if __name__ == "__main__":
    main()
