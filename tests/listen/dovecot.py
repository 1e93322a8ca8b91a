"""The IMAP tests against Dovecot, where it is installed: ``python -m tests.listen.dovecot``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.listen.imap_servers import DOVECOT


def main() -> int:
    """Return the exit code of the tests, 2 if there is no Dovecot."""
    if DOVECOT is None:
        sys.stderr.write("dovecot is not installed (Debian: apt-get install dovecot-imapd)\n")
        return 2
    os.environ["IMAP_SERVER"] = "dovecot"
    return int(pytest.main([str(Path(__file__).with_name("test_imap.py")), *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
