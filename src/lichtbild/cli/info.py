"""`lichtbild info`: what a raw file says about itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lichtbild.carriers import Frame, NoiseProfile

# EXIF LightSource, as a photographer says it.
_LIGHTS = {
    1: "daylight",
    2: "fluorescent light",
    3: "tungsten light",
    4: "flash",
    9: "fine weather",
    10: "cloudy sky",
    11: "shade",
    12: "fluorescent daylight",
    13: "fluorescent day white",
    14: "fluorescent cool white",
    15: "fluorescent white",
    16: "fluorescent warm white",
    17: "tungsten light (A)",
    18: "sunlight (B)",
    19: "overcast sky (C)",
    20: "daylight (D55)",
    21: "daylight (D65)",
    22: "shade (D75)",
    23: "daylight (D50)",
    24: "studio tungsten",
}
_TURNS = {
    1: "upright",
    2: "mirrored",
    3: "turned by 180°",
    4: "mirrored, turned by 180°",
    5: "mirrored, turned by 90° to the left",
    6: "turned by 90° to the right",
    7: "mirrored, turned by 90° to the right",
    8: "turned by 90° to the left",
}


@click.command("info")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON, for other programs.")
def command(files: tuple[Path, ...], as_json: bool) -> None:
    """Show camera, lens, exposure, sensor and colour data of a raw file, as Lichtbild understands them."""
    from lichtbild.cli.progress import Progress
    from lichtbild.cli.say import complain, one_line
    from lichtbild.errors import LichtbildError
    from lichtbild.jsonable import to_json
    from lichtbild.raw.read import read_frame
    from lichtbild.report import Report

    progress = Progress()
    described: list[dict[str, Any]] = []
    failed = False
    for path in files:
        report = Report(on_notice=progress.warn)
        try:
            frame = read_frame(path, report)
        except LichtbildError as error:  # the others are shown all the same
            complain(f"error: {error}")
            failed = True
            continue
        if as_json:
            described.append(everything(path, frame, report.notices))
        else:
            click.echo("\n".join(f"{name:<12}{one_line(value)}" for name, value in summary(path, frame)))
            if path != files[-1]:
                click.echo()
    if as_json and (described or len(files) > 1):
        click.echo(to_json(described[0] if len(files) == 1 else described, indent=2))
    if failed:
        raise SystemExit(2)


def summary(path: Path, frame: Frame) -> list[tuple[str, str]]:
    """(name, value) lines for a photographer; what the file does not say is left out."""
    from lichtbild.raw.metadata import full_model

    meta = frame.metadata
    height, width = frame.mosaic.shape[:2]
    lines = [
        ("File", str(path)),
        ("Camera", full_model(meta.make, meta.model) or meta.unique_camera_model),
        ("Lens", meta.lens),
        ("Exposure", _exposure(frame)),
        ("Taken", meta.capture_time),
        ("Size", f"{width} x {height}, {width * height / 1e6:.1f} MP{_crop(frame)}"),
        ("Orientation", _TURNS.get(meta.orientation, "")),
        ("Sensor", "three colours per pixel (linear raw)" if frame.is_linear else f"Bayer, {frame.cfa}"),
        ("Levels", f"black {_numbers(frame.black_level)}, white {frame.white_level:g}"),
        ("Noise", _noise(frame.noise_profile)),
        ("White", _white(frame)),
        ("Colour", _calibration(frame)),
        ("Profile", "; ".join(_profile(frame))),
        ("Shading", _shading(frame)),
        ("Corrections", ", ".join(_opcodes(frame))),
    ]
    return [(name, value) for name, value in lines if value]


def everything(path: Path, frame: Frame, notices: list[str]) -> dict[str, Any]:
    """All that was read, in JSON's types; matrices map XYZ to camera RGB, or balanced camera RGB to XYZ D50."""
    from dataclasses import asdict

    from lichtbild.record import replace

    meta = frame.metadata
    height, width = frame.mosaic.shape[:2]
    return {
        "file": str(path),
        **{
            name: getattr(meta, name)
            for name in ("make", "model", "unique_camera_model", "lens", "iso", "exposure_time", "f_number")
        },
        "focal_length": meta.focal_length,
        "capture_time": meta.capture_time,
        "orientation": meta.orientation,
        "width": width,
        "height": height,
        "linear": frame.is_linear,
        "cfa": frame.cfa,
        "black_level": frame.black_level,
        "white_level": frame.white_level,
        "clip_level": frame.clip_level,
        "default_crop": frame.default_crop,
        "noise_profile": asdict(frame.noise_profile),
        "color": asdict(replace(meta.color, profile=None)) | {"profile": _profile(frame)},
        "shading_grid": None if frame.shading is None else frame.shading.shape[:2],
        "shading_gain": None if frame.shading is None else float(frame.shading.max()),
        "opcodes": _opcodes(frame),
        "exif": {
            group: {str(tag): value for tag, (_, value) in sorted(tags.items())} for group, tags in meta.exif.items()
        },
        "notices": notices,
    }


