"""The console in a terminal of 140x40, timed and counted from outside: what the benches of the console share."""
import codecs
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from pathlib import Path

sys.dont_write_bytecode = True
QUIET = 0.03  # nothing for so long: it has drawn
FRAME = 0.005  # what comes closer together is one frame
SLICE = 128    # bytes that are emulated in a millisecond or so


def p99(times):
    """In milliseconds."""
    return 1000 * sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]


class Console:
    rows, columns = 40, 140

    def __init__(self, argv, env):
        self.emulator = None
        self.born = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
            os.execve(argv[0], argv, env)

    def chunks(self, quiet=QUIET, first=1):
        """What comes, each piece with the moment it came at, until nothing came for `quiet` (`first`: before anything did)."""
        got = []
        while select.select([self.fd], [], [], quiet if got else first)[0]:
            got.append((os.read(self.fd, 65536), time.monotonic()))
            if self.emulator:
                self.unseen.append(got[-1])
        return got

    def drawn(self, since):
        """Seconds from `since` to the last byte, and how many bytes came."""
        got = self.chunks()
        return (got[-1][1] if got else since) - since, sum(len(data) for data, _ in got)

    def key(self, key):
        begin = time.monotonic()
        os.write(self.fd, key)
        return self.drawn(begin)

    # what stands on the screen: only for those who ask, since emulating takes longer than drawing
    def watch(self):
        from terminal import _Screen, _Stream  # of tests/lib
        self.screen = _Screen(self.columns, self.rows)
        self.stream = _Stream(self.screen)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.unseen, self.emulator = [], True
        return self

    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    def take(self):
        """What has come so far, with the moment."""
        while select.select([self.fd], [], [], 0)[0]:
            self.unseen.append((os.read(self.fd, 65536), time.monotonic()))

    def feed(self, data):
        """In slices: what comes while a frame is emulated, which takes long, came at its own moment."""
        for i in range(0, len(data), SLICE):
            self.stream.feed(self.decoder.decode(data[i:i + SLICE]))
            self.take()

    def catch_up(self):
        """Takes in what has come so far."""
        self.take()
        while self.unseen:
            self.feed(self.unseen.pop(0)[0])

    def until(self, begin, shows, seconds=60):
        """Seconds from `begin` until the screen is as `shows` (a function of its lines) wants it; None: it does not get so."""
        end, at = begin + seconds, begin
        while True:
            while self.unseen:
                data, at = self.unseen.pop(0)
                self.feed(data)
                whole = not self.unseen or self.unseen[0][1] - at > FRAME
                if whole and shows(self.lines()):
                    return at - begin
            if time.monotonic() > end:
                return None
            self.chunks(2 * FRAME, 0.2)

    def time_to(self, key, shows, seconds=60):
        begin = time.monotonic()
        os.write(self.fd, key)
        return self.until(begin, shows, seconds)

    def moved(self, key):
        """While rows come the drawing never ends: seconds from the key to the last byte of the frame in which the cursor stands on
        another row. None: it does not."""
        def marked():
            return next((line for line in self.lines() if line.startswith(">")), None)

        self.catch_up()
        before = marked()
        return self.time_to(key, lambda lines: marked() not in (None, before), 10)

    # what it takes
    def resident_mib(self, what="VmHWM"):
        return int(re.search(rf"^{what}:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text(), re.M).group(1)) / 1024

    def wakeups(self):
        """Voluntary context switches of the thread that draws."""
        status = Path(f"/proc/{self.pid}/task/{self.pid}/status").read_text()
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.M).group(1))

    def idle(self, seconds):
        """Bytes and wake-ups while nothing is done."""
        self.chunks()
        woken = self.wakeups()
        end, n = time.monotonic() + seconds, 0
        while select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
            n += len(os.read(self.fd, 65536))
        return n, self.wakeups() - woken

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
