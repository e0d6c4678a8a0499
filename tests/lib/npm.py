"""The packages of tests/peers/package.json, installed once into build/peers."""
import fcntl
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def packages():
    """The directory that has them in node_modules, or None where npm is not installed or cannot install them."""
    if not shutil.which("npm") or not shutil.which("node"):
        return None
    place = ROOT / "build/peers"
    wanted = (ROOT / "tests/peers/package.json").read_text()
    place.parent.mkdir(exist_ok=True)
    with open(place.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "done").exists() or (place / "package.json").read_text() != wanted:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            (place / "package.json").write_text(wanted)
            done = subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"],
                                  cwd=place, capture_output=True, text=True, timeout=240, check=False)
            if done.returncode != 0:
                return None
            (place / "done").touch()
    return place
