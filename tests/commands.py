"""Running commands: in this process, in one of their own, and on a terminal."""

import os
import pty
import subprocess
import sys

from campaign_fsm.cli import run

# A message campaign in a file.
DRAFT = {
    "content_type": "static",
    "lists": ["l1"],
    "sender_id": "EXOTEL",
    "sms_type": "transactional",
    "template": "Hello.",
    "name": "diwali",
    "dlt_entity_id": "1101428740000012125",
    "dlt_template_id": "1107160016142600511",
    "schedule": {"start_time": "2999-01-01T10:00:00+05:30"},
}


def call(capsys, *argv):
    """One command in this process: its exit code, output and errors."""
    code = run(argv)
    out, err = capsys.readouterr()
    return code, out, err


def shell(*argv, env=None, stdin=subprocess.DEVNULL):
    """One command in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EXOTEL_")}
    command = [sys.executable, "-m", "campaign_fsm", *argv]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, stdin=stdin, env={**clean, **(env or {})}, check=False
    )


def on_a_terminal(*argv, until, answer):
    """One command on a terminal of its own: what it shows up to `until`, its exit code after the answer."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign_fsm", *argv], stdin=side, stdout=side, stderr=side, close_fds=True
    )
    os.close(side)
    shown = b""
    while until not in shown:
        shown += os.read(main, 4096)
    os.write(main, answer)
    code = process.wait()
    os.close(main)
    return shown, code
