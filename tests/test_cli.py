"""The command line: one line for every error, exit codes, what is printed where, and nothing half-written."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

# Stand-ins for the legs of the path of light, so that the command line alone is tried; HOOK is run in the look leg.
LEGS = """
import os, sys, time
from pathlib import Path
from types import SimpleNamespace as Module
import numpy as np
from lichtbild.carriers import *
from lichtbild.errors import *

def probe(path):
    if not path.exists():
        raise RawError(f"{path}: no such file; name a raw file")
    return Module(metadata=Metadata(capture_time="2026:01:01 00:00:00"))

def merge_burst(burst, recipe, report):
    with report.leg("read"):
        pass
    with report.leg("merge"):
        for i in range(len(burst)):
            report.progress("merge", (i + 1) / len(burst))
    report.decide("burst", frames=len(burst), used=len(burst))
    report.notice("b.dng: is blurred beyond use;\\nleft out")
    return Frame(np.zeros((20, 30), np.uint16), "RGGB", (0,) * 4, 1.0, 1.0, NoiseProfile((0,) * 3, (0,) * 3),
                 Metadata(path=burst.frames[0], make="Optik", model="O-1"), frame_count=len(burst))

def develop_scene(frame, recipe, report):
    return Scene(np.zeros((20, 30, 3), np.float32), frame.noise_profile, (1,) * 3, (0.3, 0.3), 1.0, frame.metadata)

def render_picture(scene, recipe, report):
    HOOK
    dtype = {"8": np.uint8, "10": np.uint16, "16": np.uint16, "32f": np.float32}[recipe.depth]
    return Picture(np.zeros((20, 30, 3), dtype), "srgb", scene.metadata)

for name, function in (("raw.read", probe), ("burst.merge", merge_burst), ("develop.scene", develop_scene),
                       ("look.render", render_picture)):
    sys.modules["lichtbild." + name] = Module(**{function.__name__: function})
from lichtbild.cli.main import main
main()
"""


def command(*args: str | Path, hook: str = "pass") -> list[str]:
    return [sys.executable, "-c", LEGS.replace("HOOK", hook), *map(str, args)]


def lichtbild(*args: str | Path, hook: str = "pass", **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*args, hook=hook), capture_output=True, text=True, env={**os.environ, **env}, timeout=60, check=False
    )


@pytest.fixture
def shots(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "shots"
    folder.mkdir()
    paths = [folder / name for name in ("a.dng", "b.dng", "c.dng")]
    for path in paths:
        path.write_bytes(b"II*\0 not empty")
    return paths


def fails(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended with code 2 and one line on stderr that says all the words."""
    errors = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
    assert (done.returncode, len(errors), done.stdout) == (2, 1, ""), done
    assert errors[0].startswith("error: ")
    for word in words:
        assert word in errors[0], errors[0]


