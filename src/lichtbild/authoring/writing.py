"""A `Look` written as a `look.toml`: only what differs from the defaults, in the order in which it acts."""

from __future__ import annotations

from typing import Any

from lichtbild.look.look import Look
from lichtbild.look.numbers import SECTIONS, HueMove
from lichtbild.look.reading import FORMAT, TEXTS
from lichtbild.record import fields


def text_of(look: Look) -> str:
    """The text of the file; reading it gives the same numbers."""
    lines = [f"format = {FORMAT}"]
    lines += [f"{name} = {_quoted(value)}" for name in TEXTS if (value := getattr(look, name))]
    if look.linear:
        lines.append("linear = true")
    for name, kind in SECTIONS.items():
        section = getattr(look, name)
        if section is not None and (section != kind() or name == "mono"):
            lines += ["", f"[{name}]", *_numbers(section, kind)]
    for move in look.hue:
        lines += ["", "[[hue]]", f"at = {_number(move.at)}", *_numbers(move, HueMove, skip=("at",))]
    return "\n".join(lines) + "\n"


def _numbers(section: Any, kind: type[Any], skip: tuple[str, ...] = ()) -> list[str]:
    lines = []
    for f in fields(kind):
        value = getattr(section, f.name)
        if f.name in skip or (value == f.default and kind.__name__ != "Mono"):
            continue
        if isinstance(value, tuple):
            value = "[" + ", ".join(f"[{_number(x)}, {_number(y)}]" for x, y in value) + "]"
        else:
            value = _quoted(value) if isinstance(value, str) else _number(value)
        lines.append(f"{f.name} = {value}")
    return lines


def _number(value: float) -> str:
    text = f"{value:.6g}"
    return text if any(c in text for c in ".einf") else f"{text}.0"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
