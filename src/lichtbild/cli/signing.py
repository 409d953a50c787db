"""Who signs a photograph on the command line, and which frames the signature speaks of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lichtbild.errors import OutputError
from lichtbild.record import replace
from lichtbild.report import Report

if TYPE_CHECKING:
    from lichtbild.carriers import Burst
    from lichtbild.output.credentials import Credentials


def signer_of(sign: Path | None, key: Path | None, timestamp: str | None, output: Path) -> Credentials | None:
    """Who signs, after a trial. Raises `OutputError`."""
    if sign is None and key is None and timestamp is None:
        return None
    if sign is None or key is None:
        raise OutputError("to sign, --sign names the certificate and --key its private key; give both")
    from lichtbild.output.credentials import Credentials, check
    from lichtbild.output.formats import format_for

    signer = Credentials(sign, key, timestamp=timestamp or "")
    check(signer, format_for(output), output)
    return signer


def of_frames(signer: Credentials | None, burst: Burst, record: Report) -> Credentials | None:
    """The same with the frames that were read, the reference first."""
    if signer is None:
        return None
    paths = [f for f in burst if isinstance(f, Path)]
    decided = record.decided.get("burst", {})
    first = paths[decided.get("reference", 1) - 1]
    used = [p for p in paths if p.name in record.decided.get("raw", {}) and p is not first]
    used = used if decided.get("used", 1) > 1 else []
    return replace(signer, frames=(first, *used))
