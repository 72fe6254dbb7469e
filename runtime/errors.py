"""The errors that HematoVision raises on purpose, one small family.

Every message names the thing, the limit or the fact, and the next step. `code` is stable and
travels in the JSON answers.
"""

from runtime.lines import message_line


class HematoVisionError(Exception):
    """The base of every deliberate error.

    Attributes:
        code: stable lower-case key, listed in `docs/architecture.md`.
    """

    def __init__(self, code: str, message: str) -> None:
        """Keep the code beside the message that a person reads, in one line of no great length."""
        super().__init__(message_line(message))
        self.code = code

    def __str__(self) -> str:
        """Show the message alone; OSError would print its arguments as a tuple."""
        return str(self.args[0])


class ImageError(HematoVisionError, ValueError):
    """A picture cannot be read or answered; the other pictures still are."""


class BundleError(HematoVisionError, OSError):
    """A model bundle is missing, damaged or not for this program."""


class CameraError(HematoVisionError, OSError):
    """A camera, stream or watched folder gives no pictures for now; it may come back."""
