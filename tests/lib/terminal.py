"""A real pseudo-terminal with a terminal emulator (pyte) behind it: programs run in it, keys go in, screens come out.

Nothing here sleeps for a result: sees() and wait_for() read until the screen says what is wanted or the time is over.
"""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from pathlib import Path

import pyte
from wcwidth import wcwidth

from command import PATIENCE, SLOW


KEYS = {
    "Enter": "\r", "Esc": "\x1b", "Tab": "\t", "S-Tab": "\x1b[Z", "Space": " ", "Backspace": "\x7f", "Up": "\x1bOA",
    "Down": "\x1bOB", "Right": "\x1bOC", "Left": "\x1bOD", "Home": "\x1b[1~", "End": "\x1b[4~", "PgUp": "\x1b[5~",
    "PgDn": "\x1b[6~", "Delete": "\x1b[3~", "F1": "\x1bOP", "F5": "\x1b[15~", "F9": "\x1b[20~", "F10": "\x1b[21~",
}


def key_bytes(name):
    if name in KEYS:
        return KEYS[name].encode()
    if len(name) == 2 and name[0] == "^":
        return bytes([ord(name[1]) & 0x1F])
    return name.encode()


class _Stream(pyte.Stream):
    """What curses uses of xterm and pyte does not know."""
    csi = dict(pyte.Stream.csi, b="repeat_last", S="scroll_up", T="scroll_down")
    events = pyte.Stream.events | {"repeat_last", "scroll_up", "scroll_down"}


class _Screen(pyte.Screen):
    last = " "

    @property
    def display(self):
        """Its rows. Half of a wide character whose other half is written over, as between two reads, is a blank."""
        return [self._row(self.buffer[y]) for y in range(self.lines)]

    def _row(self, line):
        cells = [" "] * self.columns
        for x, cell in line.items():
            if x < self.columns:
                cells[x] = cell.data
        text = "".join(cells)
        if text.isascii() and len(text) == self.columns:  # most are: none is wide, none half of one
            return text
        x, row = 0, []
        while x < self.columns:
            row.append(cells[x] or " ")
            x += 2 if wcwidth(row[-1][0]) == 2 else 1
        return "".join(row)

    def draw(self, data):
        super().draw(data)
        if data:
            self.last = data[-1]

    def repeat_last(self, count=1):
        super().draw(self.last * (count or 1))

    def _scroll(self, count, move):
        top, _ = self.margins or pyte.screens.Margins(0, self.lines - 1)
        row, col = self.cursor.y, self.cursor.x
        self.cursor.y = top
        move(count or 1)
        self.cursor.y, self.cursor.x = row, col

    def scroll_up(self, count=1):
        self._scroll(count, self.delete_lines)

    def scroll_down(self, count=1):
        self._scroll(count, self.insert_lines)

    def set_margins(self, *args, **kw):
        kw.pop("private", None)
        super().set_margins(*args, **kw)


def waits(pid, task="*"):
    """Whether a process's threads wait for something; one that has ended does, one that was stopped does not."""
    for stat in Path(f"/proc/{pid}/task").glob(f"{task}/stat"):
        try:
            if stat.read_text(errors="replace").rpartition(")")[2].split()[0] not in "SZ":
                return False
        except OSError:
            pass
    return True


def pauses(pid):
    """How often the thread that draws has gone to sleep; None: it has ended."""
    try:
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", Path(f"/proc/{pid}/task/{pid}/status").read_text(), re.M).group(1))
    except (OSError, AttributeError):
        return None


def rest(*terminals, busy=lambda: False):
    """Reads until all have done what they were asked for: the last key was taken, nothing comes, no thread runs, nothing else is busy,
    three times in a row. What came as data may still be held back from the screen, for a tenth of a second."""
    end, calm = time.monotonic() + PATIENCE * SLOW, 0
    while calm < 3 and time.monotonic() < end and not all(t.closed for t in terminals):
        awake = [t for t in terminals if t.read(0.01) or not waits(t.pid) or t.key_is_on_its_way()]
        calm = 0 if awake or busy() else calm + 1


