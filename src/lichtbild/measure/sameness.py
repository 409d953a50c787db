"""How much the same look differs between cameras: one scene of patches, each camera's raw frame of it through the whole
path, and the CIEDE2000 differences between the finished pictures.

A camera is given by what its three channels see of each patch, and by its colour tags; exposure is the same for all of
them: white is `WHITE` of the clip level in the channel that sees most of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lichtbild import color
from lichtbild.carriers import CameraColor, Frame, Metadata, NoiseProfile, Picture
from lichtbild.color import Floats
from lichtbild.record import record, replace

CELL, PATCH, SPOT = 48, 36, 16  # pixels from patch to patch, of a patch, and of its middle that is measured
WHITE = 0.8
GROUND = 0.18  # reflectance of the grey between the patches
BLACK, FULL = 512, 16383
NOISE = NoiseProfile((2e-5,) * 3, (1e-8,) * 3)
OVERCAST = Metadata(iso=100.0, exposure_time=1 / 125, f_number=5.6)


@record
class Sameness:
    """lab: (cameras, patches, 3), CIE Lab under D65 of the finished pictures."""

    cameras: tuple[str, ...]
    patches: tuple[str, ...]
    lab: Floats

    @property
    def centre(self) -> Floats:
        """(patches, 3): the mean of all cameras."""
        return np.asarray(self.lab.mean(0))

    @property
    def to_centre(self) -> Floats:
        """(cameras, patches) dE2000 to the mean."""
        return np.asarray(color.delta_e_2000(self.lab, self.centre[None]))

    @property
    def pairs(self) -> Floats:
        """(pairs, patches) dE2000 of each camera to each other."""
        of = list(itertools.combinations(range(len(self.cameras)), 2))
        first, second = (self.lab[[pair[i] for pair in of]] for i in (0, 1))
        return np.asarray(color.delta_e_2000(first, second))

    def of_camera(self, index: int) -> Floats:
        """dE2000 of one camera to every other, all patches."""
        others = [i for i in range(len(self.cameras)) if i != index]
        return np.asarray(color.delta_e_2000(self.lab[others], self.lab[index][None]))

    def to_dict(self) -> dict[str, Any]:
        """Everything as values of JSON."""
        pairs, centre = self.pairs, self.to_centre
        return {
            "pairs": summary(pairs),
            "to_mean": summary(centre),
            "cameras": {name: summary(self.of_camera(i)) for i, name in enumerate(self.cameras)},
            "patches": {name: float(pairs[:, i].mean()) for i, name in enumerate(self.patches)},
        }


def summary(differences: npt.ArrayLike) -> dict[str, float]:
    """Mean, 95th percentile and largest of colour differences."""
    d = np.ravel(np.asarray(differences, np.float64))
    return {"mean": float(d.mean()), "p95": float(np.percentile(d, 95)), "largest": float(d.max())}


def grid(count: int) -> tuple[int, int]:
    """(rows, columns) of a sheet of that many patches, about 4 to 3."""
    columns = int(np.ceil(np.sqrt(count * 4 / 3)))
    return -(-count // columns), columns


def shoot(seen: Floats, white: Floats, tags: CameraColor, name: str = "") -> Frame:
    """The raw frame that a camera takes of the sheet, 14 bits, RGGB.

    seen: (patches, 3) what its channels see of each; white: (3,) of a perfect reflector. Both linear, in any unit.
    """
    rows, columns = grid(len(seen))
    scale = WHITE / float(white.max())
    ground = GROUND * white * scale
    light = np.empty((rows * CELL, columns * CELL, 3))
    light[:] = ground
    edge = (CELL - PATCH) // 2
    for i, rgb in enumerate(seen):
        y, x = (n * CELL + edge for n in divmod(i, columns))
        light[y : y + PATCH, x : x + PATCH] = rgb * scale
    mosaic = np.empty(light.shape[:2])
    for i, channel in enumerate((0, 1, 1, 2)):
        mosaic[i // 2 :: 2, i % 2 :: 2] = light[i // 2 :: 2, i % 2 :: 2, channel]
    numbers = np.clip(np.rint(BLACK + mosaic * (FULL - BLACK)), 0, FULL).astype(np.uint16)
    neutral = white / white.max()
    tags = replace(tags, as_shot_neutral=(float(neutral[0]), float(neutral[1]), float(neutral[2])))
    make, _, model = name.partition(" ")
    about = replace(OVERCAST, make=make, model=model, unique_camera_model=name, color=tags)
    return Frame(numbers, "RGGB", (float(BLACK),) * 4, float(FULL), float(FULL), NOISE, about)


def spots(picture: Picture, count: int) -> Floats:
    """(count, 3) Lab under D65 of the middles of the patches."""
    _, columns = grid(count)
    top = float(np.iinfo(picture.image.dtype).max)
    encoded = np.asarray(picture.image, np.float64) / top
    to_xyz = color.rgb_to_xyz(picture.space)
    edge = (CELL - SPOT) // 2
    means = []
    for i in range(count):
        y, x = (n * CELL + edge for n in divmod(i, columns))
        means.append(color.decode_srgb(encoded[y : y + SPOT, x : x + SPOT]).mean((0, 1)))
    return color.lab_from_xyz(np.array(means) @ to_xyz.T, color.D65)


def compare(
    frames: Mapping[str, Frame], patches: Sequence[str], **settings: Any
) -> tuple[Sameness, dict[str, Picture]]:
    """Each camera's frame of the sheet through the whole path; settings are those of a recipe. Also the pictures."""
    from lichtbild import api

    pictures = {name: api.develop(api.read(frame), depth="16", **settings) for name, frame in frames.items()}
    lab = np.array([spots(picture, len(patches)) for picture in pictures.values()])
    return Sameness(tuple(frames), tuple(patches), lab), pictures
