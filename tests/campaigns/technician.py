"""A technician who does everything at random over HTTP, and notes what was acknowledged."""

import hashlib
import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.webapp.live.scenes import jpeg, scene

API = "/api/v1"
SHOWN = jpeg(scene())  # a field with one white cell
CLASSES = ("red", "blast", "artefact", None)
MOST_OPEN = 4  # slides of one technician


@dataclass
class Case:
    """A slide as the last answer about it said that it is."""

    slide: dict[str, Any]
    cells: dict[int, dict[str, Any]] = field(default_factory=dict)  # by id, as they were answered
    fields: dict[int, str] = field(default_factory=dict)  # id to the hash of the picture
    records: dict[int, str] = field(default_factory=dict)  # revision to hash
    is_deleted: bool = False

    @property
    def is_open(self) -> bool:
        return self.slide["status"] == "open" and not self.is_deleted


@dataclass
class Asked:
    """A write that was sent and not answered yet; `editions` is by how much its slide rises."""

    act: str
    slide_id: int | None
    editions: int = 1


class RefusedError(Exception):
    """The server answers with an error."""


class Technician:
    """Works at a server for as long as it answers; works on at the next one."""

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self.cases: dict[int, Case] = {}
        self.acknowledged = Counter[str]()
        self.asked: Asked | None = None
        self.touched: set[int] = set()  # slides of the life that ends
        self.ended_in: tuple[str, bool] | None = None  # the act in flight, and whether it is kept
        self._draw = random.Random(seed)  # noqa: S311 (nothing secret)
        self._releasing = threading.Semaphore(0)
        self._connection: http.client.HTTPConnection | None = None

    def work(self, port: int, power: threading.Event, acknowledged: threading.Semaphore) -> None:
        """Do one thing after the other until the server is gone, or `power` is taken away.

        Args:
            port: of the server.
            power: set as long as the server must answer.
            acknowledged: released with each write that was.

        Raises:
            RefusedError: something was refused while there was power.
        """
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._releasing = acknowledged
        try:
            while power.is_set():
                self._do_something()
        except (OSError, http.client.HTTPException):
            if power.is_set():  # the plug is pulled a moment after the event is cleared
                power.clear()
        except RefusedError:
            if power.is_set():
                raise
        finally:
            self._connection.close()

    def _do_something(self) -> None:
        free = [case for case in self.cases.values() if case.is_open]
        signed = [c for c in self.cases.values() if not c.is_open and not c.is_deleted]
        if (len(free) < MOST_OPEN and self._draw.random() < 0.3) or not free:
            return self._open()
        case = self._draw.choice(free)
        acts = [self._add, self._capture, self._review, self._review, self._change]
        acts += [self._sign, self._sign, self._undo, self._remove]
        if signed and self._draw.random() < 0.1:
            case, acts = self._draw.choice(signed), [self._reopen, self._delete]
        return self._draw.choice(acts)(case)

    def _open(self) -> None:
        wish = {"label": f"{self.name} {self._draw.randrange(10**9)}", "target": 100}
        self.asked = Asked("open", None)
        slide = self._send("POST", "/slides", wish)
        self.cases[slide["id"]] = Case(slide)
        self._noted(self.cases[slide["id"]], slide)

    def _add(self, case: Case) -> None:
        boundary, n = "b" * 30, self._draw.choice((1, 1, 1, 3))
        parts = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="images"; filename="{number}"'
            "\r\nContent-Type: image/jpeg\r\n\r\n".encode()
            + self._picture()
            + b"\r\n"
            for number in range(n)
        )
        self.asked = Asked("add fields", case.slide["id"], n)
        path = f"/slides/{case.slide['id']}/fields"
        kind = f"multipart/form-data; boundary={boundary}"
        self._added(case, self._send("POST", path, parts + f"--{boundary}--\r\n".encode(), kind))

    def _capture(self, case: Case) -> None:
        self._send("PUT", "/camera", {"source": "browser"})
        self._send("POST", "/camera/frame", self._picture(), "image/jpeg")
        self.asked = Asked("capture", case.slide["id"])
        self._added(case, self._send("POST", "/camera/captures", {"slide": case.slide["id"]}))

    def _added(self, case: Case, answer: dict[str, Any]) -> None:
        for each in answer["results"]:
            assert each["picture_kept"], each
            case.fields[each["id"]] = each["picture_sha256"]
        self._noted(case, answer["slide"])

    def _review(self, case: Case) -> None:
        unseen = self._cells(case, "&seen=false") or self._cells(case, "")
        if unseen:
            ids = [cell["id"] for cell in unseen]
            some = self._draw.sample(ids, self._draw.randint(1, len(ids)))
            self._give(case, some, self._draw.choice(CLASSES))

    def _give(self, case: Case, cells: list[int], given: str | None) -> None:
        self.asked = Asked("review", case.slide["id"])
        path = f"/slides/{case.slide['id']}/reviews"
        self._reviewed(case, self._send("POST", path, {"cells": cells, "class": given}))

    def _undo(self, case: Case) -> None:
        self.asked = Asked("undo", case.slide["id"])
        try:
            answer = self._send("DELETE", f"/slides/{case.slide['id']}/reviews/last")
        except RefusedError as refused:
            if "nothing_to_undo" not in str(refused):
                raise
            self.asked = None
        else:
            self._reviewed(case, answer)

    def _reviewed(self, case: Case, answer: dict[str, Any]) -> None:
        case.cells.update({cell["id"]: cell for cell in answer["cells"]})
        self._noted(case, answer["slide"])

    def _change(self, case: Case) -> None:
        wish = {"note": f"note {self._draw.random()}" * self._draw.randint(1, 50)}
        self.asked = Asked("change", case.slide["id"])
        self._noted(case, self._send("PATCH", f"/slides/{case.slide['id']}", wish))

    def _sign(self, case: Case) -> None:
        unseen = self._cells(case, "&seen=false")
        if unseen:
            self._give(case, [cell["id"] for cell in unseen], "blast")
        path = f"/slides/{case.slide['id']}/signatures"
        if not case.slide["progress"]["cells"] or case.slide["progress"]["unidentified"]:
            return
        self.asked = Asked("sign", case.slide["id"])
        slide = self._send("POST", path)
        self._noted(case, slide)
        (newest, *_) = self._send("GET", f"/slides/{slide['id']}/records")["records"]
        case.records[newest["revision"]] = newest["sha256"]

    def _reopen(self, case: Case) -> None:
        self.asked = Asked("reopen", case.slide["id"])
        path = f"/slides/{case.slide['id']}/revisions"
        self._noted(case, self._send("POST", path, {"reason": "one was classed wrongly"}))

    def _delete(self, case: Case) -> None:
        self.asked = Asked("delete", case.slide["id"])
        self._send("DELETE", f"/slides/{case.slide['id']}", {"reason": "made twice"})
        case.is_deleted = True
        case.fields, case.cells, case.records = {}, {}, {}
        case.slide["edition"] += 1
        self._noted(case, case.slide)

    def _remove(self, case: Case) -> None:
        if len(case.fields) < 2:
            return
        field_id = self._draw.choice(list(case.fields))
        self.asked = Asked("remove a field", case.slide["id"])
        slide = self._send("DELETE", f"/fields/{field_id}")
        del case.fields[field_id]
        case.cells = {k: c for k, c in case.cells.items() if c["field_id"] != field_id}
        self._noted(case, slide)

    def look_back(self, port: int, all_of_them: bool = False) -> list[str]:
        """Ask a server anew for what was acknowledged, and take over what is there now.

        Args:
            port: of the server.
            all_of_them: look at all slides, and not only at those of the last life.

        Returns:
            What is not as it was acknowledged.
        """
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        asked, self.asked = self.asked, None
        self.ended_in = (asked.act, False) if asked else None
        faults = []
        ids = (
            set(self.cases)
            if all_of_them
            else self.touched | ({asked.slide_id} if asked else set())
        )
        for slide_id in sorted(ids - {None}):
            in_flight = asked if asked and asked.slide_id == slide_id else None
            faults += self._compared(self.cases[slide_id], in_flight)
        if asked and asked.act == "open":
            faults += self._opened()
        self.touched = set()
        self._connection.close()
        return [f"{self.name}, {fault}" for fault in faults]

    def _opened(self) -> list[str]:
        """Look for a slide whose opening was never answered."""
        path = f"/slides?label={quote(self.name + ' ')}&limit=5"
        new = [s for s in self._send("GET", path)["slides"] if s["id"] not in self.cases]
        for slide in new:
            self.ended_in = ("open", True)
            self.cases[slide["id"]] = Case(self._send("GET", f"/slides/{slide['id']}"))
        return [f"{len(new)} slides were opened by one request"] if len(new) > 1 else []

    def _compared(self, case: Case, in_flight: Asked | None) -> list[str]:
        """Compare a slide with what was said of it; a write in flight is there whole or not."""
        slide_id, known = case.slide["id"], case.slide
        try:
            now = self._send("GET", f"/slides/{slide_id}")
        except RefusedError:
            if case.is_deleted:
                return []
            if in_flight and in_flight.act == "delete":
                self.ended_in = ("delete", True)
                case.is_deleted = True
                case.fields, case.cells, case.records = {}, {}, {}
                case.slide["edition"] += 1
                return []
            del self.cases[slide_id]
            return [f"slide {slide_id} is gone"]
        if case.is_deleted:
            return [f"slide {slide_id} is there again"]
        fields = self._send("GET", f"/slides/{slide_id}/fields")["fields"]
        records = self._send("GET", f"/slides/{slide_id}/records")["records"]
        cells = {cell["id"]: cell for cell in self._cells(case, "")}
        told = Case(
            now,
            cells,
            {each["id"]: each["picture_sha256"] for each in fields if each["picture_kept"]},
            {each["revision"]: each["sha256"] for each in records},
        )
        faults = [
            f"picture of field {each} is not what was sent"
            for each, sha256 in told.fields.items()
            if hashlib.sha256(self._bytes(f"/fields/{each}/picture")).hexdigest() != sha256
        ]
        faults += [
            f"record {slide_id}/{revision} is not what was signed"
            for revision, sha256 in told.records.items()
            if hashlib.sha256(self._bytes(f"/slides/{slide_id}/records/{revision}")).hexdigest()
            != sha256
        ]
        if in_flight and now["edition"] == known["edition"] + in_flight.editions:
            self.ended_in = (in_flight.act, True)
        else:
            if now != known:
                faults.append(f"slide {slide_id} is {now}, acknowledged was {known}")
            if told.fields != case.fields:
                faults.append(f"fields of slide {slide_id}: {told.fields}, not {case.fields}")
            faults += [
                f"cell {each} is {cells.get(each)}, acknowledged was {cell}"
                for each, cell in case.cells.items()
                if cells.get(each) != cell
            ]
        faults += [
            f"record {slide_id}/{revision} is {told.records.get(revision)}, not {sha256}"
            for revision, sha256 in case.records.items()
            if told.records.get(revision) != sha256
        ]
        self.cases[slide_id] = told
        return faults

    def _cells(self, case: Case, query: str) -> list[dict[str, Any]]:
        path = f"/slides/{case.slide['id']}/cells?limit=200{query}"
        cells: list[dict[str, Any]] = self._send("GET", path)["cells"]
        return cells

    def _picture(self) -> bytes:
        """The same picture in another file, of a few kilobytes or some hundred."""
        return SHOWN + self._draw.randbytes(self._draw.choice((100, 3000, 150_000)))

    def _noted(self, case: Case, slide: dict[str, Any]) -> None:
        assert self.asked
        case.slide = slide
        self.touched.add(slide["id"])
        self.acknowledged[self.asked.act] += 1
        self._releasing.release()
        self.asked = None

    def _send(
        self, method: str, path: str, body: Any = None, kind: str = "application/json"
    ) -> Any:
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        told = self._bytes(path, method, sent, kind)
        return json.loads(told) if told else None

    def _bytes(
        self, path: str, method: str = "GET", body: bytes | None = None, kind: str = ""
    ) -> bytes:
        assert self._connection
        headers = {"X-Person": quote(self.name), "Content-Type": kind}
        self._connection.request(method, API + path, body, headers)
        response = self._connection.getresponse()
        told = response.read()
        if response.status == 503 and b'"busy"' in told:
            time.sleep(0.05)
            return self._bytes(path, method, body, kind)
        if response.status >= 400:
            raise RefusedError(f"{method} {path}: {response.status} {told[:300]!r}")
        return told
