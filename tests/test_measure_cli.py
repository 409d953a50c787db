"""`lichtbild measure`: tables, JSON and reports; one line for everything that cannot be measured."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from lichtbild.color import encode_srgb
from lichtbild.errors import LichtbildError, MeasureError
from lichtbild.measure.bench import BenchSettings, at_brightness_of, run_bench
from lichtbild.measure.image import load
from lichtbild.measure.peers import PEERS, installed
from lichtbild.measure.process import run_program
from lichtbild.measure.profile import read_profile, standard
from lichtbild.measure.table import number, table
from lichtbild.output.icc import profile
from lichtbild.report import Report
from lichtbild.virtual.simulate import simulate
from whole_program import fails, lichtbild


def measure(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return lichtbild("measure", *args)


class Tags(HTMLParser):
    """Checks that tags are closed, and that nothing is fetched from elsewhere."""

    EMPTY = frozenset({"meta", "img", "line", "circle", "polyline", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        for name, value in attrs:
            assert name not in ("src", "href") or (value or "").startswith("data:"), (tag, name)
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check_page(path: Path, *wanted: str) -> str:
    text = path.read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    assert not tags.open and set(wanted) <= tags.seen and "://" not in re.sub(r"data:[^\"]*", "", text)
    assert "prefers-color-scheme" in text and "@media print" in text and not re.search(r"\bnan\b", text)
    return text


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("tripod")
    still = {"shake": 0.0, "rotation": 0.0, "motion": 0.0}
    return simulate("resolution-chart", folder, frames=3, size="640x480", iso=400, **still)


@pytest.fixture(scope="module")
def picture(shots: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    import lichtbild as lb

    path = tmp_path_factory.mktemp("picture") / "chart.png"
    lb.develop(lb.read(shots[0])).save(path)
    return path


def test_noise(shots: list[Path], tmp_path: Path) -> None:
    done = measure("noise", *shots, "--json", tmp_path / "n.json", "--html", tmp_path / "n.html")
    assert done.returncode == 0 and done.stderr == "", done
    assert "full well e-" in done.stdout and "400 G" in done.stdout
    found = json.loads((tmp_path / "n.json").read_text())
    assert found["isos"][0]["profile"]["scale"][1] == pytest.approx(1 / 1125, rel=0.03)
    assert found["isos"][0]["dynamic_range"]["snr1"] > 8 and len(found["isos"][0]["lines"]) == 3
    check_page(tmp_path / "n.html", "svg", "polyline", "circle", "table")


def test_sharpness(picture: Path, tmp_path: Path) -> None:
    done = measure("sharpness", picture, "-o", tmp_path / "s.json", "--html", tmp_path / "s.html")
    assert done.returncode == 0 and done.stderr == "" and "MTF50" in done.stdout, done
    found = json.loads((tmp_path / "s.json").read_text())
    assert 0.2 < found["mtf50"] < 0.8 and found["lateral_ca"] < 0.4
    check_page(tmp_path / "s.html", "svg", "polyline", "img")
    x, y, w, h = found["edges"][0]["region"]
    done = measure("sharpness", picture, "--roi", f"{x},{y},{w},{h}")
    assert done.returncode == 0 and "1 slanted edge" in done.stdout


def test_chart_and_compare(tmp_path: Path) -> None:
    import lichtbild as lb

    files = simulate("still-life", tmp_path, frames=1, size="800x600", iso=100, shading=0.0)
    truth = tmp_path / "truth" / "truth_01.dng"
    for name, source in (("a.jpg", files[0]), ("t.jpg", truth)):
        lb.develop(lb.read(source)).save(tmp_path / name)
    lb.develop(lb.read(files[0]), denoise=0.0).save(tmp_path / "b.jpg")
    done = measure("chart", tmp_path / "a.jpg", "--json", tmp_path / "c.json", "--html", tmp_path / "c.html")
    assert done.returncode == 0 and "24 black" in done.stdout and "White balance" in done.stdout, done
    found = json.loads((tmp_path / "c.json").read_text())
    assert len(found["chart"]["patches"]) == 24 and 0 < found["matched"]["mean"] < found["matched"]["largest"] < 20
    assert "homography" not in found["chart"]
    check_page(tmp_path / "c.html", "svg", "img", "circle")
    options = ("--truth", tmp_path / "t.jpg", "--json", tmp_path / "d.json", "--html", tmp_path / "d.html")
    done = measure("compare", tmp_path / "a.jpg", tmp_path / "b.jpg", *options)
    assert done.returncode == 0 and "SSIM" in done.stdout, done
    a, b = json.loads((tmp_path / "d.json").read_text())["likenesses"]
    assert (a["name"], b["name"]) == ("a.jpg", "b.jpg") and a["psnr"] > b["psnr"] and a["ssim"] > b["ssim"]
    assert "delta_e_map" not in a and len(a["texture"]) >= 4
    check_page(tmp_path / "d.html", "svg", "img", "polyline")
    done = measure("compare", tmp_path / "a.jpg", tmp_path / "a.jpg", "--mask", tmp_path / "a.jpg")
    assert done.returncode == 0 and "same" in done.stdout


def test_bench_of_what_is_here(tmp_path: Path) -> None:
    settings = BenchSettings(iso=3200, frames=2, size="320x240")
    found = run_bench(["resolution-chart"], settings, programs=["lichtbild", "rawpy" if _rawpy() else "LibRaw"])
    names = [r.program for r in found.results]
    assert names[:2] == ["Lichtbild, burst", "Lichtbild, one frame"] and len(names) == 3
    for r in found.results:
        assert not r.failed and r.likeness is not None and r.seconds > 0.01 and r.megabytes > 5
    burst, one, plain = (r.likeness for r in found.results)
    assert burst and one and plain and burst.psnr > one.psnr > plain.psnr - 1
    assert found.results[0].psnr_matched == pytest.approx(burst.psnr, abs=0.7)  # it sets the brightness
    first = found.results[1]
    assert first.picture is not None and first.truth is not None
    darker = replace(first, picture=first.picture // 2, truth=first.truth // 2)
    assert at_brightness_of(first.truth, darker).psnr_matched == pytest.approx(first.psnr_matched, abs=0.7)
    from lichtbild.measure.bench_report import bench_page, bench_text

    assert "resolution-chart: Lichtbild, burst" in bench_text(found)
    ours = replace(first, seconds=2.0)
    quick = replace(
        found.results[2], seconds=0.5, psnr_matched=ours.psnr_matched + 1.25, ssim_matched=0.0, megabytes=1e6
    )
    told = bench_text(replace(found, results=(ours, quick)))
    assert "  0.25  " in told and f"{quick.program} is ahead of Lichtbild, one frame: takes 0.25 times" in told
    assert "+1.25 dB" in told and "SSIM," not in told.partition("ahead")[2]
    (tmp_path / "b.html").write_text(bench_page(found).html, encoding="utf-8")
    check_page(tmp_path / "b.html", "img", "table", "svg")
    with pytest.raises(MeasureError, match="no program of that name"):
        run_bench(programs=["no such program"])


def _rawpy() -> bool:
    return any(p.name == "LibRaw by rawpy" for p in installed())


def test_programs_are_measured_and_stopped() -> None:
    quick = run_program([sys.executable, "-c", "x = bytearray(200_000_000)"])
    assert not quick.failed and 0.01 < quick.seconds < 30 and 190 < quick.megabytes < 300
    small = run_program([sys.executable, "-S", "-c", "pass"])
    assert small.megabytes < 40  # not that of this process
    assert run_program([sys.executable, "-c", "raise SystemExit('no light')"]).failed == "no light"
    assert "cannot be started" in run_program(["/no/such/program"]).failed
    late = run_program([sys.executable, "-c", "import time; time.sleep(60)"], longest=0.5)
    assert "longer than 0.5 s" in late.failed
    assert {p.name for p in installed()} <= {p.name for p in PEERS}


def text_file(folder: Path) -> Path:
    (folder / "a.jpg").write_text("Dear diary")
    return folder / "a.jpg"


def empty(folder: Path) -> Path:
    (folder / "a.jpg").touch()
    return folder / "a.jpg"


def a_folder(folder: Path) -> Path:
    return folder


def missing(folder: Path) -> Path:
    return folder / "missing.png"


def cut_short(folder: Path) -> Path:
    data = imagecodecs.png_encode(np.zeros((200, 200, 3), np.uint8))
    (folder / "a.png").write_bytes(bytes(data)[:120])
    return folder / "a.png"


def huge(folder: Path) -> Path:
    data = bytearray(imagecodecs.png_encode(np.zeros((32, 32, 3), np.uint8)))
    data[16:24] = (100_000).to_bytes(4, "big") * 2
    (folder / "a.png").write_bytes(bytes(data))
    return folder / "a.png"


def a_film(folder: Path) -> Path:
    (folder / "a.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    return folder / "a.mp4"


def tiny(folder: Path) -> Path:
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    return folder / "a.png"


def cmyk(folder: Path) -> Path:
    Image.new("CMYK", (64, 64)).save(folder / "a.jpg")
    return folder / "a.jpg"


def damaged_raw(folder: Path) -> Path:
    (folder / "a.dng").write_bytes(b"II*\0" + bytes(range(256)) * 40)
    return folder / "a.dng"


def rle_bmp(folder: Path) -> Path:
    data = bytearray(imagecodecs.bmp_encode(np.zeros((32, 32, 3), np.uint8)))
    data[30:34] = (1).to_bytes(4, "little")
    (folder / "a.bmp").write_bytes(data)
    return folder / "a.bmp"


def cut_webp(folder: Path) -> Path:
    (folder / "a.webp").write_bytes(imagecodecs.webp_encode(np.zeros((64, 64, 3), np.uint8), lossless=True)[:30])
    return folder / "a.webp"


def huge_gif(folder: Path) -> Path:
    (folder / "a.gif").write_bytes(b"GIF89a" + b"\xff" * 4 + bytes(40))
    return folder / "a.gif"


def hdr_avif(folder: Path) -> Path:
    from lichtbild.output import avif

    (folder / "a.avif").write_bytes(avif.encode(np.zeros((64, 64, 3), np.uint16), 10, "rec2020", "pq", 80, "quick"))
    return folder / "a.avif"


def cut_avif(folder: Path) -> Path:
    (folder / "a.avif").write_bytes(hdr_avif(folder).read_bytes()[:90])
    return folder / "a.avif"


BAD = [
    rle_bmp,
    cut_webp,
    huge_gif,
    hdr_avif,
    cut_avif,
    text_file,
    empty,
    a_folder,
    missing,
    cut_short,
    huge,
    a_film,
    tiny,
    cmyk,
    damaged_raw,
]


@pytest.mark.parametrize("make", BAD)
def test_bad_pictures_are_one_line(make: Callable[[Path], Path], tmp_path: Path) -> None:
    bad = make(tmp_path)
    fails(measure("sharpness", bad, "--json", tmp_path / "new.json"), bad.name, ";")
    assert not (tmp_path / "new.json").exists()
    with pytest.raises(Exception, match=re.escape(bad.name)) as caught:
        load(bad)
    assert "\n" not in str(caught.value) and ";" in str(caught.value)


def test_bad_arguments_are_one_line(picture: Path, shots: list[Path], tmp_path: Path) -> None:
    fails(measure("noise", shots[0]), "two of them")
    fails(measure("noise", picture, picture), "not a raw file")
    fails(measure("chart", picture), "no 24-patch chart", ";")
    fails(measure("chart", picture, "--reference", "mine"), "mine", ";")
    fails(measure("sharpness", picture, "--roi", "1,2,3"), "X,Y,W,H")
    fails(measure("sharpness", picture, "--roi", "9000,1,80,80"), "not inside")
    fails(measure("compare", picture, tmp_path / "no.png"), "no.png", "check the name")
    fails(measure("compare", picture), "argument")
    fails(measure("bench", "--iso", "5"), "iso", "25")
    fails(measure("bench", "--program", "nonesuch"), "nonesuch")
    fails(measure("colour"), "colour")
    (tmp_path / "there.json").write_text("{}")
    fails(measure("sharpness", picture, "--json", tmp_path / "there.json"), "exists already")
    assert (tmp_path / "there.json").read_text() == "{}"
    fails(measure("sharpness", picture, "--json", picture, "--overwrite"), "one of the files")
    fails(measure("sharpness", picture, "--html", tmp_path / "no" / "a.html"), "folder")
    same = ("--json", tmp_path / "x", "--html", tmp_path / "x")
    fails(measure("sharpness", picture, *same), "same name")
    small = tmp_path / "small.png"
    Image.open(picture).resize((320, 240)).save(small)
    fails(measure("compare", picture, small), "different sizes", ";")


def test_every_measurement_explains_itself() -> None:
    told = measure("--help").stdout
    for name in ("noise", "chart", "sharpness", "compare", "bench"):
        assert re.search(rf"^\s+{name}\s+\w", told, re.MULTILINE)
        own = measure(name, "--help").stdout
        assert "--json" in own and "--html" in own and len(own) > 400


def test_pictures_are_read_as_they_are_meant(tmp_path: Path) -> None:
    light = np.linspace(0.02, 0.9, 64 * 96).reshape(64, 96)
    grey = np.repeat(light[..., None], 3, 2)
    eight = np.rint(encode_srgb(grey) * 255).astype(np.uint8)
    Image.fromarray(eight).save(tmp_path / "a.png", icc_profile=profile("srgb"))
    sixteen = np.rint(encode_srgb(grey) * 65535).astype(np.uint16)
    (tmp_path / "b.tif").write_bytes(imagecodecs.tiff_encode(sixteen))
    tifffile.imwrite(tmp_path / "c.tif", grey.astype(np.float32), photometric="rgb")
    Image.fromarray(eight[..., 0]).save(tmp_path / "d.png")
    Image.fromarray(np.dstack([eight, eight[..., :1]])).save(tmp_path / "e.png")
    for name, off in (("a.png", 5e-3), ("b.tif", 2e-5), ("c.tif", 1e-6), ("d.png", 5e-3), ("e.png", 5e-3)):
        report = Report()
        image = load(tmp_path / name, report)
        assert image.shape == (64, 96) and image.samples.shape[2] == 3
        np.testing.assert_allclose(image.luminance, light, atol=off)
        assert bool(report.notices) == (name != "a.png"), (name, report.notices)
    turned = Image.fromarray(eight)
    exif = Image.Exif()
    exif[274] = 6
    turned.save(tmp_path / "f.jpg", exif=exif, quality=95)
    np.testing.assert_allclose(load(tmp_path / "f.jpg").luminance, np.rot90(light, -1), atol=0.03)


@pytest.mark.parametrize("space", ["srgb", "p3", "rec2020"])
@pytest.mark.parametrize("linear", [False, True])
def test_profiles_are_read(space: str, linear: bool) -> None:
    found = read_profile(profile(space, linear))
    assert found is not None and (found.curves is None) == linear
    np.testing.assert_allclose(found.to_xyz, standard(space).to_xyz, atol=3e-4)
    np.testing.assert_allclose(found.to_xyz.sum(1), (0.9642, 1.0, 0.8249), atol=1e-4)
    if space != "rec2020":
        assert found.same_as(standard(space, linear))
    assert read_profile(profile(space)[:200]) is None and read_profile(b"") is None
    for cut in range(0, 480, 7):
        damaged = bytearray(profile(space))
        damaged[cut % len(damaged)] ^= 0xFF
        read_profile(bytes(damaged))  # None or a space, but no crash


def test_damaged_pictures_do_no_harm(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    image = Image.fromarray(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
    kinds = ({"format": "JPEG"}, {"format": "PNG"}, {"format": "TIFF"}, {"format": "TIFF", "compression": "tiff_lzw"})
    whole = []
    for kind in kinds:
        buffer = io.BytesIO()
        image.save(buffer, icc_profile=profile("p3"), **kind)
        whole.append(buffer.getvalue())
    path, read = tmp_path / "damaged", 0
    for k in range(400):
        data = bytearray(whole[k % len(whole)])
        for at in rng.integers(0, min(len(data), 900), rng.integers(1, 6)):
            data[at] = rng.choice([0, 255, 127, int(rng.integers(256))])
        path.write_bytes(data[: rng.integers(1, len(data))] if k % 9 == 0 else data)
        try:
            read += load(path).luminance.ndim == 2
        except LichtbildError as error:
            assert "\n" not in str(error) and str(path) in str(error)
    assert 40 < read < 390


def test_numbers_and_tables() -> None:
    assert [number(v) for v in (0.12345, 1234.5, 0, float("nan"), float("inf"), 1e-7)] == [
        *("0.123", "1234", "0.00", "-", "infinite", "1.00e-07"),
    ]
    lines = table(("a", "bb"), [["long name", "1"], ["x", "222"]]).splitlines()
    assert lines == ["a           bb", "---------  ---", "long name    1", "x          222"]
    head, row = ("name", "one", "two", "three"), ["x", "111", "222", "33333"]
    narrow = table(head, [row], room=14).splitlines()
    assert narrow == [
        *("name  one  two", "----  ---  ---", "x     111  222", ""),
        *("name  three", "----  -----", "x     33333"),
    ]
    assert table(head, [row], room=3).count("name") == 3  # a column is never cut
