"""Where in a TOML file a key stands: the standard library's reader gives values without their lines.

One pass over text that the reader has already accepted; strings and arrays may run over several lines. A key inside of
an inline table has the line on which the table begins.
"""

from __future__ import annotations

import re

HEADER = re.compile(r"(\[\[?)[ \t]*([^\]\n]+?)[ \t]*\]")
KEY = re.compile(r"""((?:[\w-]+|"[^"\n]*"|'[^'\n]*')(?:[ \t]*\.[ \t]*(?:[\w-]+|"[^"\n]*"|'[^'\n]*'))*)[ \t]*=""")
BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
TOKEN = re.compile(
    r'\"\"\"(?:\\.|[^\\])*?\"\"\"|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[^\["\'#{}\]\n]+|.',
    re.DOTALL,
)
Place = tuple[str, int, str]  # section, which one of its kind, key


def places(text: str) -> dict[Place, int]:
    """Line, counted from 1, of each key, and of each section's beginning (with an empty key)."""
    found: dict[Place, int] = {}
    counts: dict[str, int] = {}
    section, at, line = "", 0, 1
    while at < len(text):
        if blank := BLANK.match(text, at):
            line, at = line + text.count("\n", at, blank.end()), blank.end()
            continue
        if header := HEADER.match(text, at):
            section = _plain(header[2])
            counts[section] = counts.get(section, -1) + 1 if header[1] == "[[" else 0
            found.setdefault((section, counts[section], ""), line)
            at = header.end()
        elif key := KEY.match(text, at):
            name = _plain(key[1])
            if not section:  # `tone.contrast = 1.2` at the top is a key of a section
                first, _, rest = name.partition(".")
                found.setdefault((first, 0, ""), line)
                found.setdefault((first, 0, rest), line)
            else:
                found.setdefault((section, counts[section], name.partition(".")[0]), line)
            at = key.end()
        end = _end_of_value(text, at)
        line, at = line + text.count("\n", at, end), end
    return found


def _end_of_value(text: str, at: int) -> int:
    """Where the line ends on which a value ends."""
    depth = 0
    while token := TOKEN.match(text, at):
        if token[0] == "\n" and depth <= 0:
            return token.end()
        depth += (token[0] in "[{") - (token[0] in "]}")
        at = token.end()
    return len(text)


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))
