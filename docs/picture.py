#!/usr/bin/python3
"""Draws every screen of the console: runs `hooktop demo` in a terminal emulator, walks, and draws what stands there.

usage: picture.py PROGRAM DOCS [PICTURE...]: writes DOCS/console.svg, DOCS/screens/*.svg and the page of them there; or only
these pictures, and walks no further than the last of them
"""
import html
import re
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/lib"))
from pty_screen import Terminal

COLUMNS, ROWS = 118, 30
CELL_W, CELL_H, SIZE, PAD = 8.4, 17, 14, 14
WORDS = re.compile(r"\S+(?: \S+)*")  # drawn one by one: what draws SVG joins blanks and leaves out those at the ends
HOST = socket.gethostname() + ":"  # in the names of workers; whose machine drew is nobody's business
HIDDEN = ("worker" * len(HOST))[:len(HOST) - 1] + ":"
PAGE, INK = "#14181d", "#d5dae0"
COLOURS = {"black": "#14181d", "red": "#e06c75", "green": "#8fc379", "brown": "#e0b568", "yellow": "#e0b568",
           "blue": "#6cacf0", "magenta": "#c58ae0", "cyan": "#5fbfc9", "white": "#d5dae0"}
COLOURS.update({"bright" + name: value for name, value in list(COLOURS.items())})


def colour(name, otherwise):
    if name == "default":
        return otherwise
    return COLOURS.get(name) or "#" + name


def look(cell):
    ink, page = colour(cell.fg, INK), colour(cell.bg, PAGE)
    if cell.reverse:
        ink, page = page, ink
    return ink, page, cell.bold, cell.underscore


def runs(line):
    """Cells side by side that look the same: (column, text, look)."""
    start, text, current = 0, "", look(line[0])
    for x in range(COLUMNS):
        if look(line[x]) != current:
            yield start, text, current
            start, text, current = x, "", look(line[x])
        text += line[x].data
    yield start, text, current


def draw(screen):
    width, height = COLUMNS * CELL_W + 2 * PAD, ROWS * CELL_H + 2 * PAD
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
           f'viewBox="0 0 {width:.0f} {height:.0f}">',
           f'<rect width="100%" height="100%" rx="8" fill="{PAGE}"/>',
           f'<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{SIZE}" style="white-space: pre">']
    for y in range(ROWS):
        for x, text, (ink, page, bold, underlined) in runs(screen.buffer[y]):
            left, top, wide = PAD + x * CELL_W, PAD + y * CELL_H, len(text) * CELL_W
            if page != PAGE:
                out.append(f'<rect x="{left:.1f}" y="{top}" width="{wide:.1f}" height="{CELL_H}" fill="{page}"/>')
            style = (' font-weight="bold"' if bold else "") + (' text-decoration="underline"' if underlined else "")
            for word in WORDS.finditer(text.replace(HOST, HIDDEN)):
                out.append(f'<text x="{left + word.start() * CELL_W:.1f}" y="{top + CELL_H - 4}" '
                           f'textLength="{len(word[0]) * CELL_W:.1f}" lengthAdjust="spacingAndGlyphs" '
                           f'fill="{ink}"{style}>{html.escape(word[0])}</text>')
    out.append("</g></svg>")
    return "\n".join(out) + "\n"


