"""numpy, imported without what only readers of its documentation need."""

from __future__ import annotations

import inspect


def import_numpy() -> None:
    """Import numpy, for a process in which nobody asks for `help`.

    It takes the indentation out of 370 docstrings, for a tenth of the time of its import; here they stay as they are.
    """
    straightened = inspect.cleandoc
    inspect.cleandoc = str  # type: ignore[assignment]
    try:
        import numpy  # noqa: F401
    finally:
        inspect.cleandoc = straightened
