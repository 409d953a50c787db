"""What happened on the way: notices, decided numbers, and the time of each leg.

One `Report` travels through a job. Each notice is said once. Legs call `report.leg("merge")` as a context
manager; the command line listens to show progress.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Listener = Callable[[str, float], None]


class Report:
    """Collects what a job decided, noticed and spent.

    decided: numbers by leg, JSON values only: {"burst": {"reference": 2, ...}, ...}.
    notices: warnings for the photographer, each once, in order.
    seconds: wall time by leg.
    maps: {} asks for maps of what the merge did, by name; see `output/maps.py`, which writes them. None: none are made.
    listener: called with (leg, fraction done) for a progress bar.
    on_notice: called with each new notice.
    """

    def __init__(
        self,
        *,
        maps: dict[str, npt.NDArray[np.float32]] | None = None,
        listener: Listener | None = None,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        self.decided: dict[str, dict[str, Any]] = {}
        self.notices: list[str] = []
        self.seconds: dict[str, float] = {}
        self.maps, self.listener, self.on_notice = maps, listener, on_notice

    def notice(self, text: str) -> None:
        """Tell the photographer something once."""
        if text not in self.notices:
            self.notices.append(text)
            if self.on_notice:
                self.on_notice(text)

    def decide(self, leg: str, **numbers: Any) -> None:
        """Record decided numbers of a leg."""
        self.decided.setdefault(leg, {}).update(numbers)

    def progress(self, leg: str, fraction: float) -> None:
        """Tell the listener, if there is one, how much of a leg is done, 0 to 1."""
        if self.listener:
            self.listener(leg, fraction)

    @contextmanager
    def leg(self, name: str) -> Iterator[None]:
        """Time a leg of the path; nested or repeated legs add up."""
        start = time.perf_counter()
        self.progress(name, 0.0)
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        self.progress(name, 1.0)

    def to_dict(self) -> dict[str, Any]:
        """What was decided and told, and the seconds of each leg, as values of JSON."""
        return {"decided": self.decided, "notices": self.notices, "seconds": self.seconds}
