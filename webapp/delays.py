"""How long who fails to sign in must wait: longer each time, and never for good.

Failures are counted by account and by address, in memory. Those of strangers do not delay an
account at an address where it has signed in before, so that nobody is kept out by others' guesses.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

FREE_OF_ACCOUNT: Final = 3  # failures that cost no wait
FREE_OF_ADDRESS: Final = 10  # more, because a laboratory may share one
LONGEST_S: Final = 300.0
FORGOTTEN_S: Final = 3600.0  # without a failure
MOST: Final = 10_000  # accounts and addresses that are remembered

Key = tuple[str, ...]
V = TypeVar("V")


@dataclass
class _Failures:
    n: int = 0
    last_s: float = 0.0
    free_s: float = 0.0  # from when on it may be tried again


class Delays:
    """Counts failures; one of a server, shared by its threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with none.

        Args:
            clock: seconds, from whenever.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = OrderedDict[Key, _Failures]()
        self._known = OrderedDict[Key, None]()

    def begin(self, account: str, address: str) -> float:
        """Count a try as failed, unless it comes too early.

        Args:
            account: that it is for, whether there is one or not.
            address: that it comes from.

        Returns:
            Seconds to wait before the next try; 0 for one that may be made now.
        """
        with self._lock:
            now_s = self._clock()
            keys = self._keys(account, address)
            counted = [self._of(key, now_s) for key in keys]
            wait_s = max(each.free_s for each in counted) - now_s
            if wait_s > 0:  # and is not remembered, or made-up names would push out the others
                return wait_s
            free_tries = (FREE_OF_ACCOUNT, FREE_OF_ADDRESS)
            for key, each, free in zip(keys, counted, free_tries, strict=True):
                _remember(self._failures, key, each)
                each.n += 1
                each.last_s = now_s
                # 2 ** 20 s is far beyond the longest.
                grown_s = 2.0 ** min(each.n - free, 20) if each.n >= free else 0.0
                each.free_s = now_s + min(grown_s, LONGEST_S)
            return 0.0

    def succeeded(self, account: str, address: str) -> None:
        """Take the last try back: it has not failed, and the account is known at the address."""
        with self._lock:
            of_account, of_address = self._keys(account, address)
            self._failures.pop(of_account, None)
            if counted := self._failures.get(of_address):
                counted.n -= 1
                counted.free_s = 0.0
            _remember(self._known, (account, address), None)

    def _keys(self, account: str, address: str) -> tuple[Key, Key]:
        is_known = (account, address) in self._known
        of_account = ("known", account, address) if is_known else ("account", account)
        return of_account, ("address", address)

    def _of(self, key: Key, now_s: float) -> _Failures:
        kept = self._failures.get(key)
        if kept is None or now_s - kept.last_s > FORGOTTEN_S:
            kept = _Failures(last_s=now_s)
        return kept


def _remember(kept: OrderedDict[Key, V], key: Key, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MOST:
        kept.popitem(last=False)