class Terminal:
    """argv runs in a terminal of rows x cols; `env` is its whole environment."""

    def __init__(self, argv, env, rows=24, columns=80, cwd=None, stderr=None):
        self.screen = _Screen(columns, rows)
        self.stream = _Stream(self.screen)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.raw = bytearray()
        self.status = None
        self.closed = False
        self.slept = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                # set here: set by the parent, it could come after the program's first look
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
                if cwd:
                    os.chdir(cwd)
                if stderr:
                    os.dup2(os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
                os.execvpe(argv[0], [str(a) for a in argv], {k: str(v) for k, v in env.items()})
            finally:
                os._exit(127)

    # reading
    def read(self, seconds):
        """Takes what comes within `seconds`; False when nothing came (or the program has ended)."""
        if self.closed or not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        if not data:
            self.closed = True
            return False
        self.raw += data
        self.stream.feed(self.decoder.decode(data))
        return True

    def settle(self, seconds=0.01):
        """Reads the rest of a frame: until the thread that draws waits, and nothing came for `seconds`."""
        end = time.monotonic() + PATIENCE * SLOW
        while time.monotonic() < end and not self.closed and (not waits(self.pid, self.pid) or self.read(seconds)):
            pass

    def sees(self, what, seconds=PATIENCE):
        """Waits until the screen holds the text (or the function says yes), and for the rest of that frame."""
        done = what if callable(what) else lambda: what in self.text()
        end = time.monotonic() + seconds * SLOW
        while not done():
            left = end - time.monotonic()
            if left <= 0 or self.closed:
                return False
            self.read(min(left, 0.1) if callable(what) else left)
        self.settle()
        return True

    def wait_for(self, pattern, seconds=PATIENCE):
        """Waits until the screen shows the regular expression, also after the rest of the frame; the match, or None."""
        end = time.monotonic() + seconds * SLOW
        while True:
            self.sees(lambda: re.search(pattern, self.text()), (end - time.monotonic()) / SLOW)
            found = re.search(pattern, self.text())
            if found or self.closed or time.monotonic() > end:
                return found

    def gone(self, what, seconds=PATIENCE):
        return self.sees(lambda: what not in self.text(), seconds)

    # looking
    def rows(self):
        return [line.rstrip() for line in self.screen.display]

    def text(self):
        return "\n".join(self.rows())

    def row(self, n):
        return self.rows()[n]

    def find(self, text):
        """(row, column) of a text, or None."""
        for y, line in enumerate(self.screen.display):
            x = line.find(text)
            if x >= 0:
                return y, x
        return None

    def cell(self, y, x):
        return self.screen.buffer[y][x]

    # doing
    def _type(self, data):
        self.slept = pauses(self.pid)
        os.write(self.fd, data)

    def press(self, *names):
        for name in names:
            self._type(key_bytes(name))

    def keys(self, text):
        self._type(text.encode())

    def key_is_on_its_way(self):
        """The kernel hands it over later: until who draws has been awake, it has not been taken."""
        return self.slept is not None and self.slept == pauses(self.pid)

    def size(self, rows, columns, emulate=True):
        if emulate:
            self.screen.resize(rows, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def signal(self, sig):
        os.kill(self.pid, sig)

    def wait(self, seconds=PATIENCE):
        """The exit status (128 + signal when killed), or None when it still runs."""
        end = time.monotonic() + seconds * SLOW
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
                break
            if time.monotonic() > end:
                return None
            if not self.read(0.02) and self.closed:
                time.sleep(0.02)
        while self.read(1):  # ends at once, with the terminal, unless somebody else has that, too
            pass
        return self.status

    def hang_up(self):
        """The terminal goes away."""
        os.close(self.fd)
        self.closed = True

    def close(self):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
            self.status = 137
        if not self.closed:
            self.closed = True
            os.close(self.fd)
