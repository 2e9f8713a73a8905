"""What is shown of a text that comes from outside: names of records, files, labels, options.

A terminal obeys control characters, a browser turns text round, a table breaks at a tab. So texts
are kept as they are in memory, and pass :func:`visible` where they leave: in messages, results,
pages, tables and headers of FASTA.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable
from hashlib import sha256

#: Letters of a name in a page or a message.
MOST = 100
# Letters of a message without a space, and of a message: beyond them its middle is left out.
_WORD, _MESSAGE = 1000, 20_000
_LONG_WORD = re.compile(rf"\S{{{_WORD + 1},}}")
# Letters that show nothing although Unicode calls them printable: fillers and blanks.
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"


def visible(text: str, keep: str = "") -> str:
    r"""Write what shows nothing, or moves what is shown, as the escape that Python has for it.

    These are control characters (C0, C1, DEL), marks of direction, characters of no width, line and
    paragraph separators, spaces but the plain one, lone surrogates, and code points of no or
    private use: all that :meth:`str.isprintable` is false for.

    Parameters
    ----------
    text : str
        Anything.
    keep : str
        Characters that stay, as the line ends of a text of several lines.

    Examples
    --------
    >>> print(visible("a\x1b[31mb\tc\u202e"), visible("GAT\nTACA", keep="\n"))
    a\x1b[31mb\tc\u202e GAT
    TACA
    """
    return _replaced(text, _escape, keep)


def visible_json(text: str) -> str:
    r"""Do the same with JSON, in the escapes of JSON: it is read back as what it was.

    Examples
    --------
    >>> print(visible_json('["\u202e\U000e0001"]'))
    ["\u202e\udb40\udc01"]
    """
    return _replaced(text, lambda character: json.dumps(character)[1:-1], "\n")


def _replaced(text: str, escape: Callable[[str], str], keep: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    odd = {
        c for c in set(text) if (not c.isprintable() or c in _BLANK) and c not in keep
    }  # fmt: skip
    return text.translate({ord(c): escape(c) for c in odd}) if odd else text


def _escape(character: str) -> str:
    short = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}.get(character)
    number = ord(character)
    if short or number < 0x100:
        return short or f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def shown(name: str, most: int = MOST) -> str:
    r"""Return a name for a page or a message: visible, and shortened where it is long.

    A shortened name ends with eight digits of the SHA-256 of the whole, so that two names that
    differ anywhere still differ.

    Examples
    --------
    >>> shown("sp|P69905\x07"), shown("A" * 1_000_000, most=20)
    ('sp|P69905\\x07', 'AAAAAAAAAAA…e23c0cda')
    """
    text = visible(name)
    if len(text) <= most:
        return text
    digest = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{text[: max(0, most - 9)]}…{digest}"


def excerpt(text: str, most: int = 40) -> str:
    r"""Return the beginning of a text in quotes, for a message: visible, with an ellipsis if cut.

    Examples
    --------
    >>> print(excerpt("ACGT\x1b"), excerpt("ACGTACGT", most=4))
    'ACGT\x1b' 'ACGT…'
    """
    return f"'{visible(text[:most])}{'…' * (len(text) > most)}'"


def message(text: str, keep: str = "") -> str:
    """Return a message for a terminal: visible, and without the middle of what is very long.

    Examples
    --------
    >>> long = message("record " + "A" * 1_000_000 + " is too long")
    >>> len(long), long[:10], long[-14:]
    (770, 'record AAA', 'AA is too long')
    """
    return visible(_ends(_LONG_WORD.sub(lambda m: _ends(m[0], _WORD), text), _MESSAGE), keep)


def _ends(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 4 :]}"


def code_point(character: str) -> str:
    r"""Name a character in a message: in quotes if it is printable ASCII, else by its code point.

    Letters beyond ASCII have their name too: many look like a letter of ASCII, or like nothing.

    Examples
    --------
    >>> print(code_point("J"), code_point("\u200b"), code_point("\u0410"))
    'J' U+200B ZERO WIDTH SPACE U+0410 CYRILLIC CAPITAL LETTER A
    >>> print(code_point("\x1a"), code_point("\udce9"))
    U+001A (^Z) byte 0xe9 (no UTF-8)
    """
    number = ord(character)
    if 0x20 <= number < 0x7F:
        return repr(character)
    if 0xDC80 <= number <= 0xDCFF:  # what a byte that is no UTF-8 is read as
        return f"byte 0x{number - 0xDC00:02x} (no UTF-8)"
    name = f"(^{chr(number ^ 0x40)})" if number < 0x80 else unicodedata.name(character, "")
    return f"U+{number:04X} {name}".rstrip()


def redraws(terminal: bool) -> bool:
    """Tell whether a line can be drawn again: on a terminal, but on none that is ``dumb``.

    So call themselves those that print what should move the cursor, as a shell in an editor does.

    Parameters
    ----------
    terminal : bool
        What ``isatty`` says of the file.

    Examples
    --------
    >>> redraws(False)
    False
    """
    return terminal and os.environ.get("TERM") != "dumb"