def test_a_photograph_ends_in_one_line(shots: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "photo.jpg"
    done = lichtbild("develop", *shots, "-o", out)
    assert done.returncode == 0
    name, _, told = done.stdout.removesuffix("\n").partition(": ")
    size, kilobytes, frames, seconds = told.split(", ")
    length = f"{out.stat().st_size / 1000:.0f} kB"
    assert (name, size, kilobytes, frames) == (str(out), "30 x 20", length, "3 of 3 frames")
    assert float(seconds.removesuffix(" s")) > 0
    assert done.stderr == "warning: b.dng: is blurred beyond use; left out\n"
    assert out.read_bytes()[:2] == b"\xff\xd8"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photo.jpg", "shots"]


def test_the_report_says_everything(shots: list[Path], tmp_path: Path) -> None:
    done = lichtbild("develop", shots[0], "-o", tmp_path / "p.tif", "--report", tmp_path / "r.json", "--ev", "-0.5")
    assert done.returncode == 0 and "1 frame," in done.stdout
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["settings"]["ev"] == -0.5 and report["settings"]["depth"] == "16"
    assert set(report["seconds"]) == {"probe", "read", "merge", "develop", "look", "output"}
    assert report["decided"]["burst"] == {"frames": 1, "used": 1}
    assert report["notices"] == ["b.dng: is blurred beyond use;\nleft out"] and report["total_seconds"] > 0
    again = lichtbild("develop", shots[0], "-o", tmp_path / "q.tif", "--recipe", tmp_path / "r.json")
    assert again.returncode == 0


def test_options_go_before_the_recipe(shots: list[Path], tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"look": "mono", "ev": 1}')
    show = "print(recipe.look, recipe.ev, recipe.depth, recipe.space)"
    options = ("--recipe", tmp_path / "recipe.json", "--ev", "+2", "--space", "p3")
    done = lichtbild("develop", shots[0], "-o", tmp_path / "p.png", *options, hook=show)
    assert done.stdout.splitlines()[0] == "mono 2.0 8 p3"


def test_every_setting_has_an_option_and_a_help() -> None:
    told = lichtbild("develop", "--help", COLUMNS="200").stdout
    for name in ("look", "mode", "ev", "wb", "reference", "denoise", "sharpen", "size", "quality", "space", "depth"):
        assert f"--{name} " in told
    for name in ("--recipe", "--report", "--overwrite", "-o, --output", "--size LONG_EDGE", "KELVIN[,TINT]"):
        assert name in told
    shoot = lichtbild("simulate", "--help").stdout
    assert all(name in shoot for name in ("--frames", "--iso", "--bracket", "street-night"))


def test_bare_help_and_version() -> None:
    bare, asked = lichtbild(), lichtbild("--help")
    assert bare.returncode == asked.returncode == 0 and bare.stdout == asked.stdout
    assert all(name in asked.stdout for name in ("develop", "info", "simulate"))
    assert lichtbild("--version").stdout.startswith("Lichtbild ")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("develop",), ("FILES", "--help")),
        (("develop", "a.dng"), ("output", "--help")),
        (("develop", "a.dng", "-o", "x.jpg", "--lok", "mono"), ("--lok", "--help")),
        (("develop", "a.dng", "-o", "x.jpg", "--look", "loud"), ("loud", "natural")),
        (("develop", "a.dng", "-o", "x.jpg", "--ev", "much"), ("much", "--ev")),
        (("develop", "a.dng", "-o", "x.jpg", "--ev", "9"), ("ev", "-5", "5")),
        (("develop", "a.dng", "-o", "x.jpg", "--ev", "nan"), ("ev",)),
        (("develop", "a.dng", "-o", "x.jpg", "--wb", "warm"), ("warm", "as-shot", "5200")),
        (("develop", "a.dng", "-o", "x.jpg", "--depth", "16"), ("x.jpg", "JPEG", ".png or .tif")),
        (("develop", "a.dng", "-o", "x.webp"), ("x.webp", ".jpg")),
        (("develop", "a.dng", "-o", "nowhere/x.jpg"), ("nowhere", "does not exist")),
        (("develop", "a.dng", "-o", "/"), ("/", "folder")),
        (("develop", "a.dng", "-o", f"{'x' * 300}.jpg"), ("x.jpg", "too long")),
        (("develop", "missing.dng", "-o", "x.jpg"), ("missing.dng", "name a raw file")),
        (("develop", "a.dng", "-o", "x.jpg", "--recipe", "no.json"), ("no.json", "recipe")),
        (("develop", "a.dng", "-o", "x.jpg", "--report", "nowhere/r.json"), ("nowhere",)),
        (("develop", "a.dng", "-o", "x.jpg", "--report", "x.jpg"), ("x.jpg", "same name")),
        (("grow",), ("grow", "--help")),
        (("simulate", "street-night"), ("output",)),
        (("simulate", "street-night", "-o", "d", "--size", "big"), ("big", "4000x3000")),
    ],
)
def test_wrong_arguments_end_in_one_line(
    args: tuple[str, ...], words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.dng").write_bytes(b"raw")
    fails(lichtbild(*args, PYTHONPATH=str(Path(__file__).parents[1] / "src")), *words)
    assert [p.name for p in Path().iterdir()] == ["a.dng"]


def test_what_exists_is_kept_unless_told(shots: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "p.jpg"
    out.write_text("mine")
    must_not_run = "raise SystemError('developed before the output was checked')"
    fails(lichtbild("develop", shots[0], "-o", out, hook=must_not_run), "p.jpg", "exists")
    assert out.read_text() == "mine"
    assert lichtbild("develop", shots[0], "-o", out, "--overwrite").returncode == 0
    assert out.read_bytes()[:2] == b"\xff\xd8"


def test_no_frame_is_ever_overwritten(shots: list[Path], tmp_path: Path) -> None:
    link = tmp_path / "link.dng"
    link.symlink_to(shots[1])
    for out in (shots[1], link):
        done = lichtbild("develop", *shots, "-o", out, "--overwrite")
        fails(done, out.name, "one of the frames")
    assert shots[1].read_bytes() == b"II*\0 not empty"


def test_a_link_is_followed_and_permissions_follow_the_umask(shots: list[Path], tmp_path: Path) -> None:
    target, link = tmp_path / "real.jpg", tmp_path / "link.jpg"
    target.write_text("old")
    link.symlink_to(target)
    assert lichtbild("develop", shots[0], "-o", link, "--overwrite").returncode == 0
    assert link.is_symlink() and target.read_bytes()[:2] == b"\xff\xd8"
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(shots: list[Path], tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o500)
    fails(lichtbild("develop", shots[0], "-o", shut / "p.jpg"), "shut/p.jpg", "permission")


def test_a_full_disk_leaves_nothing_behind(shots: list[Path], tmp_path: Path) -> None:
    full = "import errno; os.write = lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, 'full'))"
    fails(
        lichtbild("develop", shots[0], "-o", tmp_path / "p.jpg", hook=full), "p.jpg", "disk is full", "free some space"
    )
    assert [p.name for p in tmp_path.iterdir()] == ["shots"]


def test_a_file_size_limit_leaves_nothing_behind(shots: list[Path], tmp_path: Path) -> None:
    limit = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); " + (
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
    )
    fails(lichtbild("develop", shots[0], "-o", tmp_path / "p.tif", hook=limit), "p.tif", "larger than")
    assert [p.name for p in tmp_path.iterdir()] == ["shots"]


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        ("raise MemoryError", ("not enough memory",)),
        ("raise KernelError('kernel tone: too\\nsmall')", ("kernel tone: too small", "report", "LICHTBILD_DEBUG=1")),
        ("raise ZeroDivisionError('oh')", ("ZeroDivisionError: oh", "report", "LICHTBILD_DEBUG=1")),
        ("raise BurstError('a.dng: nothing fits')", ("a.dng: nothing fits",)),
        ("raise RecursionError", ("RecursionError",)),
    ],
)
def test_whatever_goes_wrong_is_one_line(hook: str, words: tuple[str, ...], shots: list[Path], tmp_path: Path) -> None:
    fails(lichtbild("develop", shots[0], "-o", tmp_path / "p.jpg", hook=hook), *words)
    shown = lichtbild("develop", shots[0], "-o", tmp_path / "p.jpg", hook=hook, LICHTBILD_DEBUG="1")
    assert "Traceback" in shown.stderr and shown.returncode == 2


