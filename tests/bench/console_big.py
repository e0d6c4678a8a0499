#!/usr/bin/python3
"""The console on a big store, as the login of a dsn: how long until each screen has its data, and what keys, idling and memory
take there. Prints `name value` lines; `name -` where the data did not come. usage: console_big.py BUILD_DIR WORK_DIR DSN ADMIN_DSN"""
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
os.environ.setdefault("HT_BUILD", sys.argv[1])  # what tests/lib wants to know
os.environ.setdefault("HT_TEST_WORK", sys.argv[2])
from screen import Console, p99

BUILD, WORK, DSN, ADMIN = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
KEYS = 60
WAITS = re.compile("fetching|counting")  # what stands where the data is to come
CONFIG = WORK / "console_big.ini"
CONFIG.write_text(f"[vault]\nkey_file = {WORK}/ring\n[worker]\nin_console = no\n[ui]\nclock = no\n")
ENV = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": str(WORK)}


def start():
    return Console([str(BUILD / "hooktop"), "--config", str(CONFIG), "--dsn", DSN], ENV)


def sql(text):
    return subprocess.run(["psql", "-XAtq", "-d", ADMIN, "-c", text], capture_output=True, text=True, check=True).stdout.strip()


def has(name, *more):
    """The screen of this name, with its data, and with these texts."""
    def shows(lines):
        text = "\n".join(lines)
        return f"> {name}" in lines[0] and not WAITS.search(text) and all(m in text for m in more)
    return shows


def say(name, seconds):
    print(name, "-" if seconds is None else f"{1000 * seconds:.1f}", flush=True)


# until each screen has its data
first = []
for _ in range(5):
    c = start().watch()
    first.append(c.until(c.born, has("Endpoints", "endpoint")) or 60)
    c.close()
print("first", 1000 * sorted(first)[2], flush=True)
c = start().watch()
c.until(c.born, has("Endpoints", "endpoint"))
for key, name in (b"2", "Deliveries"), (b"3", "Failures"), (b"4", "Event types"), (b"5", "Workers"), (b"6", "Audit"), (b"7", "Secrets"), (b"8", "Events"), \
        (b"9", "Replays"):
    say(f"screen:{name.replace(' ', '_')}", c.time_to(key, has(name if name != "Event types" else "Types")))
c.time_to(b"8", has("Events"))
say("screen:why", c.time_to(b"\r", lambda lines: "[Why]" in "\n".join(lines) and not WAITS.search("\n".join(lines))))
c.time_to(b"2", has("Deliveries"))
c.key(b"j")
say("screen:Delivery", c.time_to(b"\r", lambda lines: "[Request]" in "\n".join(lines) and not WAITS.search("\n".join(lines))))
c.time_to(b"1", has("Endpoints", "endpoint"))
key = b"\r"
for tab in "Overview", "Subscriptions", "Secrets", "Health", "Deliveries", "Audit":
    say(f"screen:Endpoint,_{tab}", c.time_to(key, lambda lines, tab=tab: f"[{tab}" in "\n".join(lines) and not WAITS.search("\n".join(lines))))
    key = b"\t"
c.close()

# bytes, wake-ups, keys
c = start()
c.chunks(1, 30)
print("cursor_bytes", max(c.key(b"j")[1] for _ in range(5)))
print("page_bytes", c.key(b"\x1b[6~")[1])
c.key(b"g")
print("idle_keys", p99([c.key(b"jk"[i % 2:][:1])[0] for i in range(KEYS)]))
c.chunks(1)
n, woken = c.idle(5)
print("idle_bytes", n)
print("idle_wakeups", woken)
for pid in (backends := [int(p) for p in sql("SELECT pid FROM pg_stat_activity WHERE application_name ~ '^hooktop' AND datname = current_database()").split()]):
    os.kill(pid, signal.SIGSTOP)
print("stopped_keys", p99([c.key(b"jk"[i % 2:][:1])[0] for i in range(KEYS)]))
for pid in backends:
    os.kill(pid, signal.SIGCONT)
c.chunks(1)

# memory: the whole list of endpoints, then every screen
c.key(b"1")
for _ in range(400):
    _, n = c.key(b"G")
    if not n and not c.chunks(0.5, 1):
        break
for key in b"2345678":
    c.key(bytes([key]))
    c.chunks(0.3, 1)
print("resident_mib", c.resident_mib())
c.close()

# while 500 rows a second arrive
c = start().watch()
c.chunks(1, 30)
c.key(b"2")
c.chunks(1, 10)
stop = threading.Event()


def feed():
    with subprocess.Popen(["psql", "-Xqo", "/dev/null", "-d", ADMIN], stdin=subprocess.PIPE, text=True) as p:
        while not stop.is_set():
            p.stdin.write("SELECT bench.fill('tail', 50); NOTIFY hooktop_log;\n")
            p.stdin.flush()
            stop.wait(0.1)


feeder = threading.Thread(target=feed)
feeder.start()
times, begin, n = [], time.monotonic(), 0
for _ in range(KEYS):
    times.append(c.moved(b"k") or 60)
    time.sleep(0.03)
print("tail_keys", p99(times))
c.key(b"G")
begin, got = time.monotonic(), 0
while time.monotonic() < begin + 5:
    got += sum(len(data) for data, _ in c.chunks(0.05, 0.2))
print("tail_bytes_per_s", got / 5)
stop.set()
feeder.join()
c.close()
