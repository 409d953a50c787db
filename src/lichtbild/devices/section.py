"""A table of a TOML file that may come from a stranger: each value is asked for by key, type and range, and what is not
as asked, or was not asked for, is refused in one line with file, key and what is allowed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild.carriers import Matrix
from lichtbild.errors import DeviceError

TEXT = 1000  # characters


class Section:
    """One table of the file; remembers which keys were asked for, so that unknown ones are refused."""

    def __init__(self, file: str, name: str, data: dict[str, Any]) -> None:
        self.file, self.name, self.data = file, name, data
        self.known: list[str] = []

    def fail(self, key: str, why: str) -> DeviceError:
        """The error for a key: file, key and why."""
        return DeviceError(f"{self.file}: {f'{self.name}.' if self.name else ''}{key} {why}")

    def get(self, key: str) -> Any:
        """The value as it stands, None where there is none; the key counts as known."""
        self.known.append(key)
        return self.data.get(key)

    def finish(self) -> None:
        """Refuse keys that were not asked for. Raises `DeviceError`, as all below do."""
        for key in self.data:
            if key not in self.known:
                shown = key if len(key) < 60 and key.isprintable() else "a key"
                raise self.fail(shown, f"is not known; allowed are {', '.join(self.known)}")

    def text(self, key: str) -> str:
        """Printable text; empty where there is none."""
        value = self.get(key)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > TEXT or not value.replace("\n", "").isprintable():
            raise self.fail(key, f"must be text of at most {TEXT} characters in quotes")
        return value

    def texts(self, key: str, most: int) -> tuple[str, ...]:
        """At most `most` names."""
        value = self.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > most:
            raise self.fail(key, f"must be a list of at most {most} names")
        if not all(isinstance(v, str) and len(v) <= TEXT and v.isprintable() for v in value):
            raise self.fail(key, "must be a list of names in quotes")
        return tuple(value)

    def flag(self, key: str) -> bool:
        """True or false; false where there is none."""
        value = self.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.fail(key, "must be true or false")
        return bool(value)

    def integer(self, key: str, low: int, high: int, default: int) -> int:
        """A whole number from `low` to `high`."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.fail(key, f"must be a whole number from {low} to {high}")
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number from `low` to `high`; without a default it must be there."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if not is_number(value) or not low <= value <= high:
            raise self.fail(key, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def numbers(self, key: str, count: int, low: float, high: float) -> tuple[float, ...] | None:
        """As many numbers from `low` to `high`; None where there are none."""
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != count or not all(is_number(v) for v in value):
            raise self.fail(key, f"must be a list of {count} numbers")
        if not all(low <= v <= high for v in value):
            raise self.fail(key, f"must be numbers from {low:g} to {high:g}")
        return tuple(float(v) for v in value)

    def needed(self, key: str, count: int, low: float, high: float) -> tuple[float, ...]:
        """The same, which must be there."""
        values = self.numbers(key, count, low, high)
        if values is None:
            raise self.fail(key, "is missing")
        return values

    def whole(self, key: str, count: int, low: int, high: int) -> tuple[int, ...]:
        """The same of whole numbers."""
        values = self.needed(key, count, low, high)
        if not all(v.is_integer() for v in values):
            raise self.fail(key, "must be whole numbers")
        return tuple(int(v) for v in values)

    def matrix(self, key: str) -> Matrix | None:
        """Three rows of three numbers that can be inverted."""
        value = self.get(key)
        if value is None:
            return None
        rows = isinstance(value, list) and len(value) == 3 and all(isinstance(r, list) and len(r) == 3 for r in value)
        if not rows or not all(is_number(v) and abs(v) <= 100 for row in value for v in row):
            raise self.fail(key, "must be three rows of three numbers from -100 to 100")
        if np.linalg.cond(np.array(value, np.float64)) > 1e3:
            raise self.fail(key, "cannot be inverted; two of its rows are nearly the same")
        a, b, c = ((float(r[0]), float(r[1]), float(r[2])) for r in value)
        return a, b, c

    def block(self, key: str, count: int, low: float, high: float) -> npt.NDArray[np.float64]:
        """Many numbers, as a block of text with any white space between them."""
        value = self.get(key)
        if not isinstance(value, str):
            raise self.fail(key, "must be numbers in a block of text, between three quotes")
        try:
            numbers = np.array(value.split(), np.float64)
        except ValueError:
            raise self.fail(key, "must hold numbers alone, with white space between them") from None
        if len(numbers) != count:
            raise self.fail(key, f"must hold {count} numbers, and holds {len(numbers)}")
        if not ((numbers >= low) & (numbers <= high)).all():  # also refuses NaN
            raise self.fail(key, f"must be numbers from {low:g} to {high:g}")
        return numbers

    def section(self, key: str) -> Section | None:
        """A table in this one."""
        value = self.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.fail(key, "must be a table of settings")
        return Section(self.file, f"{self.name}.{key}".lstrip("."), value)

    def sections(self, key: str, most: int) -> list[Section]:
        """Tables in this one, written as [[key]], at most `most`."""
        value = self.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.fail(key, f"must be written as [[{key}]]")
        if len(value) > most:
            raise self.fail(key, f"may be there {most} times at most")
        return [Section(self.file, f"{key} {i + 1}", v) for i, v in enumerate(value)]


def is_number(value: Any) -> bool:
    """A finite number of TOML, and no truth value."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
