"""What the lint scripts share: the tracked files, C without comments and strings, and TAP output."""
import fnmatch
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _listed(*options):
    r = subprocess.run(["git", "ls-files", "-z", *options], cwd=ROOT, capture_output=True, text=True)
    return r.stdout.split("\0") if r.returncode == 0 else None


def _walked():
    """For an unpacked release, which is no repository."""
    for p in ROOT.rglob("*"):
        name = str(p.relative_to(ROOT))
        if not re.match(r"build/|\.git/", name) and "__pycache__" not in name:
            yield name


def tracked(*patterns, new=True):
    """Tracked files that match one of the patterns, relative to the top; with `new`, also those still to be added."""
    names = _listed("--cached", *(["--others", "--exclude-standard"] if new else []))
    if names is None:
        names = _walked()
    return sorted(Path(n) for n in set(names) if n and (ROOT / n).is_file()
                  and (not patterns or any(fnmatch.fnmatch(n, p) for p in patterns)))


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


_TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)


def code_only(text, keep_strings=False):
    """The text with comments (and strings) blanked; lines stay where they are."""
    def blank(m):
        token = m.group(0)
        if token[0] in "\"'":
            return token if keep_strings else token[0] + token[0]
        return re.sub(r"[^\n]", " ", token)
    return _TOKEN.sub(blank, text)


def numbered_matches(pattern, text):
    for m in re.finditer(pattern, text):
        yield text.count("\n", 0, m.start()) + 1, m


class Tap:
    """Collects findings per check and prints one TAP line for each."""

    def __init__(self):
        self.n = 0
        self.failed = False

    def check(self, name, findings):
        self.n += 1
        findings = list(findings)
        print(f"{'not ok' if findings else 'ok'} {self.n} - {name}")
        for f in findings:
            print(f"#   {f}")
        self.failed |= bool(findings)

    def skip(self, name, why):
        self.n += 1
        print(f"ok {self.n} - {name} # SKIP {why}")

    def end(self):
        print(f"1..{self.n}")
        sys.exit(1 if self.failed else 0)
