"""Compile the Halide kernels of this folder ahead of time.

    python kernels/build.py --list                      # one line per module: itself, then what it imports
    python kernels/build.py --out DIR demosaic align    # DIR/demosaic.a, DIR/align.a
    python kernels/build.py --out DIR halide_runtime    # the one runtime that all kernels share

A module defines kernels with the `@kernel` decorator of `kernel.py`. Each is compiled for several processor
generations; the library picks the best one when it runs. `LICHTBILD_TARGETS=host` compiles for this
machine alone, which is quicker while a kernel is being written.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

HERE = Path(__file__).parent
X86 = "x86-64-linux-sse41"
AVX2 = f"{X86}-avx-avx2-f16c-fma"
AVX512 = f"{AVX2}-avx512-avx512_skylake"
ARM = "arm-64-linux"


def targets() -> list[str]:
    """Target triples to compile for, best first; the last one is the baseline."""
    chosen = os.environ.get("LICHTBILD_TARGETS", "")
    if chosen and chosen != "host":
        return chosen.split(",")
    if os.uname().machine in ("aarch64", "arm64"):
        return [ARM]
    return [AVX512, AVX2, X86] if not chosen else [AVX2 if not _has_avx512() else AVX512, X86]


def _has_avx512() -> bool:
    return "avx512dq" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")


def imports(module: str) -> list[str]:
    """Names of the sibling modules that `module` imports, itself first."""
    found, queue = [], [module]
    while queue:
        name = queue.pop()
        if name in found or not (HERE / f"{name}.py").exists():
            continue
        found.append(name)
        for node in ast.walk(ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                queue.append(node.module)
            elif isinstance(node, ast.Import):
                queue.extend(alias.name for alias in node.names)
    return found


def modules() -> list[str]:
    """Modules of this folder that define at least one kernel."""
    return sorted(p.stem for p in HERE.glob("*.py") if "\n@kernel" in p.read_text(encoding="utf-8"))


def archive(objects: list[Path], out: Path) -> None:
    """Join static libraries into one, and put it in place only when it is whole."""
    script = "\n".join([f"create {out}.part", *(f"addlib {o}" for o in objects), "save", "end", ""])
    subprocess.run(["ar", "-M"], input=script.encode(), check=True)
    Path(f"{out}.part").replace(out)


def rename(library: Path, old: str, new: str) -> None:
    """Give the exported function its symbol: Halide may have appended a number to make the name unique."""
    if old != new:
        pairs = [f"--redefine-sym={old}{end}={new}{end}" for end in ("", "_argv", "_metadata")]
        subprocess.run(["objcopy", *pairs, str(library)], check=True)


@contextmanager
def quieter() -> Iterator[None]:
    """Without the warning that half floats are slow on processors that cannot convert them: there they must be."""
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            yield
    finally:
        lines = said.getvalue().splitlines()
        print(*(line for line in lines if "float16 type operation is emulated" not in line), sep="\n", end="")


def compile_module(name: str, out: Path) -> None:
    import halide as hl

    with tempfile.TemporaryDirectory() as scratch:
        if name == "halide_runtime":
            hl.compile_standalone_runtime(
                {hl.OutputFileType.static_library: f"{scratch}/rt.a"}, hl.Target(targets()[-1])
            )
            archive([Path(scratch) / "rt.a"], out / "halide_runtime.a")
            return
        from kernel import BASELINE, RARE, REGISTRY

        importlib.import_module(name)
        made = []
        for symbol, build in REGISTRY.items():
            if build.__module__ != name:
                continue
            pipeline, args = build()
            prefix = f"{scratch}/{symbol}"
            chosen = targets()[-1:] if symbol in BASELINE else targets()
            chosen = list(dict.fromkeys(AVX2 if t == AVX512 and symbol in RARE else t for t in chosen))
            with quieter():
                pipeline.compile_to_multitarget_static_library(
                    prefix, args, [hl.Target(f"{t}-no_runtime") for t in chosen]
                )
            made.append(Path(f"{prefix}.a"))
            rename(made[-1], pipeline.outputs()[0].name().replace("$", "_"), symbol)
        archive(made, out / f"{name}.a")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("modules", nargs="*")
    args = parser.parse_args()
    if args.list:
        for name in modules():
            print(" ".join(f"{m}.py" for m in imports(name)))
        return
    sys.path.insert(0, str(HERE))
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.modules or ["halide_runtime", *modules()]:
        compile_module(name, args.out)


if __name__ == "__main__":
    main()
