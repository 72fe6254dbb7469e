"""Records that the laboratory's server refuses are set aside, shown, and offered again."""

from pathlib import Path

import pytest
from flask import Flask

from runtime import Engine
from tests.webapp.laboratory.laboratory import Choosy, answering, received, signed
from tests.webapp.store.test_received import sign
from webapp.app import create_app
from webapp.bench import bench_of
from webapp.laboratory import push
from webapp.laboratory.push import Push
from webapp.laboratory.server import LaboratoryServer, PushError
from webapp.settings import Settings
from webapp.store.database import Database
from webapp.store.slides import delete_slide


@pytest.mark.parametrize("status", ["400 Bad Request", "413 Content Too Large"])
def test_a_record_that_is_refused_is_shown_set_aside_and_offered_again(
    device: Database,
    laboratory: Flask,
    token: str,
    tmp_path: Path,
    bundle: Path,
    engine: Engine,
    status: str,
) -> None:
    ids = [(sign(device, tmp_path), 1) for _ in range(4)]
    records = signed(device, *ids)
    choosy = Choosy(laboratory, [records[0], records[2]], status)
    with answering(choosy) as url:
        settings = Settings(models=bundle.parent, data=tmp_path, push_to=url, push_token=token)
        app = create_app(settings, engine)
        client = app.test_client()
        with bench_of(app):
            told = client.post("/api/v1/device/push").json
            assert received(laboratory) == [records[1], records[3]]
            assert (told["waiting"], told["problem"]) == (0, None)
            assert [each["slide_id"] for each in told["refused"]] == [ids[0][0], ids[2][0]]
            assert {each["label"] for each in told["refused"]} == {"case 1"}
            assert told["refused"][0]["why"].endswith(f"({status[:3]}): It is of another version")
            page = client.get("/device").text
            assert "The server has refused 2 records." in page
            assert f'href="/slides/{ids[0][0]}/records/1/report" dir="auto">case 1</a>' in page
            assert "It is of another version" in page
            assert 'action="/device/push"><button class="button">Try now</button>' in page
            choosy.refuses.remove(records[0])
            told = client.post("/api/v1/device/push").json
            assert [each["slide_id"] for each in told["refused"]] == [ids[2][0]]
            with bench_of(app).writing() as session:
                delete_slide(session, bench_of(app).pictures, ids[2][0], "Ada", "made twice")
            assert client.post("/api/v1/device/push").json["refused"] == []
            assert "The server has refused" not in client.get("/device").text
    assert received(laboratory) == [records[1], records[3], records[0]]


def test_what_is_set_aside_waits_before_all_others(
    device: Database, laboratory: Flask, token: str, tmp_path: Path
) -> None:
    ids = [(sign(device, tmp_path), 1) for _ in range(2)]
    records = signed(device, *ids)
    choosy = Choosy(laboratory, records)
    with answering(choosy) as url:
        pushing = Push(device, LaboratoryServer(url, token))
        assert pushing.send_waiting() == 0
        choosy.refuses.clear()
        ids.append((sign(device, tmp_path), 1))
        pushing = Push(device, LaboratoryServer(url, token))  # as after a start
        assert pushing.send_waiting(again=True) == 3
    assert received(laboratory) == signed(device, *ids)
    assert pushing.state().refused == ()


def test_what_is_set_aside_holds_no_other_back_where_offering_it_fails(
    device: Database,
    laboratory: Flask,
    token: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aside = (sign(device, tmp_path), 1)
    choosy = Choosy(laboratory, signed(device, aside))
    with answering(choosy) as url:
        assert Push(device, LaboratoryServer(url, token)).send_waiting() == 0
        choosy.status = "502 Bad Gateway"  # of this record alone
        later = (sign(device, tmp_path), 1)
        pushing, tries = Push(device, LaboratoryServer(url, token)), iter((True, True, False))
        monkeypatch.setattr(pushing, "_pause", lambda _: next(tries))
        pushing._work()  # as after a start
    assert received(laboratory) == signed(device, later)
    state = pushing.state()
    assert (state.problem, state.waiting, len(state.refused)) == (None, 0, 1)


def test_a_server_that_refuses_many_gets_no_more_of_them(
    device: Database,
    laboratory: Flask,
    token: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(push, "MOST_REFUSED", 2)
    ids = [(sign(device, tmp_path), 1) for _ in range(4)]
    choosy = Choosy(laboratory, signed(device, *ids))
    with answering(choosy) as url:
        pushing = Push(device, LaboratoryServer(url, token))
        for again in (False, True):
            with pytest.raises(PushError, match=r"2 records are set aside, and the next") as caught:
                pushing.send_waiting(again=again)
            assert caught.value.code == "refused"
            state = pushing.state()
            assert (len(state.refused), state.waiting) == (2, 2)
        choosy.refuses.clear()
        assert pushing.send_waiting(again=True) == 4
    assert received(laboratory) == signed(device, *ids)
