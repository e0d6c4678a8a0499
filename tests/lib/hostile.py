"""Text that attacks terminals, and a model of how hooktop has to show it, made from Unicode's own tables and not from
hooktop's: `seen()` gives the plain text that takes the very same cells. Where a cell must hold a wide character or a base
with its marks, the model has WIDE (twice) or MARKED."""
import re
import unicodedata

WIDE, MARKED = "@", "`"

# Each begins and ends with a plain letter, so that a swallowed neighbour is missed.
CORPUS = {
    "controls and bytes that are no UTF-8":
        b"a\x1b[2J\xc2\x9b1;1H\xff\xe2\x80z\x1b]0;own\x07\x1b]52;c;QUFB\x1b\\\x1b[31m\x1b[?1049l\x1b]8;;x\x07\x1bP+q\x1b\\\x1b_x\x1b\\\x1b^\x1bX\x1bc"
        b"\x1b[6n\x1bZ\xc2\x9d0;own\xc2\x9c\xc2\x90q\xc2\x85\xc2\x8d\x08\x08\x0b\x0c\r\x0e\x0f\x05\x11\x18\x1a\x7f\x9b2J\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80z",
    "directions, invisible, private, unassigned, odd spaces":
        "a\u202egpj.\u202c\u200bd\u2066x\u2069\u200f\u061c\u200dm\ufeffi\u00ad\u2060\U000e0041\ufe0f\u034f\u180e\ue000\uffff\u0378\u3164\uffa0\u115f\u2028\u00a0\u3000z".encode(),
    "wide characters, floods of combining marks":
        ("ab\u682a" + "e" + "\u0301" * 9 + "\u5f0f\u4f1a\U0001f600\uff21 \u0300x\u0300\u0301\ud55cz").encode(),
}
# Shown otherwise where text has several lines, so only asked of lists.
ONE_LINE = {"line feed and tab": b"a\nb\tc\r\nz"}

_IGNORABLE = {0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0} | set(range(0x180B, 0x1810)) | set(range(0xFE00, 0xFE10))


def _hidden(ch):
    """Whether a character would be invisible, directional, private, unassigned, or a space that is none."""
    return (unicodedata.category(ch) in ("Cf", "Zl", "Zp", "Co", "Cn", "Cs") or (unicodedata.category(ch) == "Zs" and ch != " ")
            or ord(ch) in _IGNORABLE)


def _pieces(raw):
    """(character, None) or (None, byte that is part of none)."""
    at = 0
    while at < len(raw):
        for n in (1, 2, 3, 4):
            try:
                yield raw[at:at + n].decode("utf-8"), None
                at += n
                break
            except UnicodeDecodeError:
                continue
        else:
            yield None, raw[at]
            at += 1


def seen(raw, ascii_only=False):
    """Plain text that takes the same cells as `raw` shown by hooktop."""
    out, marks = [], None  # marks: how many the base has; None: there is no base
    for ch, byte in _pieces(raw):
        if ch is None or unicodedata.category(ch) == "Cc":
            out.append(f"<{byte if ch is None else ord(ch):02X}>")
            marks = None
        elif ascii_only and ord(ch) > 0x7e or _hidden(ch):
            out.append(f"<U+{ord(ch):04X}>")
            marks = None
        elif unicodedata.category(ch) in ("Mn", "Me"):
            if marks is None or marks == 2:
                out.append(f"<U+{ord(ch):04X}>")
                marks = None
            else:
                out[-1] = MARKED
                marks += 1
        elif unicodedata.east_asian_width(ch) in "WF":
            out.append(WIDE * 2)
            marks = 0
        else:
            out.append(ch)
            marks = None if ch == " " else 0
    return "".join(out)


def _as_modelled(got, model):
    """One cell of the screen under attack and of the screen with the model."""
    data = got.data
    if data == model.data or (data.isdigit() and model.data.isdigit()):  # two clocks, and what was measured
        return True
    if model.data == WIDE:  # at the edge a wide character that has no room leaves a blank
        return data in ("", " ") or (len(data) == 1 and unicodedata.east_asian_width(data) in "WF")
    if model.data == MARKED:
        return len(unicodedata.normalize("NFD", data)) in (2, 3) and unicodedata.combining(unicodedata.normalize("NFD", data)[-1]) > 0
    return False


def difference(attacked, plain):
    """Where two emulated screens differ by more than the model allows: (row, column), or None. Not looked at are the right
    end of the first row (figures of the connection, with as many digits as they have) and how many bytes were made
    visible, which is nothing to say of plain text."""
    until = [attacked.columns] * attacked.lines
    rows = attacked.display
    for y, text in enumerate(rows):
        made = re.search(r" \| \d+ bytes? made visible", text)
        until[y] = made.start() if made else until[y]
    engine = min(rows[0].find("engine"), plain.display[0].find("engine")) - 5
    until[0] = engine if engine > 0 else until[0]
    for y in range(attacked.lines):
        got, model = attacked.buffer[y], plain.buffer[y]
        for x in range(until[y]):
            if got[x] is not model[x] and not _as_modelled(got[x], model[x]):
                return y, x
    return None


# What a curses program sends of itself for TERM=xterm-256color; nothing in it carries text.
_OURS = re.compile(rb"\x1b\[[0-9;]*[ABCDGHJKLMPSTX@bdfmrl]|\x1b\[[0-9;]*h|\x1b\[\?(?:1|7|12|25|1006|1000|1002|1049|2004)(?:;(?:1|7|12|25|1000|1006|1049))*[hl]"
                   rb"|\x1b\[22;0;0t|\x1b\[23;0;0t|\x1b[()]B|\x1b[=>78M]|\x1b\[!p|[\r\n\b\x0e\x0f]")
_LINES = re.compile(rb"\n")


def foreign_controls(raw, ours=_OURS):
    """What of these bytes is neither printable text nor a sequence of our own, as a sorted list; [] is well."""
    try:
        left = ours.sub(b"", bytes(raw)).decode("utf-8")
    except UnicodeDecodeError as why:
        return [str(why)]
    return sorted({f"U+{ord(c):04X}" for c in left if unicodedata.category(c) == "Cc" or _hidden(c)})


def unclean(raw):
    """The same for the output of a command, which has no sequences at all."""
    return foreign_controls(raw, _LINES)