STOP = (
    dedent("""
    import threading
    threading.Thread(target=time.sleep, args=(30,)).start()
    Path(sys.argv[-1]).write_text('here'); time.sleep(30)
""")
    .strip()
    .replace("\n", "; ")
)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_is_quiet_and_leaves_nothing(number: int, code: int, shots: list[Path], tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    args = ("develop", shots[0], "-o", tmp_path / "p.jpg", "--report", flag)
    process = subprocess.Popen(command(*args, hook=STOP), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for _ in range(500):
        if flag.exists():
            break
        time.sleep(0.02)
    start = time.monotonic()
    process.send_signal(number)
    out, errors = process.communicate(timeout=20)
    assert time.monotonic() - start < 5  # a worker that still runs is not waited for
    assert (process.returncode, out) == (code, "")
    assert errors.splitlines()[-1] == "stopped; no unfinished file is left" and "Traceback" not in errors
    assert sorted(p.name for p in tmp_path.iterdir()) == ["flag", "shots"]


def test_a_stop_while_writing_leaves_nothing(shots: list[Path], tmp_path: Path) -> None:
    interrupt = (
        "import signal; real = os.write; os.write = lambda *a: (os.kill(os.getpid(), signal.SIGINT), real(*a))[1]"
    )
    done = lichtbild("develop", shots[0], "-o", tmp_path / "p.jpg", hook=interrupt)
    assert done.returncode == 130
    assert [p.name for p in tmp_path.iterdir()] == ["shots"]


def test_bars_are_drawn_on_a_terminal_only(shots: list[Path], tmp_path: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command("develop", *shots, "-o", tmp_path / "p.jpg"),
        stdout=subprocess.PIPE,
        stderr=slave,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    out, _ = process.communicate(timeout=60)
    os.close(slave)
    drawn = os.read(master, 1 << 16).decode()
    os.close(master)
    for label in ("Reading", "Merging", "Developing", "Finishing", "Writing"):
        assert f"{label:<11}" in drawn
    assert "━" * 30 in drawn and "\nwarning: b.dng" in drawn.replace("\r\x1b[K", "\n")
    assert out.decode().startswith(str(tmp_path / "p.jpg"))


def test_a_merged_dng_says_what_it_ignores(shots: list[Path], tmp_path: Path) -> None:
    done = lichtbild("develop", *shots, "-o", tmp_path / "m.dng", "--look", "mono", "--ev", "1", "--reference", "2")
    assert done.returncode == 0, done
    assert "a merged DNG is undeveloped, so --look, --ev" in done.stderr
    assert (tmp_path / "m.dng").read_bytes()[:4] == b"II*\0"


def test_a_full_standard_output_is_one_line(shots: list[Path], tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command_line = command("develop", shots[0], "-o", tmp_path / "p.jpg")
        done = subprocess.run(command_line, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: standard output: No space left on device; ")
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_go_nowhere(shots: list[Path], tmp_path: Path, closed: str) -> None:
    """As under a service that opens none: no traceback, the photograph is whole, and nothing is written into it."""
    told = tmp_path / "told"
    for out, code in (("p.jpg", 0), ("none/p.jpg", 2)):
        words = [*command("develop", *shots, "-o", tmp_path / out), "-c", f'exec "$@" {closed}', "sh"]
        line = ["sh", *words[-3:], *words[:-3]]
        with told.open("w") as file:
            done = subprocess.run(line, stdout=file, stderr=subprocess.STDOUT, timeout=60, check=False)
        assert done.returncode == code, told.read_text()
        assert "Traceback" not in told.read_text() and "unexpected" not in told.read_text()
    assert (tmp_path / "p.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert (tmp_path / "p.jpg").read_bytes()[-2:] == b"\xff\xd9"
    for args in ("--help", "looks list"):
        line = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "lichtbild", *args.split()]
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_names_cannot_steer_the_terminal(shots: list[Path], tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\x1b[31mred\xff\n.jpg")
    done = lichtbild("develop", shots[0], "-o", odd)
    assert done.returncode == 0 and odd.exists() and done.stdout.count("\n") == 1
    assert "\x1b" not in done.stdout and "red" in done.stdout
    fails(lichtbild("develop", shots[0], "-o", odd), "?[31mred", "exists")


def test_threads_are_a_number(shots: list[Path], tmp_path: Path) -> None:
    for number in ("1", "3", ""):
        use = "from lichtbild import native; print(native.library() is not None)"
        assert lichtbild("develop", shots[0], "-o", tmp_path / f"{number}.jpg", hook=use, LICHTBILD_THREADS=number)
    use = "from lichtbild import native; native.library()"
    fails(
        lichtbild("develop", shots[0], "-o", tmp_path / "p.jpg", hook=use, LICHTBILD_THREADS="all"),
        "LICHTBILD_THREADS=all",
    )


def test_a_reader_that_goes_away_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command("develop", "--help"), stdout=writer, stderr=subprocess.PIPE, text=True, timeout=30, check=False
    )
    os.close(writer)
    errors = done.stderr
    assert "Traceback" not in errors and "Exception ignored" not in errors
