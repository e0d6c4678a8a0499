"""What the tests of commands share: TAP, a database and a configuration of their own, the program, a receiver.

Everything here is made of other programs' parts (psql, openssl, Python's hmac and http.server), so that hooktop is
judged from outside.
"""
import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

WORK = Path(os.environ["HT_TEST_WORK"])
PROGRAM = Path(os.environ["HT_BUILD"]) / "hooktop"
SLOW = 4 if Path(os.environ["HT_BUILD"]).name in ("asan", "tsan") else 1
PATIENCE = 60  # seconds, for what must come: only what never comes takes as long


class Tap:
    def __init__(self):
        self.n = 0
        self.failed = False

    def check(self, name, good, *why):
        self.n += 1
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}", flush=True)
        if not good:
            self.failed = True
            for w in why:
                for line in str(w).splitlines() or [""]:
                    print(f"#   {line}", flush=True)
        return good

    def equal(self, name, got, wanted):
        return self.check(name, got == wanted, f"got:    {got!r}", f"wanted: {wanted!r}")

    def end(self):
        print(f"1..{self.n}")
        sys.exit(1 if self.failed else 0)


def wait_until(condition, seconds=PATIENCE):
    """The condition's first true value, or None when the time is over."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value or None
        time.sleep(0.02)


def free_port():
    """A port for a server of others. Not one of those that the kernel gives to whoever asks for any: it might give it away again before."""
    while True:
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", random.SystemRandom().randrange(10000, 30000)))
            return s.getsockname()[1]


def clean_environment(home):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "XDG_", "HT_", "HOOKTOP"))}
    env.update(HOME=str(home), TERM="xterm-256color", LC_ALL="C.UTF-8")
    return env


class Result:
    def __init__(self, done):
        self.rc = done.returncode
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")

    def __repr__(self):
        return f"exit {self.rc}\nout: {self.out[-3000:]}\nerr: {self.err[-3000:]}"

    def rows(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def row(self):
        rows = self.rows()
        assert len(rows) == 1, self
        return rows[0]


def psql(dsn, sql):
    done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", dsn, "-c", sql], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise AssertionError(f"{sql}: {done.stderr}")
    return done.stdout.strip()


class Place:
    """A directory with a configuration and a key ring, and (with `database`) a database that is set up."""

    def __init__(self, allow=(), database=True, setup=True):
        self.dir = Path(tempfile.mkdtemp(prefix="cmd.", dir=WORK))
        self.config = self.dir / "config.ini"
        self.key_file = self.dir / "key-ring"
        self.dsn = None
        self.write_config(allow)
        if database:
            name = "cmd_" + uuid.uuid4().hex[:12]
            psql(os.environ["HT_TEST_DSN"], f'CREATE DATABASE "{name}" TEMPLATE template0 ENCODING UTF8 STRATEGY file_copy')
            self.dsn = " ".join(p for p in os.environ["HT_TEST_DSN"].split() if not p.startswith("dbname=")) + f" dbname={name}"
            self.write_config(allow)
        if database and setup:
            done = self.run("setup")
            assert done.rc == 0, done

    def write_config(self, allow=(), more=""):
        ranges = ", ".join(f"127.0.0.1/32:{port}" for port in allow)
        text = f"[vault]\nkey_file = {self.key_file}\n"
        if self.dsn:
            text += f"[database]\ndsn = {self.dsn}\n"
        if allow:
            text += f"[egress]\nhttp = yes\nallow = {ranges}\n"
        self.config.write_text(text + more)

    def command(self, *args):
        return [str(PROGRAM), "--config", str(self.config), *map(str, args)]

    def run(self, *args, data=None, env=None, timeout=60, bare=False):
        """`bare`: without --config."""
        argv = [str(PROGRAM), *map(str, args)] if bare else self.command(*args)
        environment = clean_environment(self.dir)
        environment.update(env or {})
        stdin = {"input": data.encode() if isinstance(data, str) else data} if data is not None else {"stdin": subprocess.DEVNULL}
        return Result(subprocess.run(argv, capture_output=True, env=environment, timeout=timeout * SLOW, cwd=self.dir, check=False, **stdin))

    def json(self, *args, **kw):
        done = self.run("--json", *args, **kw)
        assert done.rc == 0, done
        return done.rows()

    def start(self, *args, **kw):
        return subprocess.Popen(self.command(*args), env=clean_environment(self.dir), cwd=self.dir, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)

    def sql(self, text):
        return psql(self.dsn, text)

    def close(self):
        if self.dsn:
            name = self.dsn.rsplit("dbname=", 1)[1]
            psql(os.environ["HT_TEST_DSN"], f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(self.dir, ignore_errors=True)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # who comes while we are kept from running is not turned away


class Receiver:
    """Answers with `status` (a number, or a function of path and how often this delivery came), keeps every request."""

    def __init__(self, status=200):
        self.status = status
        self.requests = []
        self.lock = threading.Lock()
        self.asked = threading.local()  # its `request` is what `status` is asked about: others may come at the same time
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {k.lower(): v for k, v in self.headers.items()}
                receiver.asked.request = {"path": self.path, "headers": headers, "body": body}
                with receiver.lock:
                    receiver.requests.append(receiver.asked.request)
                    tries = sum(r["headers"].get("x-hooktop-delivery") == headers.get("x-hooktop-delivery")
                                for r in receiver.requests)
                status = receiver.status(self.path, tries) if callable(receiver.status) else receiver.status
                text = b"thank you" if status < 300 else b"no, \x1b[31mnot now"
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *args):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path):
        with self.lock:
            return [r for r in self.requests if r["path"] == path]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def hmac_hex(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def standard_signature(secret, headers, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def rsa_over_digest_verifies(directory, public_pem, signature, body):
    """As the vendor's receiver does it: RSA-SHA256 over the 32 bytes of the body's SHA-256."""
    (directory / "pub.pem").write_text(public_pem)
    (directory / "digest").write_bytes(hashlib.sha256(body).digest())
    (directory / "sig").write_bytes(base64.b64decode(signature))
    done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", str(directory / "pub.pem"), "-signature",
                           str(directory / "sig"), str(directory / "digest")], capture_output=True, check=False)
    return done.returncode == 0


def signature_is_right(profile, secret, request, directory=None):
    """By the vendor's own rule; `secret` is the public key in PEM for instnt."""
    headers, body = request["headers"], request["body"]
    if profile == "instaclaim":
        return f"v1={hmac_hex(secret, body)}" in headers["x-instaclaim-signature"].split(",")
    if profile == "claimport":
        return headers["x-claimport-signature"] == f"sha256={hmac_hex(secret, body)}"
    if profile == "instnt":
        return rsa_over_digest_verifies(directory, secret, headers["instnt-signature"], body)
    return standard_signature(secret, headers, body) in headers["webhook-signature"].split(" ")
