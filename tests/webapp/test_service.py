"""Work is bounded: some are served, some wait, the rest are sent away at once."""

import threading
import time
from io import BytesIO

import pytest
from flask import Flask

from runtime import BundleError, Engine
from tests.webapp.pictures import png
from webapp.errors import RequestError
from webapp.service import Service, Turns, service_of
from webapp.settings import Settings


def test_a_turn_is_free_again_after_an_error() -> None:
    turns = Turns(working=1, waiting=0, patience_s=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.turn():
            raise ZeroDivisionError


def test_one_who_waits_gets_the_next_turn() -> None:
    turns, done = Turns(working=1, waiting=1, patience_s=5), threading.Event()

    def wait() -> None:
        with turns.turn():
            done.set()

    with turns.turn():
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not done.wait(0.05)
    assert done.wait(5)
    waiting.join()


def test_patience_ends() -> None:
    turns = Turns(working=1, waiting=1, patience_s=0.05)
    with turns.turn(), pytest.raises(RequestError, match="try again"), turns.turn():
        pass


def test_a_full_waiting_room_sends_away_at_once() -> None:
    turns, start = Turns(working=1, waiting=0, patience_s=60), time.monotonic()
    with turns.turn(), pytest.raises(RequestError), turns.turn():
        pass
    assert time.monotonic() - start < 5


def test_pictures_are_taken_within_a_turn(app: Flask) -> None:
    service = service_of(app)
    service._turns = turns = Turns(working=1, waiting=0, patience_s=0)

    def take() -> list[tuple[str, bytes]]:
        with pytest.raises(RequestError), turns.turn():
            pass
        return [("red.png", png("red"))]

    assert service.classify(take).summary.answered == 1


@pytest.mark.parametrize("path", ["/api/v1/classify", "/"])
def test_the_body_of_one_who_is_sent_away_is_not_read(app: Flask, path: str) -> None:
    service = service_of(app)
    service._turns = Turns(working=1, waiting=0, patience_s=0)
    body = BytesIO(png("red"))
    with service._turns.turn():
        response = app.test_client().post(path, input_stream=body, content_length=1000)
    assert response.status_code == 503
    assert body.tell() == 0


def test_busy_is_503_with_a_time_to_come_back(app: Flask) -> None:
    service = service_of(app)
    service._turns = Turns(working=1, waiting=0, patience_s=0)
    with service._turns.turn():
        response = app.test_client().post("/api/v1/classify", data=png("red"))
    assert (response.status_code, response.json["error"]["code"]) == (503, "busy")
    assert int(response.headers["Retry-After"]) > 0


def test_a_missing_network_of_either_kind_is_told(engine: Engine, settings: Settings) -> None:
    gone = BundleError("bundle_missing", "it is gone")
    other = BundleError("bundle_damaged", "it is torn")
    assert Service(settings, engine, gone).troubles == [gone]
    assert Service(settings, other, gone).troubles == [other, gone]
