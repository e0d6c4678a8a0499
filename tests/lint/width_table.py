#!/usr/bin/env python3
"""Prints the rows of src/base/width.c: Unicode's categories and East Asian widths, reduced to what a terminal needs.

Every character not in a row is one column wide. Rows are maximal ranges of one class:
  SHOWN  must be made visible as <U+XXXX>: controls, format, private, unassigned, surrogates, every space but U+0020,
         Default_Ignorable, and what joins its neighbours so that terminals disagree about columns (conjoining jamo,
         regional indicators, emoji modifiers)
  MARK   combining, no column of its own
  WIDE   two columns
"""
import unicodedata as u

# Default_Ignorable_Code_Point that the categories below do not already cover.
IGNORABLE = [(0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x3164, 0x3164),
             (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF)]
JOINING = [(0x1160, 0x11FF), (0xD7B0, 0xD7FF), (0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF), (0x302E, 0x302F)]
# Two columns in the C library, and so in ncurses, which must agree with us.
WIDE_IN_LIBC = [(0x3248, 0x324F), (0x4DC0, 0x4DFF)]


def within(ch, ranges):
    return any(first <= ch <= last for first, last in ranges)


def kind(ch):
    c = chr(ch)
    category = u.category(c)
    if category in ("Cc", "Cf", "Zl", "Zp", "Co", "Cn", "Cs") or (category == "Zs" and ch != 0x20):
        return "SHOWN"
    if within(ch, IGNORABLE) or within(ch, JOINING):
        return "SHOWN"
    if category in ("Mn", "Me"):
        return "MARK"
    return "WIDE" if u.east_asian_width(c) in "WF" or within(ch, WIDE_IN_LIBC) else None


def rows():
    start, current = 0, kind(0)
    for ch in range(1, 0x110001):
        k = kind(ch) if ch < 0x110000 else "end"
        if k != current:
            if current:
                yield start, ch - 1, current
            start, current = ch, k


if __name__ == "__main__":
    for first, last, k in rows():
        print("{0x%04X, 0x%04X, %s}," % (first, last, k))
