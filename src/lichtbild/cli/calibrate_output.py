"""What all calibrations share: where the profile goes, what it is called, and what becomes of one that is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lichtbild.record import replace

if TYPE_CHECKING:
    from lichtbild.devices.profile import DeviceProfile


def outputs(function: Any) -> Any:
    """The options -o, --add, --make, --model and --overwrite: `output`, `add`, `make`, `model`, `overwrite`."""
    for option in (
        click.option("--overwrite", is_flag=True, help="Replace the profile if it exists."),
        click.option("--add", is_flag=True, help="Keep what the profile already says, and add what is measured now."),
        click.option("--model", metavar="MODEL", help="The camera's model, as its files say it."),
        click.option("--make", metavar="MAKE", help="The camera's maker, as its files say it."),
        click.option(
            "-o",
            "--output",
            required=True,
            metavar="device.toml",
            type=click.Path(path_type=Path),
            help="The device profile to write.",
        ),
    ):
        function = option(function)
    return function


def check(inputs: Sequence[Path], output: Path, *, add: bool, overwrite: bool) -> None:
    """Refuse what cannot be written before anything is measured. Raises `OutputError` and `DeviceError`."""
    from lichtbild.atomic_file import check_not_read, check_target
    from lichtbild.devices.profile import DeviceProfile
    from lichtbild.errors import OutputError

    if output.suffix.lower() != ".toml":
        raise OutputError(f"{output}: a device profile is a .toml file; end its name so")
    check_not_read(output, inputs, "files to read")
    if output.exists() and not (add or overwrite):
        raise OutputError(f"{output}: exists already; add to it with --add, replace it with --overwrite")
    check_target(output, overwrite=True)
    if add and output.exists():
        DeviceProfile.read(output)


def write(
    profile: DeviceProfile, output: Path, *, make: str | None, model: str | None, add: bool, overwrite: bool
) -> DeviceProfile:
    """Write the profile, or what it and the one that is there make together; returns what was written."""
    from lichtbild.devices.combine import combined
    from lichtbild.devices.profile import DeviceProfile
    from lichtbild.errors import DeviceError

    profile = replace(profile, make=make or profile.make, model=model or profile.model)
    if add and output.exists():
        old = DeviceProfile.read(output)
        profile = combined(replace(old, make=make or old.make, model=model or old.model), profile)
    if not (profile.model or profile.unique_camera_model):
        raise DeviceError(f"{output}: the files do not say which camera it is; name it with --make and --model")
    profile.write(output, overwrite=add or overwrite)
    return profile
