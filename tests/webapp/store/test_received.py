"""Records of devices: kept as they were signed, each once; what a device still has to send."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from tests.webapp.store.fields import CLASSES, cells_of, slide_with
from tests.webapp.store.test_chain import behind_its_back, broken
from webapp.store.audit import entries
from webapp.store.database import Database
from webapp.store.errors import StoreError
from webapp.store.outbox import Outgoing, device_uid, forget_sent, next_outgoing, note_sent, waiting
from webapp.store.pictures import Pictures
from webapp.store.received import (
    count_received,
    find_received,
    receive,
    received_record,
)
from webapp.store.review import review_cells
from webapp.store.signing import find_record, reopen_slide, sign_slide
from webapp.store.slides import delete_slide
from webapp.store.tables import ReceivedRow

DEVICE = "0b0d7f0e-6d0e-4b52-9a43-0e1c1f6d5c11"
SERVER = "https://lab"


def sign(database: Database, folder: Path) -> int:
    """Sign a slide; give its id."""
    with database.begin() as session:
        slide_id = slide_with(session, folder, (("neutrophil", 0.9, "confident"),))
        ids = [cell.id for cell in cells_of(session, slide_id)]
        review_cells(session, slide_id, "Ada", ids, None, CLASSES)
        sign_slide(session, slide_id, "Ada", CLASSES, "HematoVision 0.1.0")
    return slide_id


def amend(database: Database, slide_id: int) -> None:
    with database.begin() as session:
        reopen_slide(session, slide_id, "Ada", "looked at again")
        sign_slide(session, slide_id, "Zoë", CLASSES, "HematoVision 0.1.0")


def outgoing(database: Database) -> list[Outgoing]:
    """Take all that waits, as a server would that has each at once."""
    found = []
    while True:
        with database.begin() as session:
            if (record := next_outgoing(session, SERVER)) is None:
                return found
            note_sent(session, SERVER, record)
        found.append(record)


def test_records_are_sent_in_the_order_of_their_signing(database: Database, tmp_path: Path) -> None:
    first, second = sign(database, tmp_path), sign(database, tmp_path)
    amend(database, first)
    with database.read() as session:
        assert waiting(session, SERVER) == 3
    sent = outgoing(database)
    with database.read() as session:
        signed = [
            find_record(session, first, 1),
            find_record(session, second),
            find_record(session, first),
        ]
        assert waiting(session, SERVER) == 0
        assert waiting(session, "https://another") == 3
    assert [each.content for each in sent] == [each.content for each in signed]
    assert [each.after for each in sent] == [None, sent[0].sha256, sent[1].sha256]
    assert sent[0].entry < sent[1].entry < sent[2].entry
    with database.begin() as session:
        forget_sent(session)
    assert outgoing(database) == sent


def test_what_was_deleted_is_not_sent_and_hides_nothing(
    database: Database, tmp_path: Path, pictures: Pictures
) -> None:
    """Ids of records may be given again, those of the trail are not."""
    for _ in range(2):
        slide_id = sign(database, tmp_path)
        assert len(outgoing(database)) == 1
        with database.begin() as session:
            delete_slide(session, pictures, slide_id, "Ada", "made twice")
    slide_id = sign(database, tmp_path)
    with database.begin() as session:
        delete_slide(session, pictures, slide_id, "Ada", "made twice")
    assert outgoing(database) == []


def test_a_device_keeps_its_number(database: Database) -> None:
    with database.begin() as session:
        uid = device_uid(session)
    with database.begin() as session:
        assert device_uid(session) == uid


def test_a_record_is_kept_once_and_as_it_was_signed(database: Database, tmp_path: Path) -> None:
    sign(database, tmp_path)
    (sent,) = outgoing(database)
    with database.read() as session:
        assert count_received(session) == 0
    with database.begin() as session:
        kept, is_new = receive(session, "bench 2", DEVICE, "bench-2", sent)
        assert is_new
        assert receive(session, "bench 2", DEVICE, "bench-2 renamed", sent) == (kept, False)
    with database.begin() as session:
        assert receive(session, "bench 2", DEVICE, "bench-2", sent) == (kept, False)
        assert receive(session, "bench 2", DEVICE.replace("0", "1"), "bench-3", sent)[1]
    with database.read() as session:
        assert count_received(session) == 2
        assert received_record(session, kept.id) == (kept, sent.content)
        newest = entries(session).entries[1]
        assert (newest.action, newest.act.by) == ("record.receive", "bench 2")
        assert newest.detail["sha256"] == sent.sha256
        assert (kept.label, kept.signed.by, kept.status) == ("case 1", "Ada", "signed")
        with pytest.raises(StoreError, match="No device has sent a record 9"):
            received_record(session, 9)


def test_a_gap_is_told_before_anything_is_kept(database: Database, tmp_path: Path) -> None:
    sign(database, tmp_path)
    sign(database, tmp_path)
    _, second = outgoing(database)
    with pytest.raises(StoreError) as caught, database.begin() as session:
        receive(session, "bench 2", DEVICE, "bench-2", second)
    assert caught.value.code == "gap"
    with database.read() as session:
        assert count_received(session) == 0


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "[" * 100_000, "null", '{"schema": 1}'])
def test_what_is_no_signed_record_is_refused(database: Database, content: str) -> None:
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    with pytest.raises(StoreError, match="is not what was signed") as caught, database.begin() as s:
        receive(s, "bench 2", DEVICE, "bench-2", Outgoing(1, None, sha256, content))
    assert caught.value.code == "bad_request"
    assert len(str(caught.value)) < 500


def test_another_hash_is_refused(database: Database, tmp_path: Path) -> None:
    sign(database, tmp_path)
    (sent,) = outgoing(database)
    with pytest.raises(StoreError, match="its hash is another one"), database.begin() as session:
        receive(session, "bench 2", DEVICE, "bench-2", replace(sent, content=sent.content + " "))


def test_what_was_received_is_never_changed(database: Database, tmp_path: Path) -> None:
    sign(database, tmp_path)
    (sent,) = outgoing(database)
    with database.begin() as session:
        receive(session, "bench 2", DEVICE, "bench-2", sent)
    for act in (delete(ReceivedRow), update(ReceivedRow).values(content="{}")):
        with pytest.raises(IntegrityError, match="are never changed"), database.begin() as session:
            session.execute(act)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM received", "record.receive\\) names a record of a device that is not kept"),
        ("UPDATE received SET device = 'another'", "names a record of a device that is not kept"),
        ("UPDATE received SET content = replace(content, 'Ada', 'Eve')", "not kept, or changed"),
        (
            "INSERT INTO received SELECT 9, 'x', device_name, entry, received_at, uid, label, "
            "folded, status, revision, signed_by, signed_at, content, sha256, account "
            "FROM received",
            "the record [0-9a-f]{12} of device x was received by no entry",
        ),
    ],
)
def test_the_trail_tells_of_each_that_was_received(
    database: Database, tmp_path: Path, statement: str, told: str
) -> None:
    sign(database, tmp_path)
    (sent,) = outgoing(database)
    with database.begin() as session:
        receive(session, "bench 2", DEVICE, "bench-2", sent)
    behind_its_back(database, statement)
    assert re.search(told, str(broken(database)))


def test_a_record_that_was_changed_since_is_not_given(database: Database, tmp_path: Path) -> None:
    sign(database, tmp_path)
    (sent,) = outgoing(database)
    with database.begin() as session:
        kept, _ = receive(session, "bench 2", DEVICE, "bench-2", sent)
    behind_its_back(database, "UPDATE received SET content = '{}'")
    told = "case 1 from bench-2 is not what was signed"
    with database.read() as session, pytest.raises(StoreError, match=told):
        received_record(session, kept.id)


@pytest.mark.parametrize(
    "change",
    [
        ('"label":"case 1"', f'"label":"{"x" * 201}"'),
        ('"revision":1', '"revision":99999999999'),
        ('"signed":{"by":"Ada"', f'"signed":{{"by":"{"A" * 101}"'),
    ],
)
def test_what_no_column_holds_is_refused_on_both(
    database: Database, tmp_path: Path, change: tuple[str, str]
) -> None:
    sign(database, tmp_path)
    (sent,) = outgoing(database)
    content = sent.content.replace(*change)
    assert content != sent.content
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    with pytest.raises(StoreError, match="too long"), database.begin() as session:
        receive(session, "bench 2", DEVICE, "bench-2", Outgoing(1, None, sha256, content))


def test_records_are_looked_up_page_by_page(database: Database, tmp_path: Path) -> None:
    for _ in range(3):
        sign(database, tmp_path)
    sent = outgoing(database)
    with database.begin() as session:
        kept = [receive(session, "bench 2", DEVICE, "bench-2", record)[0] for record in sent]
    with database.read() as session:
        first = find_received(session, limit=2)
        rest = find_received(session, after=first.after, limit=2)
        assert (*first.records, *rest.records) == tuple(kept[::-1])
        assert rest.after is None
        assert len(find_received(session, label="CASE", person="Ada", device=DEVICE).records) == 3
        for query in ({"label": "%"}, {"person": "Zoë"}, {"device": DEVICE[::-1]}):
            assert find_received(session, **query).records == ()
