"""Frozen records: dataclasses that are quick to define.

A process that develops one frame defines about a hundred of them, and `dataclass(frozen=True)` compiles six methods for
each, which takes longer than the demosaicing of 12 MP. Here nothing is compiled: the methods are shared by all records.
They are dataclasses for `fields`, `replace` and `asdict`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, dataclass_transform, overload

if TYPE_CHECKING:
    from inspect import Signature

_T = TypeVar("_T")
_Filling: TypeAlias = tuple[tuple[str, ...], dict[str, Any], dict[str, Callable[[], Any]]]
_making = RLock()


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
    shared: dict[str, Any] = {"__setattr__": _set_once, "__delattr__": _delete, "__repr__": _repr, "__init__": _fill}
    shared |= {"__signature__": _Signature(), "__dataclass_fields__": _Fields(), "__filling__": _filling(cls)}
    if eq:
        shared |= {"__eq__": _equal, "__hash__": _hash}
    for name, method in shared.items():
        if name not in cls.__dict__:
            setattr(cls, name, method)
    return cls


def _filling(cls: type) -> _Filling:
    """What `__init__` knows of the fields, those of the bases first: defaults, and what makes defaults, by name."""
    defaults: dict[str, Any] = {}
    factories: dict[str, Callable[[], Any]] = {}
    names: dict[str, None] = {}
    for base in reversed(cls.__mro__[1:]):
        known: _Filling | None = base.__dict__.get("__filling__")
        if known:
            names |= dict.fromkeys(known[0])
            defaults |= known[1]
            factories |= known[2]
    for name in cls.__annotations__:
        default = cls.__dict__.get(name, MISSING)
        if isinstance(default, Field):
            if default.default_factory is not MISSING:
                factories[name] = default.default_factory
            default = default.default
        if default is not MISSING:
            defaults[name] = default
        names[name] = None
    return tuple(names), defaults, factories


class _Fields:
    """The fields as the standard library has them, made when they are asked for: half of all records never are."""

    def __get__(self, _instance: object, cls: type) -> dict[str, Field[Any]]:
        with _making:
            for base in reversed(cls.__mro__):
                if isinstance(base.__dict__.get("__dataclass_fields__"), _Fields):
                    dataclass(init=False, eq=False, repr=False)(base)
        found: dict[str, Field[Any]] = cls.__dict__["__dataclass_fields__"]
        return found


def _fill(self: Any, /, *values: Any, **named: Any) -> None:
    names, defaults, factories = type(self).__filling__
    into: dict[str, Any] = self.__dict__
    into.update(zip(names, values, strict=False))
    into.update(named)
    if len(into) < len(values) + len(named):
        raise _misfit(type(self), names, values, named)
    if len(into) < len(names):
        for name, value in defaults.items():
            into.setdefault(name, value)
        for name, make in factories.items():
            if name not in into:
                into[name] = make()
    if into.keys() != set(names):
        raise _misfit(type(self), names, values, named)
    if hasattr(self, "__post_init__"):
        self.__post_init__()


def _misfit(cls: type, names: tuple[str, ...], values: tuple[Any, ...], named: dict[str, Any]) -> TypeError:
    """What is wrong with the arguments of a record."""
    if len(values) > len(names):
        return TypeError(f"{cls.__name__} takes {len(names)} values but {len(values)} were given")
    for name in named:
        if name not in names:
            return TypeError(f"{cls.__name__} got an unexpected argument {name!r}")
        if name in names[: len(values)]:
            return TypeError(f"{cls.__name__} got {name!r} twice")
    _, defaults, factories = cls.__filling__  # type: ignore[attr-defined]
    missing = [n for n in names[len(values) :] if n not in named and n not in defaults and n not in factories]
    return TypeError(f"{cls.__name__} needs {', '.join(map(repr, missing))}")


class _Signature:
    """The signature of a record, made when `help` or an editor asks for it."""

    def __get__(self, _instance: object, cls: type) -> Signature:
        from inspect import Parameter, Signature

        def shown(f: Field[Any]) -> Parameter:
            default = f.default if f.default_factory is MISSING else f.default_factory
            default = Parameter.empty if default is MISSING else default
            return Parameter(f.name, Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=f.type)

        return Signature([shown(f) for f in fields(cls)])


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
