"""The Python interface: names, order of frames, what travels with the picture, and how quickly it is there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import lichtbild as lb
from lichtbild import api
from lichtbild.carriers import Burst, Frame, Metadata, NoiseProfile, Picture, Scene
from lichtbild.errors import BurstError, RawError, RecipeError
from lichtbild.recipe import Recipe, load
from lichtbild.report import Report
from make_dng import make_dng


def a_frame(name: str = "a.dng", capture_time: str = "", count: int = 1) -> Frame:
    return Frame(
        mosaic=np.full((8, 12), 100, np.uint16),
        cfa="RGGB",
        black_level=(0, 0, 0, 0),
        white_level=1000,
        clip_level=1000,
        noise_profile=NoiseProfile((1e-4,) * 3, (1e-6,) * 3),
        metadata=Metadata(path=Path(name), capture_time=capture_time),
        frame_count=count,
    )


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> dict[str, Recipe]:
    """Stand-ins for the legs, so that only the interface itself is tried. What the look leg was asked comes back."""
    seen: dict[str, Recipe] = {}

    def probe(path: Path) -> SimpleNamespace:
        if "bad" in path.name:
            raise RawError(f"{path}: not a raw file; name a raw file")
        late = "2026:01:01 00:00:09" if path.name == "late.dng" else "2026:01:01 00:00:01"
        return SimpleNamespace(metadata=Metadata(capture_time=late))

    def merge_burst(burst: Burst, recipe: Recipe, report: Report) -> Frame:
        report.decide("burst", frames=len(burst), used=len(burst))
        return a_frame(count=len(burst))

    def develop_scene(frame: Frame, recipe: Recipe, report: Report) -> Scene:
        image = np.zeros((*frame.mosaic.shape, 3), np.float32)
        return Scene(image, frame.noise_profile, (1, 1, 1), (0.3127, 0.329), 1.0, frame.metadata)

    def render_picture(scene: Scene, recipe: Recipe, report: Report) -> Picture:
        seen["look"] = recipe
        report.decide("look", ev=recipe.ev + 1)
        dtype = {"8": np.uint8, "16": np.uint16, "32f": np.float32}[recipe.depth or ""]
        return Picture(np.zeros(scene.image.shape, dtype), "srgb", scene.metadata)

    for module, function in (
        ("raw.read", probe),
        ("burst.merge", merge_burst),
        ("develop.scene", develop_scene),
        ("look.render", render_picture),
    ):
        stand_in = SimpleNamespace(**{function.__name__: function})
        monkeypatch.setitem(sys.modules, f"lichtbild.{module}", stand_in)  # type: ignore[misc]
    return seen


def test_frames_are_ordered_by_capture_time_then_name(light: dict[str, Recipe]) -> None:
    frame = a_frame("c.dng", "2026:01:01 00:00:05")
    burst = lb.read("late.dng", frame, "b.dng", Path("a.dng"), "x/../b.dng")
    assert burst.frames == (Path("a.dng"), Path("b.dng"), frame, Path("late.dng"))


def test_frames_may_be_a_list_a_generator_or_bytes(light: dict[str, Recipe]) -> None:
    wanted = (Path("a.dng"), Path("b.dng"))
    assert lb.read(["b.dng", Path("a.dng")]).frames == wanted
    assert lb.read(Path(f"{letter}.dng") for letter in "ba").frames == wanted
    assert lb.read(b"a.dng", ["b.dng"]).frames == wanted
    assert lb.develop("a.dng").recipe["frames"] == ["a.dng"]
    assert lb.develop(["a.dng", "b.dng"]).recipe["frames"] == ["a.dng", "b.dng"]
    assert lb.merge(lb.merge("a.dng")).metadata == lb.merge("a.dng").metadata
    with pytest.raises(BurstError, match="at least one"):
        lb.read([])
    with pytest.raises(RawError, match="no name of a file"):
        lb.read("a\0.dng")


def test_numbers_of_numpy_and_paths_are_settings(tmp_path: Path) -> None:
    recipe = Recipe(size=np.int64(640), ev=np.float32(0.5), strip_location=np.bool_(True), wb=np.int32(5200))
    assert recipe == Recipe(size=640, ev=0.5, strip_location=True, wb="5200")
    assert json.loads(json.dumps(recipe.to_dict())) == recipe.to_dict()
    assert Recipe(device=tmp_path / "device.toml").device == str(tmp_path / "device.toml")
    with pytest.raises(RecipeError, match="whole number"):
        Recipe(size=np.float64(640.5))
    with pytest.raises(RecipeError, match="ev"):
        Recipe(ev=np.array([0.5]))
    with pytest.raises(RecipeError, match="ev"):
        Recipe(ev=np.float64("nan"))


def test_a_bad_frame_goes_last_and_a_lone_one_is_an_error(light: dict[str, Recipe]) -> None:
    assert lb.read("bad.dng", "late.dng").frames == (Path("late.dng"), Path("bad.dng"))
    with pytest.raises(RawError, match=r"bad_1.*no other file"):
        lb.read("bad_1.dng", "bad_2.dng")
    with pytest.raises(RawError, match=r"name a raw file$"):
        lb.read("bad_1.dng")
    with pytest.raises(BurstError, match="at least one"):
        lb.read()


def test_the_picture_carries_its_recipe_as_resolved(light: dict[str, Recipe]) -> None:
    report = lb.Report()
    picture = lb.develop(lb.read("a.dng", "b.dng"), look="mono", ev=0.5, report=report)
    assert picture.recipe["settings"] == {**Recipe().to_dict(), "look": "mono", "ev": 0.5}
    assert picture.recipe["decided"] == {
        "burst": {"frames": 2, "used": 2},
        "look": {"ev": 1.5},
    }
    assert picture.recipe["frames"] == ["a.dng", "b.dng"]
    assert set(report.seconds) == {"develop", "look"}


def test_depth_is_decided_once(light: dict[str, Recipe]) -> None:
    assert lb.develop(lb.read("a.dng")).image.dtype == np.uint16
    assert light["look"].depth == "16"
    assert lb.develop(lb.read("a.dng"), depth="8").image.dtype == np.uint8
    assert lb.develop(lb.read("a.dng"), depth=16).recipe["settings"]["depth"] == "16"


def test_settings_go_before_a_recipe(light: dict[str, Recipe], tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps({"look": "vibrant", "ev": 1.0}))
    lb.develop(lb.read("a.dng"), tmp_path / "r.json", ev=-1)
    assert (light["look"].look, light["look"].ev) == ("vibrant", -1)
    with pytest.raises(RecipeError, match="no setting is named lok"):
        lb.develop(lb.read("a.dng"), lok="mono")


def test_a_photograph_is_a_recipe(light: dict[str, Recipe], tmp_path: Path) -> None:
    picture = lb.develop(lb.read("a.dng"), look="authentic", wb="3400,-10", size=640)
    for name in ("a.jpg", "a.png", "a.tif"):
        picture.save(tmp_path / name)
        assert load(tmp_path / name) == Recipe(look="authentic", wb="3400,-10", size=640)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no recipe"),
        ("{", ":1: is not JSON"),
        ("[" * 100_000, "no recipe"),
        ("[1]", "one JSON object"),
        ('{"look": "loud"}', "loud"),
        ('{"size": 1200.5}', "not a whole number"),
        ('{"ev": NaN}', "ev"),
        ('{"ev": null}', "ev"),
        ('{"ev": true}', "ev"),
        ('{"wb": [1]}', "wb"),
        ('{"colour": 1}', "colour"),
    ],
)
def test_a_bad_recipe_is_named(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(RecipeError, match=told) as caught:
        load(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_merge_gives_the_raw_frame(light: dict[str, Recipe]) -> None:
    assert lb.merge(lb.read("a.dng", "b.dng", "c.dng")).frame_count == 3


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_the_function_and_the_leg_of_its_name_live_side_by_side() -> None:
    assert run(
        "import lichtbild as lb; from lichtbild.develop.scene import develop_scene as f;"
        "import lichtbild.develop, lichtbild.develop.scene as s;"
        "print(callable(lb.develop), lb.develop.__module__, f.__module__, s.develop_scene is f)"
    ).split() == ["True", "lichtbild.api", "lichtbild.develop.scene", "True"]
    assert lb.develop.__doc__ == api.develop.__doc__ and lb.develop.__name__ == "develop"
    assert set(lb.__all__) <= set(dir(lb))
    for name in lb.__all__:
        assert getattr(lb, name).__name__.lower() == name.lower()
    with pytest.raises(AttributeError, match="no_such"):
        _ = lb.no_such


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = run(
        "import lichtbild, sys; print([m for m in ('numpy', 'rawpy', 'imagecodecs', 'click') if m in sys.modules])"
    )
    assert heavy.strip() == "[]"
    heavy = run(
        "import os, sys; sys.argv = ['lichtbild', '--help']; os._exit = sys.exit\n"
        "from lichtbild.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: print([m for m in ('numpy', 'rawpy', 'imagecodecs') if m in sys.modules])"
    )
    assert heavy.splitlines()[-1] == "[]"


# Of the standard library, and what other photographs need than a plain one.
NOT_FOR_A_PLAIN_FRAME = {
    *("dataclasses", "tomllib", "hashlib", "concurrent.futures", "logging", "fractions"),
    *("burst.align", "burst.detail", "burst.evidence", "burst.flicker", "burst.interpolate", "burst.merger"),
    *("raw.floats", "raw.jpeg", "raw.jpeg_xl", "raw.libraw", "packs.names", "packs.catalog", "develop.lift"),
    *("develop.linear", "develop.optics", "develop.defringe", "develop.refine", "develop.superres", "develop.hue_sat"),
    *("look.grading", "look.lut", "look.glow", "output.png", "output.tiff_file", "output.ultrahdr", "output.light"),
}


def test_a_plain_frame_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    level = np.random.default_rng(1).normal(3000, 60, (96, 128))
    (tmp_path / "a.dng").write_bytes(make_dng(level.clip(0, 65535).astype(np.uint16)))
    loaded = run(
        f"import os, sys; sys.argv = ['lichtbild', 'develop', {str(tmp_path / 'a.dng')!r}, '-o', "
        f"{str(tmp_path / 'a.jpg')!r}]; os._exit = sys.exit\n"
        "from lichtbild.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as end: print(end.code, *sys.modules, sep='\\n')"
    ).splitlines()[1:]
    assert loaded[0] == "0" and "lichtbild.output.jpeg" in loaded
    assert not NOT_FOR_A_PLAIN_FRAME & {name.removeprefix("lichtbild.") for name in loaded}


def test_more_frames_than_a_burst_has_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BurstError, match="101 frames are more than 100; name those of one burst"):
        lb.read(*[tmp_path / f"{i}.dng" for i in range(101)])


def test_lists_and_generators_of_bursts_are_one_burst() -> None:
    frames = [a_frame(name) for name in ("a.dng", "b.dng", "c.dng")]
    for given in ((lb.read(f) for f in frames), [[frames[0]], frames[1:]], [lb.read(frames[:2]), frames[2]]):
        assert [f is g for f, g in zip(lb.read(given), frames, strict=True)] == [True] * 3


@pytest.mark.parametrize("given", [3, None, np.zeros((4, 4)), [1.5]])
def test_what_is_no_frame_is_told(given: object) -> None:
    with pytest.raises(lb.BurstError, match="neither the name"):
        lb.read(given)
