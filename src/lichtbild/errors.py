"""What can go wrong, in words for the person who reads them.

Every error that a user can cause is a `LichtbildError`: one line, naming the file and the mend. The command
line prints it and ends with code 2. A `Warning` that concerns a photograph goes through `report.notice`.
"""


class LichtbildError(Exception):
    """Base of all errors whose message is meant for the user."""


class RawError(LichtbildError):
    """A file that cannot be read as a raw frame: missing, damaged, unsupported."""


class BurstError(LichtbildError):
    """Frames that cannot become one photograph."""


class RecipeError(LichtbildError):
    """A setting with a wrong name, type or range."""


class OutputError(LichtbildError):
    """A photograph that cannot be written."""


class PackError(LichtbildError):
    """A pack that is missing, damaged, or not what a pack may be."""


class MeasureError(LichtbildError):
    """A picture or a set of frames that cannot be measured as asked."""


class KernelError(LichtbildError):
    """A compiled kernel is missing or reported a failure."""


class DeviceError(LichtbildError):
    """A device profile, or what one is made of, that cannot be read, made or written."""
