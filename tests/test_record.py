"""Records: dataclasses that cannot be changed."""

from __future__ import annotations

import dataclasses
from dataclasses import FrozenInstanceError, asdict, is_dataclass
from functools import cached_property
from inspect import signature

import pytest

from lichtbild.record import field, fields, record, replace, values


@record
class Point:
    """A place."""

    y: float
    x: float = 2.0
    names: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def product(self) -> float:
        return self.y * self.x


@record
class Marked(Point):
    mark: str = "+"


@record(eq=False)
class Alone:
    value: int


@record
class Held:
    things: dict[str, int] = field(default_factory=dict)


def test_a_record_is_a_dataclass() -> None:
    point = Point(1.0)
    assert is_dataclass(point)
    assert [f.name for f in fields(Marked)] == ["y", "x", "names", "mark"]
    assert replace(Marked(1.0), x=3.0) == Marked(1.0, 3.0)
    assert asdict(point) == {"y": 1.0, "x": 2.0, "names": ()}
    assert dataclasses.replace(point, x=3.0) == replace(point, x=3.0)
    assert values(Marked(1.0)) == (1.0, 2.0, (), "+")
    assert repr(point) == "Point(y=1.0, x=2.0)"
    assert str(signature(Marked)) == (
        "(y: 'float', x: 'float' = 2.0, names: 'tuple[str, ...]' = (), mark: 'str' = '+')"
    )


def test_fields_are_those_of_the_standard_library() -> None:
    @record
    class Told:
        size: int = field(default=3, metadata={"unit": "px"})
        words: tuple[str, ...] = field(default_factory=tuple, repr=False)
        plain: float = 1.5

    @record
    class Other(Told):
        size: int = 4

    own = [(f.name, f.type, f.default, dict(f.metadata), f.repr) for f in fields(Told)[::2]]
    assert own == [("size", "int", 3, {"unit": "px"}, True), ("plain", "float", 1.5, {}, True)]
    assert [f.default for f in fields(Other)[::2]] == [4, 1.5]
    assert own == [(f.name, f.type, f.default, dict(f.metadata), f.repr) for f in dataclasses.fields(Told)[::2]]
    assert not dataclasses.fields(Told)[1].repr
    assert dataclasses.fields(Told)[1].default_factory is tuple
    assert [f.default for f in dataclasses.fields(Other)[::2]] == [4, 1.5]
    assert Told() == Told(3, (), 1.5)
    with pytest.raises(TypeError, match="unexpected argument 'depth'"):
        replace(Told(), depth=1)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(TypeError, match="needs 'y'"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="takes 4 values but 5"):
        Marked(1.0, 2.0, (), "+", 5)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected argument 'z'"):
        Point(1.0, z=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="'y' twice"):
        Point(1.0, y=2.0)  # type: ignore[misc]


def test_defaults_are_made_anew_for_each() -> None:
    first, second = Held(), Held()
    first.things["a"] = 1
    assert second.things == {}
    assert Held(things={"b": 2}).things == {"b": 2}
    assert [f.name for f in fields(Held)] == ["things"]
    assert Held().things == {}  # also once the standard library's fields are made


def test_equal_records_are_of_one_class_and_have_equal_fields() -> None:
    assert Point(1.0) == Point(1.0, 2.0)
    assert len({Point(1.0), Point(1.0, 2.0), Point(2.0)}) == 2
    assert Point(1.0) != Point(1.5)
    assert Point(1.0) != Marked(1.0)
    assert Alone(1) != Alone(1)


def test_a_record_does_not_change() -> None:
    point = Point(1.0, 4.0)
    for name in ("y", "z"):
        with pytest.raises(FrozenInstanceError, match=name):
            setattr(point, name, 3.0)
    with pytest.raises(FrozenInstanceError):
        del point.x  # type: ignore[misc]
    assert point.product == 4.0
