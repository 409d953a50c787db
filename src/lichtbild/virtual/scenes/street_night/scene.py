"""The street put together: what stands, the wet ground, the lamps; and what moves through it."""

from __future__ import annotations

from lichtbild import color
from lichtbild.virtual.draw import Sheet
from lichtbild.virtual.field import Field
from lichtbild.virtual.scene import VirtualScene
from lichtbild.virtual.scenes.street_night import lights, things
from lichtbild.virtual.scenes.street_night.ground import ground
from lichtbild.virtual.scenes.street_night.upright import upper
from lichtbild.virtual.scenes.street_night.view import View


def scene() -> VirtualScene:
    """Street at night; the sensor's white lies a little above a lit wall, lamps reach hundreds of times that."""
    return VirtualScene(
        "street-night",
        paint,
        color.xy_from_temperature(3700.0),
        exposure=1.0,
        light_value=4.5,
        movers=things.movers(),
    )


def paint(y: Field, x: Field, pixel: float, /) -> Field:
    """The street without what moves."""
    sheet = Sheet(y, x, pixel)
    view = View()
    upper(sheet, view)
    ground(sheet, view)
    lights.foreground(sheet, view)
    return sheet.finished()
