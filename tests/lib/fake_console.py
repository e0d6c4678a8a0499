"""Starts tests/console/fake_console (the console's UI with canned replies) in a terminal, with a FIFO to command it."""
import os
import re
import tempfile
from pathlib import Path

from terminal import Terminal, rest

BUILD = Path(os.environ["HT_BUILD"])
WORK = Path(os.environ["HT_TEST_WORK"])


def environment(**more):
    env = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": str(WORK)}
    env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
    env.update(more)
    return {k: v for k, v in env.items() if v is not None}


class Fake(Terminal):
    def __init__(self, rows=24, columns=80, stderr=True, **env):
        self.dir = Path(tempfile.mkdtemp(prefix="fake.", dir=WORK))
        self.fifo = self.dir / "control"
        os.mkfifo(self.fifo)
        self.control = os.open(self.fifo, os.O_RDWR)
        self.errors = self.dir / "stderr"
        super().__init__([str(BUILD / "tests/console/fake_console")], environment(FAKE_CONTROL=str(self.fifo), **env), rows, columns,
                         cwd=self.dir, stderr=self.errors if stderr else None)

    def tell(self, line):
        os.write(self.control, line.encode() + b"\n")

    def complaints(self):
        """What was written to standard error: nothing, unless a sanitizer found something."""
        return self.errors.read_text() if self.errors.exists() else ""

    def close(self):
        super().close()
        os.close(self.control)


def help_keys(t):
    """Every key that the help of the current screen lists: the table of actions, as people see it."""
    t.press("?")
    assert t.sees("Help: "), t.text()
    keys, seen = [], ""
    for _ in range(40):
        rest(t)
        text = t.text()
        if text == seen:
            break
        seen = text
        for line in t.rows()[1:-2]:
            m = re.match(r"^   ((?:\S+ )+) *:([a-z-]+) ", line)
            if m:
                for key in m.group(1).split():
                    if (key, m.group(2)) not in keys:
                        keys.append((key, m.group(2)))
        t.press("PgDn")
    t.press("q")
    assert t.gone("Help: "), t.text()
    return keys
