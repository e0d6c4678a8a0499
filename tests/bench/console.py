#!/usr/bin/python3
"""How long the console takes for a key, in a terminal of 140x40: from the key's write to the last byte of what it draws. Prints
`name value` lines. usage: console.py BUILD_DIR"""
import fcntl
import os
import pty
import select
import struct
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

BUILD = Path(sys.argv[1])
QUIET = 0.03  # nothing for so long: it has drawn
KEYS = 60


class Console:
    def __init__(self, work):
        self.fifo = Path(work) / f"control{time.monotonic_ns()}"
        os.mkfifo(self.fifo)
        self.control = os.open(self.fifo, os.O_RDWR)
        env = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": str(work), "FAKE_CLOCK_OFF": "1",
               "FAKE_CONTROL": str(self.fifo)}
        self.born = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
            os.execve(BUILD / "tests/console/fake_console", ["fake_console"], env)

    def drawn(self, since):
        """Seconds from `since` to the last byte, and how many bytes came."""
        last, n = since, 0
        while select.select([self.fd], [], [], QUIET if n else 1)[0]:
            n += len(os.read(self.fd, 65536))
            last = time.monotonic()
        return last - since, n

    def key(self, key):
        begin = time.monotonic()
        os.write(self.fd, key)
        return self.drawn(begin)

    def first_byte(self, key):
        """While rows come the drawing never ends: to the first frame after the key."""
        while select.select([self.fd], [], [], 0)[0]:
            os.read(self.fd, 65536)
        begin = time.monotonic()
        os.write(self.fd, key)
        select.select([self.fd], [], [], 1)
        return time.monotonic() - begin

    def tell(self, line):
        os.write(self.control, line.encode() + b"\n")

    def close(self):
        os.write(self.fd, b"Q")
        while True:
            try:
                if not os.read(self.fd, 65536):
                    break
            except OSError:
                break
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def p99(times):
    return 1000 * sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]


def tail(console, stop):
    while not stop.is_set():
        console.tell("emit 50")
        stop.wait(0.1)


with tempfile.TemporaryDirectory() as work:
    first = []
    for _ in range(10):
        c = Console(work)
        took, size = c.drawn(c.born)
        first.append(took)
        c.close()
    print("first", 1000 * sorted(first)[5])
    c = Console(work)
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
    c = Console(work)
    c.drawn(c.born)
    c.key(b"2")
    stop = threading.Event()
    feeder = threading.Thread(target=tail, args=(c, stop))
    feeder.start()
    times = []
    for _ in range(KEYS):
        times.append(c.first_byte(b"k"))
        time.sleep(0.03)
    stop.set()
    feeder.join()
    print("tail", p99(times))
    c.close()
