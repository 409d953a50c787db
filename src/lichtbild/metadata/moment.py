"""Moments as EXIF writes them, "2014:03:09 13:25:51"."""

from __future__ import annotations


def is_moment(text: str) -> bool:
    """Whether it has that form; it may still be no day of any month."""
    digits = text.replace(":", "").replace(" ", "")
    return text[4::3] == ":: ::" and len(text) == 19 and len(digits) == 14 and digits.isascii() and digits.isdigit()


def is_date(text: str) -> bool:
    """Whether it is a moment that a calendar and a clock can show."""
    if not is_moment(text):
        return False
    month, day, hour, minute, second = (int(text[i : i + 2]) for i in range(5, 19, 3))
    return 1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 60
