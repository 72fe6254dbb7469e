"""Sends what was signed to the laboratory's server, by a thread that nobody waits for."""

import logging
import platform
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from runtime import HematoVisionError
from runtime.answers import Problem
from webapp.laboratory.server import LaboratoryServer, PushError
from webapp.store.chain import is_as_signed
from webapp.store.database import Database
from webapp.store.outbox import (
    device_uid,
    forget_sent,
    last_sent,
    next_outgoing,
    note_damaged,
    note_sent,
    waiting,
)
from webapp.store.received import LONGEST_DEVICE
from webapp.store.tables import now
from webapp.store.words import person_name

LOOKS_S: Final = 10.0  # between looks whether something was signed
LONGEST_S: Final = 900.0  # between attempts; each pause is twice the one before
PATIENCE_S: Final = 5.0  # that a person waits for what a try brings
ENDS_S: Final = 2.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PushState:
    """How it is with what is to be sent.

    Attributes:
        server: address of the server.
        name: what it calls this device.
        waiting: signed records that it does not have yet.
        damaged: signed records that are damaged here, and were passed over.
        last: when it said to have the last one; None before the first.
        problem: why the last attempt failed; None where it did not.
        again: when it is tried again after that; of a moment ago while that is done.
    """

    server: str
    name: str
    waiting: int
    damaged: int
    last: datetime | None
    problem: Problem | None
    again: datetime | None


class Push:
    """Sends the records of one device; its thread runs from `start` to `end`."""

    def __init__(
        self, database: Database, server: LaboratoryServer, name: str | None = None
    ) -> None:
        """Send what is signed in a database to a server.

        Args:
            database: of the device.
            server: of the laboratory.
            name: what it calls this device; None takes the computer's name.
        """
        self._database, self._server, self._name = database, server, name or _computer()
        self._failed: tuple[Problem, datetime] | None = None  # why, and when it is tried again
        self._turn = threading.Condition()  # of what follows
        self._is_ending = self._is_wanted = False
        self._begun = self._done = 0  # tries
        self._thread = threading.Thread(target=self._work, name="push", daemon=True)

    def state(self) -> PushState:
        """Tell how it is.

        Raises:
            StoreError: as `Database.read`.
        """
        address = self._server.address
        with self._database.read() as session:
            sent, many = last_sent(session, address), waiting(session, address)
        problem, again = self._failed or (None, None)
        return PushState(address, self._name, many, sent.damaged, sent.at, problem, again)

    def send_waiting(self) -> int:
        """Send all that wait, in the order in which they were signed, each until it has arrived.

        A server that lacks what it had, as after its own restore, is sent all from the first. A
        record that is damaged here is passed over, so that the others arrive.

        Returns:
            How many were sent.

        Raises:
            PushError: `no_server`, `refused`, or `gap` where it lacks what it has just taken; what
                was sent until then is not sent again.
            StoreError: as `Database.begin`.
        """
        try:
            return self._send_waiting()
        except PushError as error:
            if error.code != "gap":
                raise
        with self._database.begin() as session:
            forget_sent(session)
        return self._send_waiting()

    def start(self) -> None:
        """Send from now on."""
        self._thread.start()

    def try_now(self) -> None:
        """Let the thread try at once, and wait for a few seconds until it has."""
        with self._turn:
            self._is_wanted, wanted = True, self._begun + 1
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._done >= wanted or self._is_ending, PATIENCE_S)

    def end(self) -> None:
        """Stop; what is on its way is sent again after the next start, and kept once."""
        with self._turn:
            self._is_ending = True
            self._turn.notify_all()
        if self._thread.is_alive():
            self._thread.join(ENDS_S)

    def _send_waiting(self) -> int:
        sent, address, uid = 0, self._server.address, ""
        while not self._is_ending:
            with self._database.read() as session:
                record = next_outgoing(session, address)
            if record is None:
                break
            if not is_as_signed(record.content, record.sha256):
                _log.error(
                    "the record of entry %d is not what was signed, and is not sent: restore a "
                    "backup that holds it",
                    record.entry,
                )
                with self._database.begin() as session:
                    note_damaged(session, address, record)
                continue
            uid = uid or self._uid()
            self._server.send({"device": uid, "device_name": self._name, **vars(record)})
            with self._database.begin() as session:
                note_sent(session, address, record)
            sent += 1
        return sent

    def _uid(self) -> str:
        with self._database.begin() as session:
            return device_uid(session)

    def _work(self) -> None:
        pause_s = 0.0
        while self._pause(pause_s):
            if self._begin():
                pause_s = 0.0  # whoever wants a try knows of something new
            try:
                self.send_waiting()
                self._failed, pause_s = None, LOOKS_S
            except HematoVisionError as error:
                pause_s = min(2 * max(pause_s, LOOKS_S / 2), LONGEST_S)
                self._wait(Problem(error.code, str(error)), pause_s)
            except Exception:  # noqa: BLE001 - a thread's end would else go unnoticed
                _log.exception("signed records are not sent")
                pause_s = LONGEST_S
                self._wait(Problem("internal", "sending failed, see the log"), pause_s)
            with self._turn:
                self._done = self._begun
                self._turn.notify_all()

    def _pause(self, pause_s: float) -> bool:
        """Wait, or until a try is wanted; tell whether there is to be one."""
        with self._turn:
            self._turn.wait_for(lambda: self._is_ending or self._is_wanted, pause_s)
            return not self._is_ending

    def _begin(self) -> bool:
        """Begin a try; tell whether somebody wanted it."""
        with self._turn:
            self._begun += 1
            wanted, self._is_wanted = self._is_wanted, False
            return wanted

    def _wait(self, problem: Problem, pause_s: float) -> None:
        if self._failed is None or problem != self._failed[0]:
            _log.warning("signed records wait: %s", problem.message)
        self._failed = problem, now() + timedelta(seconds=pause_s)


def _computer() -> str:
    """Name this computer as a server takes it."""
    try:
        return person_name("".join(c for c in platform.node() if c.isprintable())[:LONGEST_DEVICE])
    except ValueError:
        return "device"
