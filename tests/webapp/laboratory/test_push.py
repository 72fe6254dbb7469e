"""Signed records reach the laboratory's server in order, each once, whatever is cut off."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime import Engine
from tests.webapp.laboratory.laboratory import (
    DEVICE_ACCOUNT,
    TOKEN,
    Choosy,
    Line,
    answering,
    device_token,
    received,
    signed,
)
from tests.webapp.store.test_chain import behind_its_back
from tests.webapp.store.test_received import amend, sign
from webapp.app import create_app
from webapp.bench import Bench, bench_of
from webapp.laboratory import push
from webapp.laboratory.push import Push
from webapp.laboratory.server import LaboratoryServer, PushError
from webapp.settings import Settings
from webapp.store.accounts import named_account
from webapp.store.audit import entries
from webapp.store.chain import verify
from webapp.store.database import FILE, Database
from webapp.store.received import find_received
from webapp.store.sessions import add_token, revoke_token
from webapp.store.tables import now


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def until(true: Callable[[], bool]) -> None:
    for _ in range(3000):
        if true():
            return
        time.sleep(0.01)
    pytest.fail("it did not come to that")


def test_records_arrive_byte_for_byte_and_once(
    device: Database, laboratory: Flask, token: str, tmp_path: Path
) -> None:
    first = sign(device, tmp_path)
    with answering(laboratory) as url:
        pushing = Push(device, LaboratoryServer(url, token))
        assert pushing.state().waiting == 1
        assert pushing.send_waiting() == 1
        amend(device, first)
        second = sign(device, tmp_path)
        assert (pushing.send_waiting(), pushing.send_waiting()) == (2, 0)
        state = pushing.state()
    assert (state.waiting, state.problem) == (0, None)
    assert state.last is not None
    assert received(laboratory) == signed(device, (first, 1), (first, 2), (second, 1))
    with bench_of(laboratory).reading() as session:
        chain = verify(session)
        told = entries(session, limit=3).entries
    assert (chain.entries, chain.broken) == (6, None)  # with what made the accounts
    assert {each.act.by for each in told} == {DEVICE_ACCOUNT}


def test_a_record_that_is_damaged_here_holds_no_other_back(
    device: Database, laboratory: Flask, token: str, tmp_path: Path, bundle: Path, engine: Engine
) -> None:
    ids = [(sign(device, tmp_path), 1) for _ in range(4)]
    whole = signed(device, *ids[1:2], *ids[3:])
    damage = "UPDATE records SET content = replace(content, 'Ada', 'Eve') WHERE slide_id IN "
    behind_its_back(device, f"{damage} ({ids[0][0]}, {ids[2][0]})")
    with answering(laboratory) as url:
        there = LaboratoryServer(url, token)
        assert Push(device, there).send_waiting() == 2
        ids.append((sign(device, tmp_path), 1))
        pushing = Push(device, there)
        assert pushing.send_waiting() == 1
        assert (pushing.state().waiting, pushing.state().damaged) == (0, 2)
        settings = Settings(models=bundle.parent, data=tmp_path, push_to=url, push_token=token)
        page = create_app(settings, engine).test_client().get("/device").text
    assert received(laboratory) == [*whole, *signed(device, ids[4])]
    assert "Signed records that are damaged on this device, and were not sent: 2." in page


def test_whatever_is_cut_off_all_arrive_in_order_and_once(
    device: Database, laboratory: Flask, token: str, tmp_path: Path
) -> None:
    ids = [(sign(device, tmp_path), 1) for _ in range(4)]
    cuts = ["before", "after", "after", "", "before", "", "after", "before", "before"]
    with answering(Line(laboratory, cuts)) as url:
        for _ in range(len(cuts) + 1):
            pushing = Push(device, LaboratoryServer(url, token))  # as after a start
            with suppress(PushError):
                pushing.send_waiting()
    assert pushing.state().waiting == 0
    assert received(laboratory) == signed(device, *ids)


def test_a_server_that_has_lost_its_data_is_sent_all_again(
    device: Database, laboratory: Flask, token: str, tmp_path: Path, bundle: Path, engine: Engine
) -> None:
    port = free_port()
    address, data = f"http://127.0.0.1:{port}", tmp_path / "another"
    ids = [(sign(device, tmp_path), 1) for _ in range(2)]
    there = LaboratoryServer(address, device_token(data))
    another = create_app(Settings(models=bundle.parent, data=data), engine)
    with answering(another, port):
        assert Push(device, there).send_waiting() == 2
    bench_of(another).close()
    ids.append((sign(device, tmp_path), 1))
    with answering(Choosy(another, signed(device, *ids)), port):
        assert Push(device, there).send_waiting() == 0
    with answering(laboratory, port):
        pushing = Push(device, LaboratoryServer(address, token))
        assert pushing.send_waiting(again=True) == 3
    assert received(laboratory) == signed(device, *ids)
    assert pushing.state().refused == ()


def test_a_device_whose_data_were_brought_back_sends_what_is_new(
    device: Database, laboratory: Flask, token: str, tmp_path: Path, made: bytes
) -> None:
    """It signs anew under numbers that the server has seen already."""
    older = tmp_path / "older"
    older.mkdir()
    (older / FILE).write_bytes(made)
    sign(device, tmp_path)
    with answering(laboratory) as url, Database.open(older) as restored:
        server = LaboratoryServer(url, token)
        Push(device, server).send_waiting()
        sign(restored, older)
        assert Push(restored, server).send_waiting() == 1
    assert len(received(laboratory)) == 2


def test_the_thread_waits_for_a_network_while_work_goes_on(
    device: Database,
    laboratory: Flask,
    token: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(push, "LOOKS_S", 0.02)
    monkeypatch.setattr(push, "LONGEST_S", 0.1)
    port = free_port()
    pushing = Push(device, LaboratoryServer(f"http://127.0.0.1:{port}", token))
    pushing.start()
    ids = [(sign(device, tmp_path), 1)]
    until(lambda: pushing.state().problem is not None)
    state = pushing.state()
    assert state.problem
    assert (state.problem.code, state.waiting, state.last) == ("no_server", 1, None)
    assert state.again is not None
    ids.append((sign(device, tmp_path), 1))
    with answering(laboratory, port):
        until(lambda: pushing.state().waiting == 0)
        until(lambda: pushing.state().problem is None)
        ids.append((sign(device, tmp_path), 1))
        until(lambda: pushing.state().waiting == 0)
        pushing.end()
    assert received(laboratory) == signed(device, *ids)
    assert "push" not in {thread.name for thread in threading.enumerate()}


def test_pauses_grow_while_nothing_is_reached(
    device: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushing = Push(device, LaboratoryServer(f"http://127.0.0.1:{free_port()}", TOKEN))
    pauses = list[float]()

    def pause(pause_s: float) -> bool:
        pauses.append(pause_s)
        if len(pauses) == 2:  # until then there was nothing to send
            sign(device, tmp_path)
        return len(pauses) <= 10

    monkeypatch.setattr(pushing, "_pause", pause)
    pushing._work()
    assert pauses == [0, 10, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_a_token_that_is_revoked_is_told_and_the_record_waits_for_another(
    device: Database, laboratory: Flask, token: str, tmp_path: Path
) -> None:
    sign(device, tmp_path)
    with bench_of(laboratory).writing() as session:
        revoke_token(session, "Ada", 1)
    with answering(laboratory) as url:
        pushing = Push(device, LaboratoryServer(url, token))
        with pytest.raises(PushError, match=r"in HEMATOVISION_PUSH_TOKEN, or it was rev") as caught:
            pushing.send_waiting()
        assert caught.value.code == "refused"
        assert token not in str(caught.value)
        assert "start the app here anew with it in HEMATOVISION_PUSH_TOKEN" in str(caught.value)
        assert pushing.state().waiting == 1
        assert received(laboratory) == []
        with bench_of(laboratory).writing() as session:
            another = add_token(session, "Ada", named_account(session, DEVICE_ACCOUNT), "new")
        assert Push(device, LaboratoryServer(url, another)).send_waiting() == 1


def test_a_new_token_in_the_file_is_taken_without_a_new_start(
    device: Database, laboratory: Flask, token: str, tmp_path: Path, bundle: Path, engine: Engine
) -> None:
    sign(device, tmp_path)
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    with bench_of(laboratory).writing() as session:
        revoke_token(session, "Ada", 1)
    with answering(laboratory) as url:
        settings = Settings(
            models=bundle.parent, data=tmp_path, push_to=url, push_token_file=file, push_name="Pi 7"
        )
        app = create_app(settings, engine)
        client = app.test_client()
        with bench_of(app):
            assert client.post("/device/push").headers["Location"].endswith("/device#push")
            page = client.get("/device").text
            assert f"does not know the token in {file} (HEMATOVISION_PUSH_TOKEN_FILE)" in page
            assert "write it into this file, which is read anew at each try" in page
            assert "start the app" not in page
            assert "Next try at 2" in page
            assert 'action="/device/push"><button class="button">Try now</button>' in page
            assert token not in page
            file.unlink()
            told = client.post("/api/v1/device/push").json
            assert (told["problem"]["code"], told["waiting"]) == ("bad_server", 1)
            with bench_of(laboratory).writing() as session:
                another = add_token(session, "Ada", named_account(session, DEVICE_ACCOUNT), "new")
            file.write_text(another)
            told = client.post("/api/v1/device/push").json
            assert (told["problem"], told["waiting"], told["name"]) == (None, 0, "Pi 7")
            page = client.get("/device").text
            assert "Try now" not in page
            assert "Pi 7" in page
    with bench_of(laboratory).reading() as session:
        (record,) = find_received(session).records
    assert record.device_name == "Pi 7"


def test_who_wants_a_try_shortens_the_pauses(
    device: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "PATIENCE_S", 60)
    sign(device, tmp_path)
    pushing = Push(device, LaboratoryServer(f"http://127.0.0.1:{free_port()}", TOKEN))
    pushing.start()
    for _ in range(4):
        pushing.try_now()
    again = pushing.state().again
    pushing.end()
    assert again is not None
    assert (again - now()).total_seconds() <= push.LOOKS_S


def test_a_device_that_sends_nothing_has_nothing_to_try(client: FlaskClient) -> None:
    answer = client.post("/api/v1/device/push")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")
    assert "Try now" not in client.get("/device").text


def test_a_bench_sends_as_long_as_it_is_open(
    device: Database, laboratory: Flask, token: str, tmp_path: Path
) -> None:
    sign(device, tmp_path)
    device.close()
    bench = Bench.open(tmp_path)
    with answering(laboratory) as url:
        bench.send_to(LaboratoryServer(url, token))
        with bench:
            until(lambda: len(received(laboratory)) == 1)
