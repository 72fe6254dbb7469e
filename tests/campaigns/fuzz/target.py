"""What is fuzzed: real content to begin with, and what is done with content that is not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from runtime.errors import HematoVisionError

LONGEST = 2000  # letters of a message; a longer one is no line that a person reads


class Finding(AssertionError):  # noqa: N818 - it is none of the program's errors
    """Something was answered that must not be."""


@dataclass(frozen=True)
class Target:
    """Something that reads what others have written.

    Attributes:
        seeds: real contents by part, such as the files of a bundle.
        run: takes a part and its content; raises a `HematoVisionError`, or nothing.
    """

    seeds: Mapping[str, Sequence[bytes]]
    run: Callable[[str, bytes], None]

    @property
    def inputs(self) -> list[bytes]:
        """The real contents, behind the byte that says which part each is of."""
        return [
            bytes([place]) + content
            for place, part in enumerate(self.seeds)
            for content in self.seeds[part]
        ]

    def take(self, given: bytes) -> None:
        """Run what is given as `inputs` are; answers and the program's own errors are all right.

        Raises:
            Exception: anything else, which is a finding.
        """
        parts = list(self.seeds)
        part = parts[given[0] % len(parts)] if given else parts[0]
        try:
            self.run(part, given[1:])
        except HematoVisionError as error:
            try:
                check_message(str(error))
            except Finding as finding:
                raise finding from error  # which says where it is from


def check_message(message: str) -> None:
    """Refuse what is not one line for a person.

    Raises:
        Finding: it has several lines, none or too long a one.
    """
    if len(message.splitlines()) != 1:
        raise Finding(f"a message is not one line: {message[:300]!r}")
    if len(message) > LONGEST:
        raise Finding(f"a message is too long: {len(message)} letters, {message[:300]!r}")
