#!/usr/bin/env python3
"""valgrind.py BUILD VALGRIND...: the program itself under valgrind, on a PostgreSQL of its own: commands that read and write, a
worker that delivers, fails and is told to stop, the console. Ends with 1 if anything was found."""
import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
sys.dont_write_bytecode = True

BUILD, VALGRIND = Path(sys.argv[1]).resolve(), sys.argv[2:]
work = tempfile.TemporaryDirectory(prefix="hooktop-valgrind.")
os.chmod(work.name, 0o755)
wrapped = Path(work.name, "hooktop")
wrapped.write_text(f'#!/bin/sh\nexec {" ".join(VALGRIND)} --log-file={work.name}/found.%p {BUILD}/hooktop "$@"\n')
wrapped.chmod(0o755)
CLUSTER = Path(__file__).with_name("cluster.sh")
dsn = subprocess.run([CLUSTER, "start", f"{work.name}/pg"], capture_output=True, text=True, check=True).stdout.strip()
os.environ.update(HT_TEST_DSN=dsn, HT_BUILD=work.name, HT_TEST_WORK=work.name)
from command import Place, Receiver, clean_environment, wait_until  # noqa: E402: they read the environment

PATIENCE = 300
bad = []


def judge(what, rc, wanted=(0,)):
    found = [p for p in Path(work.name).glob("found.*")]
    words = "".join(line + "\n" for p in found for line in p.read_text().splitlines() if not line.startswith("--"))  # its own warnings
    for p in found:
        p.unlink()
    good = rc in wanted and not words
    print(f"{'clean' if good else 'FOUND'}: hooktop {what}" + ("" if good else f": exit {rc}\n{words}"), flush=True)
    if not good:
        bad.append(what)


def console(place):
    """Opens it on a terminal, walks its screens, leaves."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(wrapped, [str(wrapped), "--config", str(place.config)], clean_environment(place.dir))
    keys, pressed, until = list("12345678?\x1b"), 0, time.monotonic() + PATIENCE
    while time.monotonic() < until:
        ready, _, _ = select.select([fd], [], [], 1)
        try:
            if ready and os.read(fd, 65536) and pressed == 0:
                pressed = time.monotonic()
            if pressed and time.monotonic() - pressed > 1:
                os.write(fd, (keys.pop(0) if keys else "q").encode())
                pressed = time.monotonic()
        except OSError:
            break
    done, status = os.waitpid(pid, os.WNOHANG)
    if done == 0:
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


try:
    receiver = Receiver(lambda path, tries: 200 if path == "/ok" else 500)
    place = Place(allow=[receiver.port], setup=False)
    subprocess.run([BUILD / "hooktop", "--config", place.config, "setup"], check=True, capture_output=True)
    for line in ("setup", "tenant add acme --profile standard", f"endpoint add --url {receiver.url('/ok')} --subscribe *",
                 f"endpoint add --url {receiver.url('/bad')} --subscribe * --schedule 1s", "emit --type a.b", "worker --drain"):
        judge(line, place.run(*line.split(), data='{"n": 1}', timeout=PATIENCE).rc)
    worker = place.start("worker")
    for n in range(5):
        place.sql(f"SELECT hooktop.emit(tenant => (SELECT id FROM hooktop.tenant), type => 'a.b', data => '{n}')")
    wait_until(lambda: len(receiver.at("/ok")) >= 6, PATIENCE)
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=PATIENCE)
    judge("worker, until SIGTERM", worker.returncode)
    ok = place.sql("SELECT id FROM hooktop.endpoint WHERE url LIKE '%/ok'")
    event = place.sql("SELECT max(id::text) FROM hooktop.event")
    for line in (f"ping {ok}", f"secret rotate {ok} --overlap 1h", "stats", "stats --prometheus", "delivery list", "delivery groups", f"why {event}",
                 "endpoint export", "audit verify", "alert check", "doctor", f"doctor --endpoint {ok}", "rekey"):
        judge(line, place.run(*line.split(), timeout=PATIENCE).rc, (0, 1))
    judge("(the console)", console(place))
    receiver.close()
finally:
    subprocess.run([CLUSTER, "stop", f"{work.name}/pg"], stdout=subprocess.DEVNULL, check=False)
sys.exit(1 if bad else 0)
