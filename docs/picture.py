#!/usr/bin/python3
"""Draws docs/console.svg: runs `hooktop demo` in a terminal emulator, goes to the live log, and draws what stands there.

usage: picture.py PROGRAM OUT.svg
"""
import html
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/lib"))
from pty_screen import Terminal

COLUMNS, ROWS = 118, 30
CELL_W, CELL_H, SIZE, PAD = 8.4, 17, 14, 14
NBSP = "\u00a0"  # what draws SVG joins blanks, whatever it is told
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
            if text.strip():
                drawn = html.escape(text).replace(" ", NBSP)
                style = (' font-weight="bold"' if bold else "") + (' text-decoration="underline"' if underlined else "")
                out.append(f'<text x="{left:.1f}" y="{top + CELL_H - 4}" textLength="{wide:.1f}" '
                           f'lengthAdjust="spacingAndGlyphs" fill="{ink}"{style}>{drawn}</text>')
    out.append("</g></svg>")
    return "\n".join(out) + "\n"


def shown(console, what):
    if not console.wait(what, 120):
        sys.exit("the console did not come so far; it shows:\n" + console.text())


def main():
    program, path = sys.argv[1:3]
    console = Terminal([program, "demo"], COLUMNS, ROWS)
    shown(console, lambda text: "1 Endpoints" in text)
    console.keys("2")
    # full, with a failure that waits for its retry and a delivery that is held
    shown(console, lambda text: text.count(" ok ") > ROWS / 2 and " 503 " in text and " HE " in text)
    with open(path, "w", encoding="utf-8") as f:
        f.write(draw(console.screen))
    console.keys("Q")
    if not console.ended():
        sys.exit("the console does not end")


if __name__ == "__main__":
    main()
