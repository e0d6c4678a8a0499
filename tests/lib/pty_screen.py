"""A program in a real pseudo-terminal, read by a terminal emulator: type keys, wait for what appears, see it as cells."""
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte


class Screen(pyte.Screen):
    """pyte's, with what ncurses uses and pyte leaves out: scrolling by a count, and repeating a character."""

    last = " "

    def scroll(self, count, up):
        y, x = self.cursor.y, self.cursor.x
        margins = self.margins or pyte.screens.Margins(0, self.lines - 1)
        for _ in range(count or 1):
            self.cursor.y = margins.bottom if up else margins.top
            (self.index if up else self.reverse_index)()
        self.cursor.y, self.cursor.x = y, x

    def scroll_up(self, count=1):
        self.scroll(count, True)

    def scroll_down(self, count=1):
        self.scroll(count, False)

    def draw(self, data):
        super().draw(data)
        self.last = data[-1:] or self.last

    def repeat(self, count=1):
        self.draw(self.last * (count or 1))


class Stream(pyte.ByteStream):
    csi = dict(pyte.ByteStream.csi, S="scroll_up", T="scroll_down", b="repeat")
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down", "repeat"}


class Terminal:
    def __init__(self, argv, columns=100, rows=30, env=None):
        self.screen = Screen(columns, rows)
        self.stream = Stream(self.screen)
        self.status = None  # once it has ended: its exit status, or minus the signal
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvpe(argv[0], argv, dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8", **(env or {})))

    def text(self):
        return "\n".join(self.screen.display)

    def keys(self, text):
        os.write(self.fd, text.encode())

    def read(self, seconds):
        """Takes in what comes; False when nothing more will."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.stream.feed(data)
        return bool(data)

    def wait(self, what, seconds=60):
        """Until what(text) is true; whether it became so in time."""
        until = time.monotonic() + seconds
        while not what(self.text()):
            if time.monotonic() > until or not self.read(0.1):
                return what(self.text())
        return True

    def ended(self, seconds=30):
        """Whether the program ends in time."""
        until = time.monotonic() + seconds
        while self.status is None and time.monotonic() < until:
            if self.fd >= 0 and not self.read(0.05):
                self.hang_up()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif self.fd < 0:
                time.sleep(0.05)
        return self.status is not None

    def hang_up(self):
        """The terminal goes away."""
        os.close(self.fd)
        self.fd = -1

    def kill(self, number=signal.SIGTERM):
        os.kill(self.pid, number)
