"""What is used in a `with` and closed at its end."""

from __future__ import annotations

from typing import Self


class Closing:
    """Enters as itself and calls `close` on the way out, whatever happened."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives back what is held.

        Raises:
            NotImplementedError: a subclass that does not say how.
        """
        raise NotImplementedError
