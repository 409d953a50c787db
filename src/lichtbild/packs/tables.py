"""TOML from a stranger into parameter dataclasses: bounded, every key and value checked, errors with file and line."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lichtbild import toml_text
from lichtbild.errors import PackError
from lichtbild.look.lines import places
from lichtbild.plain_file import read_plain
from lichtbild.record import fields

if TYPE_CHECKING:
    from dataclasses import Field

LARGEST = 256 * 1024  # bytes of a file of settings
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
T = TypeVar("T")


class Tables:
    """One TOML file: its data, and where each key stands.

    Raises `PackError` in one line when it cannot be read or is no TOML.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = read_plain(path, LARGEST).decode("utf-8-sig").replace("\r\n", "\n")
            self.data: dict[str, Any] = toml_text.parse(text)
        except OSError as error:
            raise PackError(f"{path}: cannot be read ({error.strerror}); put a file of settings there") from None
        except (ValueError, RecursionError) as error:
            raise PackError(f"{path}: is not TOML ({error or 'nested too deep'}); mend it there") from None
        self._lines = places(text)

    def refuse(self, what: str, table: str = "", index: int = 0, key: str = "") -> PackError:
        """The error for a key of the index-th table of that name; `what` says what is allowed."""
        places = ((table, index, key), (table, index, ""), (table, 0, "")) if table else ((key, 0, ""),)
        line = next((self._lines[p] for p in places if p in self._lines), None)
        where = f"{self.path}:{line}" if line else str(self.path)
        return PackError(f"{where}: {'.'.join(p for p in (table, key) if p)}{': ' if table or key else ''}{what}")

    def only(self, allowed: Sequence[str]) -> None:
        """Refuse a key or table at the top that is not one of those."""
        for key in self.data:
            if key not in allowed:
                known = f"is not known; allowed are {', '.join(dict.fromkeys(allowed))}"
                if isinstance(self.data[key], (dict, list)):
                    raise self.refuse(known, table=key)
                raise self.refuse(known, key=key)

    def top(self, kind: type[T], tables: Sequence[str] = ()) -> T:
        """The keys before the first table, as a `kind`; `tables` are read by `table` and `list`."""
        self.only([*(f.name for f in fields(kind)), *tables])  # type: ignore[arg-type]
        return self.made(kind, {k: v for k, v in self.data.items() if k not in tables}, "", 0)

    def table(self, name: str, kind: type[T]) -> T:
        """The table of that name, or all of `kind`'s defaults."""
        return self.made(kind, self.data.get(name, {}), name, 0)

    def list(self, name: str, kind: type[T], most: int) -> tuple[T, ...]:
        """The tables [[name]]."""
        found = self.data.get(name, [])
        if not isinstance(found, list) or len(found) > most:
            raise self.refuse(f"write it as [[{name}]], {most} times at most", name)
        return tuple(self.made(kind, data, name, i) for i, data in enumerate(found))

    def made(self, kind: type[T], data: Any, table: str, index: int) -> T:
        """One record from the settings of the index-th table of that name. Raises `PackError`."""
        if not isinstance(data, dict):
            raise self.refuse("must be a table of settings", table, index)
        known: dict[str, Field[Any]] = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
        for key, value in data.items():
            if key not in known:
                raise self.refuse(f"is not known; allowed are {', '.join(known)}", table, index, key)
            allowed = _allowed(known[key], value)
            if allowed:
                raise self.refuse(f"is {_shown(value)}; allowed is {allowed}", table, index, key)
        for name, f in known.items():
            if f.metadata.get("needed") and name not in data:
                raise self.refuse(f"{name} is missing: {f.metadata['help']}", table, index)
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _allowed(f: Field[Any], value: Any) -> str:
    """What is allowed, when `value` is not; empty when it is."""
    limits = f.metadata
    if limits.get("lines"):
        ok = isinstance(value, list) and 1 <= len(value) <= limits["lines"] and all(_is_text(v, 120) for v in value)
        return "" if ok else f"a list of 1 to {limits['lines']} texts of at most 120 characters"
    if "choices" in limits:
        return "" if value in limits["choices"] else f"one of {', '.join(limits['choices'])}"
    if "low" in limits:
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        return "" if number and limits["low"] <= value <= limits["high"] else _range(limits)
    if limits.get("color"):
        return "" if isinstance(value, str) and _COLOR.fullmatch(value) else 'a colour like "#ffffff"'
    if limits.get("day"):
        plain = isinstance(value, datetime.date) and not isinstance(value, datetime.datetime)
        return "" if plain else "a day like 2026-01-31, without quotes"
    if "bool" in str(f.type):
        return "" if isinstance(value, bool) else "true or false"
    longest = limits.get("longest", 120)
    return "" if _is_text(value, longest) else f"text in quotes of at most {longest} characters in one line"


def _range(limits: Any) -> str:
    return f"a number from {limits['low']:g} to {limits['high']:g} {limits.get('unit', '')}".rstrip()


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and value.isprintable()
