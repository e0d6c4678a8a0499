"""The fenced blocks of docs/, each to be run: ```sh in one shell per page, ```sql by psql (as=LOGIN), ```ini as configuration, a
language and a file's name as that file. ```console is for what takes root, systemd, the network or minutes: its programs, units and options must be known.
needs=WHAT: only where WHAT, a name in NEEDS, is installed."""
import os
import re
import shutil
import subprocess
from pathlib import Path
from npm import packages

PYTHON = "/usr/bin/python3"  # the one that the distribution's packages belong to
GO_PACKAGES = Path("/usr/share/gocode")  # Debian's
ROOT = Path(__file__).resolve().parents[2]
CONSOLE = {"sudo", "make", "systemctl", "journalctl", "hooktop", "apt", "pg_basebackup", "install", "scp", "git", "export", "cd", "printf", "tests/run.sh"}
NEEDS = {
    "cc": lambda: shutil.which("cc") and shutil.which("pg_config"),
    "go": lambda: shutil.which("go") and (GO_PACKAGES / "src/github.com/lib/pq").is_dir(),
    "node": lambda: shutil.which("node"),
    "pg": packages,
    "citus": lambda: any(Path("/usr/share/postgresql").glob("*/extension/citus.control")),
    **{module: lambda module=module: subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
       for module in ("psycopg2", "cryptography")},
}


class Block:
    def __init__(self, page, line, info, text):
        self.page, self.line, self.text = page, line, text
        self.language, *rest = info.split() or [""]
        self.options = dict(word.split("=", 1) for word in rest if "=" in word)
        self.name = next((word for word in rest if "=" not in word), "")

    def lacks(self):
        """What it needs and this machine has not."""
        return next((word for word in self.options.get("needs", "").split(",") if word and not NEEDS[word]()), None)

    def __str__(self):
        return f"{self.page}:{self.line}"


def blocks(page):
    text = (ROOT / page).read_text()
    for m in re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.M | re.S):
        yield Block(page, text.count("\n", 0, m.start()) + 2, m.group(1), m.group(2))


class Shell:
    """One bash for a whole page, so that variables and background jobs live on; in a process group of its own."""

    def __init__(self, directory, environment):
        self.process = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        cwd=directory, env=environment, text=True, start_new_session=True)

    def run(self, text):
        """(Exit status, output). The first command that fails ends the shell: what follows it on the page was not run."""
        mark = "-- done --"
        body = f"set -e\n{text}\n"
        # the trap: what runs in the background keeps the output open when the shell has ended
        self.process.stdin.write(f"trap 'printf \"\\n{mark} %s\\n\" $?' EXIT\neval {quote(body)} </dev/null; printf '\\n{mark} %s\\n' $?; set +e\n")
        self.process.stdin.flush()
        out = []
        for line in self.process.stdout:
            if line.startswith(mark):
                return int(line.split()[-1]), "".join(out)
            out.append(line)
        return self.process.wait(), "".join(out)

    def close(self):
        try:
            os.killpg(self.process.pid, 15)
        except ProcessLookupError:
            pass
        self.process.wait()


def quote(text):
    return "'" + text.replace("'", "'\\''") + "'"
