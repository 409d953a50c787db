"""One setting: a field of a record with its help, unit, range or choices, and the check that holds it to them.

The settings of a recipe, a look, the parts of a pack and the virtual camera are declared by it; the command line and
the documentation are made from what is declared.
"""

from __future__ import annotations

from typing import Any

from lichtbild.errors import RecipeError
from lichtbild.record import field


def setting(default: Any, text: str, **limits: Any) -> Any:
    """A field of a record: `text` is its help; `low`, `high`, `choices`, `unit` and `metavar` say what is allowed."""
    return field(default=default, metadata={"help": text, **limits})


def check(name: str, value: Any, limits: Any) -> None:
    """Refuse a value outside its declared choices or range. limits: the field's metadata. Raises `RecipeError`."""
    if value is None:
        return
    if "choices" in limits and value not in limits["choices"]:
        raise RecipeError(f"{name}: {value!r} is not one of {', '.join(limits['choices'])}")
    if "low" in limits:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise RecipeError(f"{name}: {value!r} is not a number")
        if not limits["low"] <= value <= limits["high"]:
            raise RecipeError(f"{name}: {value} is outside {limits['low']} to {limits['high']}")