def _exposure(frame: Frame) -> str:
    meta = frame.metadata
    time = meta.exposure_time
    parts = [
        "" if not time else f"1/{1 / time:.0f} s" if time < 0.3 else f"{time:g} s",
        f"f/{meta.f_number:g}" if meta.f_number else "",
        f"ISO {meta.iso:g}" if meta.iso else "",
        f"{meta.focal_length:g} mm" if meta.focal_length else "",
    ]
    return ", ".join(p for p in parts if p)


def _crop(frame: Frame) -> str:
    if frame.default_crop is None:
        return ""
    _, _, height, width = frame.default_crop
    return f"; the picture shows {width} x {height}"


def _noise(noise: NoiseProfile) -> str:
    source = {"tag": "as the file says", "frames": "measured in the frame"}.get(noise.source, "assumed")
    mid = [100 * (0.18 * s + o) ** 0.5 for s, o in zip(noise.scale, noise.offset, strict=True)]
    return f"{_numbers(mid)} % of white at middle grey (R, G, B), {source}"


def _white(frame: Frame) -> str:
    """The camera's white balance as kelvin and tint."""
    from lichtbild.color import temperature_from_xy
    from lichtbild.develop.camera_color import CameraModel
    from lichtbild.develop.white_balance import as_shot

    shot = as_shot(frame.metadata.color, CameraModel.of(frame.metadata.color))
    if shot is None:
        return "not recorded"
    kelvin, tint = temperature_from_xy(shot[1])
    return f"as shot {kelvin:.0f} K, tint {tint:+.0f} (camera neutral {_numbers(list(shot[0]))})"


def _calibration(frame: Frame) -> str:
    color = frame.metadata.color
    lights = [
        _LIGHTS.get(light or 0, "a light that is not named")
        for matrix, light in (
            (color.color_matrix_1, color.calibration_illuminant_1),
            (color.color_matrix_2, color.calibration_illuminant_2),
        )
        if matrix
    ]
    if not lights:
        return "no colour matrix"
    forward = " with forward matrices" if color.forward_matrix_1 or color.forward_matrix_2 else ""
    return f"calibrated for {' and '.join(lights)}{forward}"


def _profile(frame: Frame) -> list[str]:
    """The parts of the camera profile that the file holds beyond matrices."""
    from lichtbild.cli.devices_text import colour_lines

    profile = frame.metadata.color.profile
    if profile is None:
        return []
    lines = (line.removesuffix(f" [{profile.source}]") for line in colour_lines(profile))
    return [f"{profile.name or 'without a name'}", *lines]


def _shading(frame: Frame) -> str:
    if frame.shading is None:
        return ""
    rows, columns = frame.shading.shape[:2]
    return f"gains up to {float(frame.shading.max()):.2f} on a grid of {columns} x {rows}"


def _opcodes(frame: Frame) -> list[str]:
    """Names of the DNG opcodes by list, "2: GainMap x 4"."""
    from lichtbild.raw.opcode_list import parse_opcodes
    from lichtbild.raw.opcodes import name_of

    meta = frame.metadata
    named = []
    for number, data in enumerate((meta.opcode_list_1, meta.opcode_list_2, meta.opcode_list_3), start=1):
        names = [name_of(opcode) for opcode in parse_opcodes(data)]
        for name in dict.fromkeys(names):
            times = f" x {names.count(name)}" if names.count(name) > 1 else ""
            named.append(f"{name}{times} (list {number})")
    return named


def _numbers(values: tuple[float, ...] | list[float]) -> str:
    shown = [f"{v:.4g}" for v in values]
    return shown[0] if len(set(shown)) == 1 else " ".join(shown)
