"""Sends what was signed to the laboratory's server, by a thread that nobody waits for."""

import logging
import platform
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from runtime import HematoVisionError
from runtime.answers import Problem
from webapp.laboratory.server import LaboratoryServer, PushError
from webapp.store.chain import is_as_signed
from webapp.store.database import Database
from webapp.store.outbox import (
    Outgoing,
    RefusedRecord,
    device_uid,
    forget_refused,
    forget_sent,
    last_sent,
    next_outgoing,
    note_damaged,
    note_refused,
    note_sent,
    refused_outgoing,
    refused_records,
    waiting,
)
from webapp.store.received import LONGEST_DEVICE
from webapp.store.tables import now
from webapp.store.words import person_name

LOOKS_S: Final = 10.0  # between looks whether something was signed
LONGEST_S: Final = 900.0  # between attempts; each pause is twice the one before
OFFERS_S: Final = 3600.0  # after which what the server has refused is offered again
MOST_REFUSED: Final = 20  # records that are set aside; where there are more, it is the server
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
        refused: signed records that it has refused, and that were set aside.
        damaged: signed records that are damaged here, and were passed over.
        last: when it said to have the last one; None before the first.
        problem: why the last attempt failed; None where it did not.
        again: when it is tried again after that; of a moment ago while that is done.
    """

    server: str
    name: str
    waiting: int
    refused: Sequence[RefusedRecord]
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
        self._known_uid: str | None = None
        self._offered_s: float | None = None  # when what was refused was offered again
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
            refused = refused_records(session, address)
        problem, again = self._failed or (None, None)
        return PushState(address, self._name, many, refused, sent.damaged, sent.at, problem, again)

    def send_waiting(self, *, again: bool = False) -> int:
        """Send all that wait, in the order in which they were signed, each until it has arrived.

        A server that lacks what it had, as after its own restore, is sent all from the first. A
        record that is damaged here is passed over, and one that the server refuses is set aside, so
        that the others arrive.

        Args:
            again: whether those that were set aside are offered again, before all others.

        Returns:
            How many were sent.

        Raises:
            PushError: `no_server`, `refused`, also of one more than may be set aside, or `gap`
                where it lacks what it has just taken; what was sent until then is not sent again.
            StoreError: as `Database.begin`.
        """
        try:
            return (self._send_refused() if again else 0) + self._send_waiting()
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

    def _send_refused(self) -> int:
        sent, address = 0, self._server.address
        self._offered_s = time.monotonic()  # also where it fails: others must not wait behind it
        with self._database.read() as session:
            refused = last_sent(session, address).refused
        for each in refused:
            if self._is_ending:
                return sent
            with self._database.read() as session:
                record = refused_outgoing(session, address, each.entry)
            if record:
                sent += self._send(record)
            else:
                with self._database.begin() as session:
                    forget_refused(session, address, each.entry)
        return sent

    def _send_waiting(self) -> int:
        sent = 0
        while not self._is_ending:
            with self._database.read() as session:
                record = next_outgoing(session, self._server.address)
            if record is None:
                break
            sent += self._send(record)
        return sent

    def _send(self, record: Outgoing) -> bool:
        """Send a record, or pass it over, or set it aside; tell whether it has arrived."""
        address = self._server.address
        if not is_as_signed(record.content, record.sha256):
            _log.error(
                "the record of entry %d is not what was signed, and is not sent: restore a backup "
                "that holds it",
                record.entry,
            )
            with self._database.begin() as session:
                note_damaged(session, address, record)
            return False
        try:
            sent = {"device": self._uid(), "device_name": self._name, **vars(record)}
            self._server.send(sent)
        except PushError as error:
            if error.code != "record_refused":
                raise
            self._set_aside(record, error)
            return False
        with self._database.begin() as session:
            note_sent(session, address, record)
        return True

    def _set_aside(self, record: Outgoing, error: PushError) -> None:
        """Set a refused record aside.

        Raises:
            PushError: `refused`, too many were already.
        """
        with self._database.begin() as session:
            others = {each.entry for each in last_sent(session, self._server.address).refused}
            if len(others - {record.entry}) < MOST_REFUSED:
                _log.warning("the record of entry %d is set aside: %s", record.entry, error)
                note_refused(session, self._server.address, record, str(error))
                return
        raise PushError(
            "refused", f"{MOST_REFUSED} records are set aside, and the next one is refused: {error}"
        ) from error

    def _uid(self) -> str:
        if self._known_uid is None:
            with self._database.begin() as session:
                self._known_uid = device_uid(session)
        return self._known_uid

    def _work(self) -> None:
        pause_s = failing_s = 0.0
        while self._pause(pause_s):
            again = self._offered_s is None or time.monotonic() - self._offered_s >= OFFERS_S
            if self._begin():
                failing_s, again = 0.0, True  # whoever wants a try knows of something new
            try:
                self.send_waiting(again=again)
                self._failed, pause_s, failing_s = None, LOOKS_S, 0.0
            except HematoVisionError as error:
                pause_s = failing_s = min(2 * max(failing_s, LOOKS_S / 2), LONGEST_S)
                self._wait(Problem(error.code, str(error)), pause_s)
            except Exception:  # noqa: BLE001 - a thread's end would else go unnoticed
                _log.exception("signed records are not sent")
                pause_s = failing_s = LONGEST_S
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
