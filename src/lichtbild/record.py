"""Frozen records: dataclasses that are quick to define.

A process that develops one frame defines about a hundred of them, and `dataclass(frozen=True)` compiles six methods for
each, which takes longer than the demosaicing of 12 MP. Here nothing is compiled: the methods are shared by all records.
To the standard library they are dataclasses. `field`, `fields` and `replace` do for records what its own do, so that
one photograph is made without them: they take 1 % of its time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, dataclass_transform, overload

if TYPE_CHECKING:
    from dataclasses import Field, field, fields, replace
    from inspect import Signature

__all__ = ["field", "fields", "record", "replace", "values"]

_T = TypeVar("_T")
_Maker: TypeAlias = Callable[[], Any]
_MISSING: Any = object()
_making = RLock()


class _Field:
    """A field as declared. metadata: what else is known of it. repr: whether it is printed."""

    name = type = ""

    def __init__(
        self,
        *,
        default: Any = _MISSING,
        default_factory: _Maker | None = None,
        repr: bool = True,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.default, self.default_factory, self.repr, self.metadata = default, default_factory, repr, metadata or {}

    def as_standard(self) -> Any:
        """The standard library's."""
        import dataclasses

        made = {"default_factory": self.default_factory} if self.default_factory else {}
        made |= {} if self.default is _MISSING else {"default": self.default}
        return dataclasses.field(**made, repr=self.repr, metadata=self.metadata)  # type: ignore[call-overload]


if not TYPE_CHECKING:  # a type checker knows what the standard library's take and give, here as below
    field = _Field


class _Filling:
    """What `__init__` knows of a record's fields, those of its bases first. declared: those that are more than a type
    and a default."""

    def __init__(self, cls: type) -> None:
        self.types: dict[str, str] = {}
        self.defaults: dict[str, Any] = {}
        self.factories: dict[str, _Maker] = {}
        self.declared: dict[str, _Field] = {}
        for base in reversed(cls.__mro__[1:]):
            known: _Filling | None = base.__dict__.get("__filling__")
            if known:
                self.types |= known.types
                self.defaults |= known.defaults
                self.factories |= known.factories
                self.declared |= known.declared
        self.types |= cls.__annotations__
        for name in cls.__annotations__:
            default = cls.__dict__.get(name, _MISSING)
            self.declared.pop(name, None)
            if isinstance(default, _Field):
                self.declared[name] = default
                if default.default_factory:
                    self.factories[name] = default.default_factory
                default = default.default
            if default is not _MISSING:
                self.defaults[name] = default


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
    shared |= {"__signature__": _Signature(), "__dataclass_fields__": _Fields(), "__filling__": _Filling(cls)}
    if eq:
        shared |= {"__eq__": _equal, "__hash__": _hash}
    for name, method in shared.items():
        if name not in cls.__dict__:
            setattr(cls, name, method)
    return cls


class _Fields:
    """The fields as the standard library has them, made when it asks for them: most records never need them."""

    def __get__(self, _instance: object, cls: type) -> dict[str, Field[Any]]:
        from dataclasses import dataclass

        with _making:
            for base in reversed(cls.__mro__):
                if isinstance(base.__dict__.get("__dataclass_fields__"), _Fields):
                    for name in base.__annotations__:
                        if isinstance(declared := base.__dict__.get(name), _Field):
                            setattr(base, name, declared.as_standard())
                    dataclass(init=False, eq=False, repr=False)(base)
        found: dict[str, Field[Any]] = cls.__dict__["__dataclass_fields__"]
        return found


def _fields(of: Any) -> tuple[_Field, ...]:
    """The fields of a record, or of its class, with `name`, `type`, `default`, `repr` and `metadata`."""
    return _of_class(of if isinstance(of, type) else type(of))


@functools.cache
def _of_class(cls: Any) -> tuple[_Field, ...]:
    filling: _Filling = cls.__filling__
    found = []
    for name, its_type in filling.types.items():
        one = filling.declared.get(name) or _Field(default=filling.defaults.get(name, _MISSING))
        one.name, one.type = name, its_type
        found.append(one)
    return tuple(found)


def _replace(of: _T, /, **changes: Any) -> _T:
    """The same record with other values of the fields that are named."""
    own = of.__dict__
    return type(of)(**{name: own[name] for name in type(of).__filling__.types} | changes)  # type: ignore[attr-defined]


if not TYPE_CHECKING:
    fields, replace = _fields, _replace


def _fill(self: Any, /, *values: Any, **named: Any) -> None:
    filling: _Filling = type(self).__filling__
    names = filling.types
    into: dict[str, Any] = self.__dict__
    into.update(zip(names, values, strict=False))
    into.update(named)
    if len(into) < len(values) + len(named) or not named.keys() <= names.keys():
        raise _misfit(type(self), values, named)
    if len(into) < len(names):
        into |= {**filling.defaults, **into}
        for name, make in filling.factories.items():
            if name not in into:
                into[name] = make()
        if len(into) < len(names):
            raise _misfit(type(self), values, named)
    if hasattr(self, "__post_init__"):
        self.__post_init__()


def _misfit(cls: Any, values: tuple[Any, ...], named: dict[str, Any]) -> TypeError:
    """What is wrong with the arguments of a record."""
    filling: _Filling = cls.__filling__
    names = tuple(filling.types)
    if len(values) > len(names):
        return TypeError(f"{cls.__name__} takes {len(names)} values but {len(values)} were given")
    for name in named:
        if name not in names:
            return TypeError(f"{cls.__name__} got an unexpected argument {name!r}")
        if name in names[: len(values)]:
            return TypeError(f"{cls.__name__} got {name!r} twice")
    known = {*named, *filling.defaults, *filling.factories}
    return TypeError(f"{cls.__name__} needs {', '.join(repr(n) for n in names[len(values) :] if n not in known)}")


class _Signature:
    """The signature of a record, made when `help` or an editor asks for it."""

    def __get__(self, _instance: object, cls: type) -> Signature:
        from inspect import Parameter, Signature

        def shown(f: _Field) -> Parameter:
            default = f.default_factory or (Parameter.empty if f.default is _MISSING else f.default)
            return Parameter(f.name, Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=f.type)

        return Signature([shown(f) for f in _fields(cls)])


def _set_once(self: Any, name: str, value: object) -> None:
    if name in self.__dict__ or name not in type(self).__filling__.types:
        raise _frozen(f"cannot assign to field {name!r}")
    self.__dict__[name] = value


def _delete(_self: Any, name: str) -> None:
    raise _frozen(f"cannot delete field {name!r}")


def _frozen(words: str) -> AttributeError:
    from dataclasses import FrozenInstanceError

    return FrozenInstanceError(words)


def values(of: Any) -> tuple[Any, ...]:
    """The values of a record's fields, in order."""
    return tuple(of.__dict__[name] for name in type(of).__filling__.types)


def _equal(self: Any, other: object) -> bool:
    return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(values(self))


def _repr(self: Any) -> str:
    words = ", ".join(f"{f.name}={self.__dict__[f.name]!r}" for f in _fields(self) if f.repr)
    return f"{type(self).__qualname__}({words})"
