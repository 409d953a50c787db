"""The bridge to the compiled Halide kernels: numpy arrays in, kernels run, no copy, no GIL.

`native.call("demosaic", mosaic, ..., out)` runs the kernel that the build exported as `lichtbild_demosaic`.
Halide's dimension i is numpy's axis ndim-1-i; strides are passed on, so views work. Shapes that a kernel
needs are checked by the caller; types, dimensions and contiguity are checked here against the kernel's
own metadata.
"""

from __future__ import annotations

import ctypes as c
import functools
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np

from lichtbild.errors import KernelError

_KINDS = {"i": 0, "u": 1, "f": 2, "b": 1}
_SCALARS: dict[tuple[int, int], type[c._SimpleCData[Any]]] = {
    (0, 8): c.c_int8,
    (0, 16): c.c_int16,
    (0, 32): c.c_int32,
    (0, 64): c.c_int64,
    (1, 1): c.c_bool,
    (1, 8): c.c_uint8,
    (1, 16): c.c_uint16,
    (1, 32): c.c_uint32,
    (1, 64): c.c_uint64,
    (2, 32): c.c_float,
    (2, 64): c.c_double,
}


class _Type(c.Structure):
    _fields_ = (("code", c.c_uint8), ("bits", c.c_uint8), ("lanes", c.c_uint16))


class _Dim(c.Structure):
    _fields_ = (("min", c.c_int32), ("extent", c.c_int32), ("stride", c.c_int32), ("flags", c.c_uint32))


class _Buffer(c.Structure):
    _fields_ = (
        ("device", c.c_uint64),
        ("device_interface", c.c_void_p),
        ("host", c.c_void_p),
        ("flags", c.c_uint64),
        ("type", _Type),
        ("dimensions", c.c_int32),
        ("dim", c.POINTER(_Dim)),
        ("padding", c.c_void_p),
    )


class _Argument(c.Structure):
    _fields_ = (
        ("name", c.c_char_p),
        ("kind", c.c_int32),
        ("dimensions", c.c_int32),
        ("type", _Type),
        ("scalar_def", c.c_void_p),
        ("scalar_min", c.c_void_p),
        ("scalar_max", c.c_void_p),
        ("scalar_estimate", c.c_void_p),
        ("buffer_estimates", c.c_void_p),
    )


class _Metadata(c.Structure):
    _fields_ = (
        ("version", c.c_int32),
        ("num_arguments", c.c_int32),
        ("arguments", c.POINTER(_Argument)),
        ("target", c.c_char_p),
        ("name", c.c_char_p),
    )


_messages: list[str] = []
_messages_lock = threading.Lock()


@c.CFUNCTYPE(None, c.c_void_p, c.c_char_p)  # type: ignore[untyped-decorator]
def _on_error(_context: int | None, message: bytes) -> None:
    with _messages_lock:
        _messages.append(message.decode(errors="replace").strip())


@functools.cache
def library() -> c.CDLL:
    """Load the kernel library once, and make Halide report errors instead of ending the process."""
    path = Path(__file__).with_name("libkernels.so")
    if not path.exists():
        from importlib import resources

        path = Path(str(resources.files("lichtbild").joinpath("libkernels.so")))
    try:
        lib = c.CDLL(str(path))
    except OSError as error:
        raise KernelError(f"{path}: the compiled kernels cannot be loaded ({error}); run `make kernels`") from error
    lib.halide_set_error_handler.restype = c.c_void_p
    lib.halide_set_error_handler(_on_error)
    lib.halide_set_num_threads(_threads())
    return lib


def _threads() -> int:
    asked = os.environ.get("LICHTBILD_THREADS", "") or "0"
    if not asked.isdigit():
        raise KernelError(f"LICHTBILD_THREADS={asked} is not a number of threads; leave it out to use all processors")
    return int(asked) or len(os.sched_getaffinity(0))


class Kernel:
    """One compiled kernel; call it with arrays and numbers in the order that its module declares."""

    def __init__(self, name: str) -> None:
        lib = library()
        try:
            self._run = getattr(lib, f"lichtbild_{name}_argv")
            describe = getattr(lib, f"lichtbild_{name}_metadata")
        except AttributeError as error:
            raise KernelError(f"no kernel named {name!r} is in the library; run `make kernels`") from error
        self._run.restype = c.c_int
        describe.restype = c.POINTER(_Metadata)
        meta = describe().contents
        self.name = name
        self.target = meta.target.decode()
        self._args = [
            (a.name.decode(), a.kind, a.dimensions, (a.type.code, a.type.bits))
            for a in meta.arguments[: meta.num_arguments]
        ]

    def __call__(self, *args: Any) -> None:
        if len(args) != len(self._args):
            names = ", ".join(a[0] for a in self._args)
            raise TypeError(f"kernel {self.name}({names}) got {len(args)} arguments")
        keep: list[Any] = []
        argv = (c.c_void_p * len(args))()
        for i, (value, (name, kind, dimensions, kind_bits)) in enumerate(zip(args, self._args, strict=True)):
            if kind == 0:
                held: Any = _SCALARS[kind_bits](value)
            else:
                held = self._buffer(name, value, dimensions, kind_bits, writable=kind == 2, keep=keep)
            keep.append(held)
            argv[i] = c.addressof(held)
        code = self._run(argv)
        if code:
            with _messages_lock:
                message = "; ".join(_messages) or f"error {code}"
                _messages.clear()
            raise KernelError(f"kernel {self.name}: {message}")

    def _buffer(
        self,
        name: str,
        array: Any,
        dimensions: int,
        kind_bits: tuple[int, int],
        *,
        writable: bool,
        keep: list[Any],
    ) -> _Buffer:
        if not isinstance(array, np.ndarray):
            raise TypeError(f"kernel {self.name}: {name} must be an array, got {type(array).__name__}")
        bits = 1 if array.dtype.kind == "b" else array.dtype.itemsize * 8
        if (_KINDS.get(array.dtype.kind), bits) != kind_bits or array.ndim != dimensions:
            raise TypeError(
                f"kernel {self.name}: {name} has {array.ndim} axes of {array.dtype}, "
                f"needs {dimensions} axes of type {'iuf'[kind_bits[0]]}{kind_bits[1]}"
            )
        if writable and not array.flags.writeable:
            raise TypeError(f"kernel {self.name}: {name} is read-only")
        dims = (_Dim * max(dimensions, 1))()
        for i in range(dimensions):
            axis = dimensions - 1 - i
            if array.strides[axis] % array.dtype.itemsize:
                raise TypeError(f"kernel {self.name}: {name} has strides that are not whole elements")
            dims[i] = _Dim(0, array.shape[axis], array.strides[axis] // array.dtype.itemsize, 0)
        keep += [array, dims]
        return _Buffer(0, None, array.ctypes.data, 0, _Type(*kind_bits, 1), dimensions, dims, None)


@functools.cache
def kernel(name: str) -> Kernel:
    """The kernel of that name, looked up once."""
    return Kernel(name)


def call(name: str, *args: Any) -> None:
    """Run a kernel. Raises `KernelError` when the kernel reports a failure."""
    kernel(name)(*args)
