"""Frozen records: dataclasses that are quick to define.

A process that develops one frame defines about a hundred of them, and `dataclass(frozen=True)` compiles six methods for
each, which takes longer than the demosaicing of 12 MP. Here only `__init__` is compiled; the rest is shared.
They are dataclasses for `fields`, `replace` and `asdict`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform, overload

_T = TypeVar("_T")


@overload
def record(cls: type[_T], /) -> type[_T]: ...


@overload
def record(*, eq: bool) -> Callable[[type[_T]], type[_T]]: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[_T] | None = None, /, *, eq: bool = True) -> type[_T] | Callable[[type[_T]], type[_T]]:
    """Make a class a frozen dataclass. eq: whether two records of equal fields are equal, or only one and the same."""
    if cls is None:
        return lambda decorated: _made(decorated, eq)
    return _made(cls, eq)


def _made(cls: type[_T], eq: bool) -> type[_T]:
    cls.__doc__ = cls.__doc__ or cls.__name__  # else `dataclass` words one from the signature
    made = dataclass(eq=False, repr=False)(cls)
    shared = {"__setattr__": _set_once, "__delattr__": _delete, "__repr__": _repr}
    if eq:
        shared |= {"__eq__": _equal, "__hash__": _hash}
    for name, method in shared.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return made


def _set_once(self: Any, name: str, value: object) -> None:
    if name in self.__dict__ or name not in self.__dataclass_fields__:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")
    self.__dict__[name] = value


def _delete(_self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _values(self: Any) -> tuple[Any, ...]:
    return tuple(self.__dict__[f.name] for f in fields(self))


def _equal(self: Any, other: object) -> bool:
    return _values(self) == _values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    words = ", ".join(f"{f.name}={self.__dict__[f.name]!r}" for f in fields(self) if f.repr)
    return f"{type(self).__qualname__}({words})"
