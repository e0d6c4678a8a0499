#!/usr/bin/python3
"""How long the console takes for a key, in a terminal of 140x40: from the key's write to the last byte of what it draws. Prints
`name value` lines. usage: console.py BUILD_DIR"""
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
os.environ.setdefault("HT_BUILD", sys.argv[1])  # what tests/lib wants to know
os.environ.setdefault("HT_TEST_WORK", tempfile.gettempdir())
from screen import Console, p99

BUILD = Path(sys.argv[1])
KEYS = 60


class Fake(Console):
    """The console's screens, with replies that are made up."""

    def __init__(self, work):
        self.fifo = Path(work) / f"control{time.monotonic_ns()}"
        os.mkfifo(self.fifo)
        self.control = os.open(self.fifo, os.O_RDWR)
        super().__init__([BUILD / "tests/console/fake_console"],
                         {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": str(work), "FAKE_CLOCK_OFF": "1",
                          "FAKE_CONTROL": str(self.fifo)})

    def tell(self, line):
        os.write(self.control, line.encode() + b"\n")


def tail(console, stop):
    while not stop.is_set():
        console.tell("emit 50")
        stop.wait(0.1)


with tempfile.TemporaryDirectory() as work:
    first = []
    for _ in range(10):
        c = Fake(work)
        took, size = c.drawn(c.born)
        first.append(took)
        c.close()
    print("first", 1000 * sorted(first)[5])
    c = Fake(work)
    c.drawn(c.born)
    print("idle", p99([c.key(b"jk"[i // 20 % 2:][:1])[0] for i in range(KEYS)]))
    times = []
    for _ in range(10):
        c.key(b"/")
        times.append(c.key(b"\x1b")[0])
    print("esc", p99(times))
    c.tell("wait")
    print("unanswered", p99([c.key(b"jk"[i // 20 % 2:][:1])[0] for i in range(KEYS)]))
    c.close()
    c = Fake(work).watch()
    c.drawn(c.born)
    c.key(b"2")
    stop = threading.Event()
    feeder = threading.Thread(target=tail, args=(c, stop))
    feeder.start()
    times = []
    for _ in range(KEYS):
        times.append(c.moved(b"k") or 60)
        time.sleep(0.03)
    stop.set()
    feeder.join()
    print("tail", p99(times))
    c.close()