FULL = re.compile(r"(?=.* ok )(?=.* 503 )(?=.* HE )", re.DOTALL)  # succeeded, waiting for its retry, held
# Picture (None: only a step on the way), what it shows, the keys that lead there from the one before, the text to wait for. In
# the demo what fails is mended by its retry a second later, but for what was sent to the one receiver that had lost its route:
# that stays, until it is redelivered.
SCENES = [
    ("deliveries", "The live log: it follows until one moves, and says how many came meanwhile.", ":deliveries\r", FULL),
    ("failures", "What fails alike, the most first: endpoint, error, status.", ":failures\r",
     re.compile(r"3\d Reinsurer.*404 FA(?!.*404 RT)", re.DOTALL)),
    (None, None, "R", "[>Cancel<]"),
    ("redeliver", "All of a group again: the exact count first, and how long it takes at a rate.", "\t\t\x7f\x7f3", "at 3 per second"),
    ("replay", "It is done at that rate, whether or not somebody looks.", "\t\t\t\r",
     re.compile(r"running.*[1-9]\d* of \d.*succeeded", re.DOTALL)),
    ("pause", "What changes a running one asks, and says how far it is.", "P", "y/N"),
    ("paused", "Paused: so it stays until it is resumed.", "y", re.compile(r"paused.*[1-9]\d* of \d", re.DOTALL)),
    (None, None, "P", "[>Cancel<]"),
    ("tally", "What became of it.", "y", re.compile(r"finished(?!.*\d  (?:ready|leased)).*succeeded", re.DOTALL)),
    (None, None, "\x1b:deliveries\r", "[2 Deliveries]"),
    ("command", "The command line: Tab lists screens and actions, completes them, and what they take.", ":\t",
     re.compile(r"endpoints  deliveries.*redeliver.*theme\s+:", re.DOTALL)),
    (None, None, "\x1b/attempts:>1 status:succeeded", re.compile(r"status:succeeded.*ok  200", re.DOTALL)),
    ("filter", "A filter, applied as it is typed; a mistake is marked at its column, and the rows are said to be of another filter.",
     " cod:5xx", re.compile(r"another filter.*column 30: .*did you mean code", re.DOTALL)),
    ("delivery", "A delivery: its attempts, and the request as it was sent.", "\x17\r\r", "[Request]"),  # ^W: without the mistake
    ("response", "What the receiver answered.", "\t", "[Response]"),
    ("signature", "What its signature is over, and how a receiver checks it.", "\t", "[Signature]"),
    ("timeline", "What happened to it, in order, and how long each part took.", "\t", "[Timeline]"),
    ("compare", "What differs from the endpoint's last success.", "\t\tk\t\t\t\t", "[Compare]"),
    ("hex", "Its body in hex.", "\tbb", "00000000  "),
    ("replays", "All that were started.", "q:replays\r", "Replays]"),
    ("events", "Events, also those that nobody was subscribed to.", ":events\r", "Events]"),
    ("event", "Why each endpoint of the tenant did or did not get it.", "j\r", "[Why]"),
    ("types", "Event types: whether they can be emitted, and who listens.", "q:types\r", "Types]"),
    ("contract", "The contract of a type.", "\r", "[Contract]"),
    ("sample", "A sample of it.", "\t", "[Sample]"),
    ("workers", "Workers: what they hold, and when they were last heard of.", "q:workers\r", "[Workers("),
    ("backlog", "What is past due, by endpoint.", "\t", "[Backlog("),
    ("leases", "Who holds which delivery, and how long still.", "\t", "[Leases("),
    ("database", "Open transactions and dead rows: what slows a queue in PostgreSQL.", "\t", "[Database]"),
    ("partitions", "Partitions, and when each is dropped.", "\t", "[Partitions("),
    ("audit", "The audit log.", ":audit\r", "Audit]"),
    ("secrets", "Every secret: its age, its rotation, how much of the traffic it signs.", ":secrets\r", "Secrets]"),
    ("endpoints", "Endpoints: their state and how they fare.", ":endpoints\rj", "[1 Endpoints]"),
    ("endpoint", "An endpoint.", "\r", "[Overview]"),
    ("subscriptions", "What it is subscribed to.", "\t", "[Subscriptions("),
    ("endpoint-secrets", "Its secrets; a value is shown once, when it was made.", "\t", "[Secrets("),
    ("health", "Its health, and what would disable it.", "\t", "Latency"),
    ("endpoint-deliveries", "Its deliveries.", "\t", "[Deliveries]"),
    ("endpoint-audit", "What was done to it, and by whom.", "\t", "[Audit]"),
    ("disable", "A question shows what it is about; Cancel has the focus.", "qD", "[>Cancel<]"),
    ("ping", "The test event, and its answer.", "\rT", "y/N"),
    ("pinged", "What was sent, what came back, how long each part took.", "y", "The ping"),
    ("form", "A new endpoint: each line is checked as it is typed.", "qA\t\thttp://10.0.0.1/in", "10.0.0.1"),
    ("leave", "Leaving what was begun asks.", "\x1b", "y/N"),
    ("rotate", "A rotation says what happens when.", "yK", "[>Cancel<]"),
    ("help", "Help: the keys of this screen.", "\r?", "Help: "),
    ("messages", "What the status line said so far.", "q:messages\r", "Messages"),
]


def is_there(wanted):
    return wanted.search if isinstance(wanted, re.Pattern) else lambda text: wanted in text


def came(console, keys, wanted):
    for key in keys:
        console.keys(key)
        console.wait(lambda text: False, 0.1)  # what is typed is not pasted
    return console.wait(is_there(wanted), 60)


def walk(console, folder, only):
    last = max((i for i, scene in enumerate(SCENES) if scene[0] in only), default=len(SCENES) - 1)
    for name, _, keys, wanted in SCENES[:last + 1]:
        if not came(console, keys, wanted):
            sys.exit(f"{name}: the console did not come so far; it shows:\n{console.text()}")
        console.wait(lambda text: False, 0.5)  # what is fetched meanwhile; and a question is deaf at first
        if name and (name in only or not only):
            (folder / f"{name}.svg").write_text(draw(console.screen), encoding="utf-8")


def page():
    """The page that shows them."""
    out = ["# Screens", "", "Drawn from the running demo by `make picture`.", ""]
    for name, caption, _, _ in (scene for scene in SCENES if scene[0]):
        out += [f"## {name.replace('-', ' ').capitalize()}", "", caption, "", f"![{caption}]({name}.svg)", ""]
    return "\n".join(out)


def main():
    program, docs, only = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
    if set(only) - {scene[0] for scene in SCENES}:
        sys.exit("there is no picture " + ", ".join(set(only) - {scene[0] for scene in SCENES}))
    folder = docs / "screens"
    folder.mkdir(exist_ok=True)
    console = Terminal([program, "demo"], COLUMNS, ROWS)
    if not console.wait(lambda text: "1 Endpoints" in text, 120):
        sys.exit("the console does not come up; it shows:\n" + console.text())
    walk(console, folder, only)
    (folder / "README.md").write_text(page(), encoding="utf-8")
    (docs / "console.svg").write_bytes((folder / "deliveries.svg").read_bytes())
    console.keys("\x1b")  # ends a line that is being typed
    console.wait(lambda text: False, 0.5)
    console.keys("Q")
    if not console.ended():
        sys.exit("the console does not end")


if __name__ == "__main__":
    main()
