"""Command-line options made from the fields of a parameter dataclass, so that each setting is described once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from lichtbild.record import fields

if TYPE_CHECKING:
    from dataclasses import Field


def options_for(
    settings: type, flags: dict[str, str] | None = None, skip: tuple[str, ...] = ()
) -> Callable[[Any], Any]:
    """A decorator that adds one option per field; an option that was not given has the value None.

    flags: a short form for a field's name, {"output": "-o"}.
    """

    def decorate(function: Any) -> Any:
        for f in reversed(fields(settings)):
            if f.name not in skip:
                function = _option(f, (flags or {}).get(f.name))(function)
        return function

    return decorate


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Only the options that were given."""
    return {name: value for name, value in values.items() if value is not None}


def _option(f: Field[Any], short: str | None) -> Callable[[Any], Any]:
    name = "--" + f.name.replace("_", "-")
    text = describe(f)
    if "bool" in str(f.type):
        return click.option(f"{name}/--no-{name[2:]}", f.name, default=None, help=text)
    names = [short, name] if short else [name]
    return click.option(*names, f.name, default=None, type=_type(f), metavar=_metavar(f), help=text)


def describe(f: Field[Any]) -> str:
    """The help text of a setting, with its range and default in words."""
    low, high = f.metadata.get("low"), f.metadata.get("high")
    notes = []
    if low is not None and high is not None:
        notes.append(f"{_number(low)} to {_number(high)} {f.metadata.get('unit', '')}".rstrip())
    if isinstance(f.default, bool):
        notes.append(f"default: {'on' if f.default else 'off'}")
    elif f.default not in (None, ""):
        notes.append(f"default: {_number(f.default)}")
    return str(f.metadata.get("help", "")) + (f"  [{'; '.join(notes)}]" if notes else "")


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _type(f: Field[Any]) -> Any:
    """Ranges are checked by the dataclass itself, which says it the same way from Python."""
    if "choices" in f.metadata:
        return click.Choice(f.metadata["choices"])
    kind = str(f.type)
    return float if "float" in kind else int if "int" in kind else str


def _metavar(f: Field[Any]) -> str | None:
    if "metavar" in f.metadata:
        return str(f.metadata["metavar"])
    if "choices" in f.metadata:
        return "|".join(f.metadata["choices"])
    return str(f.metadata.get("unit", "N")).upper()
