"""Sessions: begun by a password, ended in many ways; who fails waits."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.webapp.accounts.people import (
    PASSWORD,
    code_of,
    csrf_of,
    proof,
    send,
    signed_in,
    try_to_sign_in,
)
from webapp.bench import bench_of
from webapp.gate import DELAYS
from webapp.store import passwords, sessions
from webapp.store.account_tables import AccountRow, SessionRow
from webapp.store.accounts import named_account, set_disabled, set_password
from webapp.store.audit import entries
from webapp.store.passwords import hashed
from webapp.store.tables import now

SLIDES = "/api/v1/slides"


def actions(app: Flask) -> list[tuple[str, str]]:
    with bench_of(app).reading() as session:
        return [(each.act.by, each.action) for each in entries(session).entries]


def test_who_signs_in_goes_on_to_where_they_wanted(guarded: Flask) -> None:
    client = guarded.test_client()
    asked = client.get("/history?label=a%26b")
    page = client.get(asked.headers["Location"]).text
    wanted = re.search('name="next" value="([^"]+)"', page)
    assert wanted
    form = {"name": "vera", "password": PASSWORD, "next": wanted[1].replace("&amp;", "&")}
    answer = client.post("/sign-in", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/history?label=a%26b")
    assert client.get("/history").status_code == 200
    assert client.get("/sign-in").status_code == 303


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\n/evil", ""]
)
def test_nobody_is_sent_to_another_site(guarded: Flask, wanted: str) -> None:
    form = {"name": "Vera", "password": PASSWORD, "next": wanted}
    assert guarded.test_client().post("/sign-in", data=form).headers["Location"] == "/slides"


def test_a_session_is_a_cookie_that_no_script_and_no_other_site_gets(guarded: Flask) -> None:
    for base, name in (("http://localhost", "session"), ("https://localhost", "__Host-session")):
        form = {"name": "Ada", "password": PASSWORD}
        answer = guarded.test_client().post("/sign-in", data=form, base_url=base)
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith(f"{name}=")
        assert len(cookie.partition("=")[2].partition(";")[0]) == 43  # 256 bits
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert ("Secure" in cookie.split("; ")) == base.startswith("https")


def test_of_secrets_only_hashes_are_kept(guarded: Flask) -> None:
    client = signed_in(guarded, "Ada")
    cookie = client.get_cookie("session")
    assert cookie
    with bench_of(guarded).reading() as session:
        assert session.query(SessionRow).one().sha256 != cookie.value
        kept = session.query(AccountRow).filter_by(name="Ada").one().password
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


def test_the_account_is_who_and_nothing_else_is_believed(guarded: Flask) -> None:
    client = signed_in(guarded, "Tom")
    client.set_cookie("person", "Eve")
    opened = client.post(SLIDES, json={"label": "x"}, headers=proof(client))
    assert opened.json["opened"]["by"] == "Tom"
    assert client.get("/api/v1/person").json == {"name": "Tom"}
    refused = client.put("/api/v1/person", json={"name": "Eve"}, headers=proof(client))
    assert code_of(refused) == "has_accounts"
    assert client.get("/api/v1/session").json["role"] == "technician"


def test_what_was_meant_under_another_name_is_not_written_under_this(guarded: Flask) -> None:
    client = signed_in(guarded, "Tom")
    headers = {**proof(client), "X-Person": "Rosa"}
    refused = client.post(SLIDES, json={"label": "x"}, headers=headers)
    assert (refused.status_code, code_of(refused)) == (409, "other_person")


def test_a_write_needs_the_proof_of_its_session(guarded: Flask) -> None:
    client, other = signed_in(guarded, "Tom"), signed_in(guarded, "Tom")
    for headers in ({}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": "é"}, proof(other)):
        refused = client.post(SLIDES, json={"label": "x"}, headers=headers)
        assert (refused.status_code, code_of(refused)) == (403, "no_csrf")
    assert client.post("/sign-out").status_code == 403
    assert client.get(SLIDES).json["slides"] == []
    assert client.post(SLIDES, json={"label": "x"}, headers=proof(client)).status_code == 201


def test_every_form_holds_the_proof(guarded: Flask) -> None:
    client = signed_in(guarded, "Ada")
    made = client.post(SLIDES, json={"label": "x"}, headers=proof(client)).json["id"]
    send(client, "/account/tokens", name="lab")
    field = f'<input type="hidden" name="csrf" value="{csrf_of(client)}">'
    for path in ("/", "/device", "/history", f"/history/{made}/delete", "/account", "/accounts"):
        page = client.get(path).text
        forms = re.findall('<form [^>]*method="post".*?</form>', page, re.DOTALL)
        assert forms, path
        assert all(field in form for form in forms), path
    deleted = send(client, f"/history/{made}/delete", reason="made twice")
    assert deleted.status_code == 303


def test_a_wrong_password_and_an_unknown_name_are_one_answer(guarded: Flask) -> None:
    client, pages = guarded.test_client(), set()
    with bench_of(guarded).writing() as session:
        row = session.query(AccountRow).filter_by(name="Vera").one()
        row.disabled_at = now()
    for n, (name, password) in enumerate(
        [("Ada", "wrong"), ("Eve", "wrong"), ("Vera", PASSWORD), ("Ada", ""), ("", "x")]
    ):
        answer = try_to_sign_in(client, name, password, address=f"192.0.2.{n}")
        assert (answer.status_code, client.get_cookie("session")) == (400, None)
        pages.add(re.sub(r'value="[^"]*"|autofocus', "", answer.text))
    assert len({re.sub(r"\s+", "", page) for page in pages}) <= 2  # the focus stands elsewhere
    assert actions(guarded)[:5] == [("HematoVision", "session.refused")] * 5


def test_a_name_that_nobody_has_is_not_kept(guarded: Flask) -> None:
    try_to_sign_in(guarded.test_client(), PASSWORD, "")
    with bench_of(guarded).reading() as session:
        told = entries(session).entries[0].detail
    assert told == {"account": None, "address": "192.0.2.7"}


def test_who_fails_waits_longer_each_time_and_then_may_again(guarded: Flask) -> None:
    delays, clock = guarded.extensions[DELAYS], [0.0]
    delays._clock = lambda: clock[0]
    client, waits = guarded.test_client(), []
    for _ in range(6):
        while (answer := try_to_sign_in(client, "Ada", "wrong")).status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            clock[0] += waits[-1]
    assert waits == [1, 2, 4]
    assert try_to_sign_in(client, "Ada").status_code == 429
    clock[0] += 8
    assert try_to_sign_in(client, "Ada").status_code == 303


def test_leaving_ends_the_session(guarded: Flask) -> None:
    client = signed_in(guarded, "Ada")
    cookie = client.get_cookie("session")
    assert cookie
    assert send(client, "/sign-out").headers["Location"] == "/sign-in"
    assert client.get_cookie("session") is None
    client.set_cookie("session", cookie.value)
    assert client.get(SLIDES).status_code == 401
    assert actions(guarded)[:2] == [("Ada", "session.end"), ("Ada", "session.begin")]


@pytest.mark.parametrize(
    ("column", "age", "status"),
    [
        ("used_at", sessions.IDLE - timedelta(minutes=1), 200),
        ("used_at", sessions.IDLE + timedelta(minutes=1), 401),
        ("began_at", sessions.LONGEST - timedelta(minutes=1), 200),
        ("began_at", sessions.LONGEST + timedelta(minutes=1), 401),
    ],
)
def test_a_session_ends_by_itself(guarded: Flask, column: str, age: timedelta, status: int) -> None:
    client = signed_in(guarded, "Ada")
    with bench_of(guarded).writing() as session:
        setattr(session.query(SessionRow).one(), column, now() - age)
    assert client.get(SLIDES).status_code == status


def test_pages_that_ask_by_themselves_keep_no_session_alive(guarded: Flask) -> None:
    client, used_at = signed_in(guarded, "Ada"), now() - timedelta(minutes=30)
    for path, is_use in ((SLIDES, False), ("/slides", True)):
        with bench_of(guarded).writing() as session:
            session.query(SessionRow).one().used_at = used_at
        client.get(path)
        with bench_of(guarded).reading() as session:
            assert (session.query(SessionRow).one().used_at > used_at) == is_use


class Interrupted(PasswordHasher):
    """Lets something happen right after a password was compared, or while one is hashed."""

    def __init__(self, compared: Callable[[], None], hashes: Callable[[], None]) -> None:
        super().__init__(1, 8, 1)
        self.compared, self.hashes = compared, hashes

    def verify(self, *given: str | bytes) -> bool:
        fits = super().verify(*given)
        self.compared()
        return fits

    def hash(self, *given: str | bytes) -> str:  # type: ignore[override]
        self.hashes()
        return super().hash(*given)


def nothing() -> None: ...


@pytest.mark.parametrize("meanwhile", ["password", "disabled"])
def test_a_password_that_was_replaced_while_it_was_compared_opens_nothing(
    guarded: Flask, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    client, owners = signed_in(guarded, "Tom"), hashed("the owner's new words", "Tom")

    def change() -> None:
        with bench_of(guarded).writing() as session:
            tom = named_account(session, "Tom").id
            if meanwhile == "password":
                set_password(session, "Tom", tom, owners)
            else:
                set_disabled(session, "Ada", tom, disabled=True)

    wanted = {"password": PASSWORD, "new": "a thief's new words", "again": "a thief's new words"}
    form = {"csrf": csrf_of(client), **wanted}
    monkeypatch.setattr(passwords, "_HASHER", Interrupted(change, nothing))
    assert client.post("/account/password", data=form).status_code == 400
    with bench_of(guarded).writing() as session:
        set_disabled(session, "Ada", named_account(session, "Tom").id, disabled=False)
        set_password(session, "Tom", named_account(session, "Tom").id, hashed(PASSWORD, "Tom"))
    assert try_to_sign_in(guarded.test_client(), "Tom").status_code == 400
    with bench_of(guarded).reading() as session:
        assert session.query(SessionRow).count() == 0


def test_nobody_who_writes_waits_until_a_password_is_hashed(
    guarded: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, wrote = signed_in(guarded, "Ada"), list[int]()

    def write() -> None:  # refused as busy while another transaction writes
        with bench_of(guarded).writing() as session:
            wrote.append(session.query(SessionRow).update({"used_at": now()}))

    monkeypatch.setattr(passwords, "_HASHER", Interrupted(nothing, write))
    new = {"new": "other words nobody guesses", "again": "other words nobody guesses"}
    assert send(ada, "/accounts", name="Kim", role="viewer", **new).status_code == 303
    assert send(ada, "/accounts/2", do="password", **new).status_code == 303
    assert send(ada, "/account/password", password=PASSWORD, **new).status_code == 303
    assert len(wrote) == 3


def test_another_password_ends_all_other_sessions(guarded: Flask) -> None:
    client, other = signed_in(guarded, "Tom"), signed_in(guarded, "Tom")
    wanted = "other words nobody guesses"
    form = {"password": PASSWORD, "new": wanted, "again": wanted}
    assert send(client, "/account/password", **form).status_code == 303
    assert client.get("/account?kept=1").status_code == 200
    assert other.get(SLIDES).status_code == 401
    assert try_to_sign_in(other, "Tom").status_code == 400
    assert signed_in(guarded, "Tom", wanted)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "wrong"}, "The name or the password is wrong"),
        ({"again": "other words nobody guesses"}, "was typed in two ways"),
        ({"new": "short", "again": "short"}, "has 12 to 256 characters"),
        ({"new": "ababababababab", "again": "ababababababab"}, "different characters"),
        ({"new": "x" * 257, "again": "x" * 257}, "has 12 to 256 characters"),
    ],
)
def test_a_password_that_is_not_taken_changes_nothing(
    guarded: Flask, changes: dict[str, str], words: str
) -> None:
    client = signed_in(guarded, "Tom")
    wanted = "new words nobody guesses"
    form = {"password": PASSWORD, "new": wanted, "again": wanted, **changes}
    answer = send(client, "/account/password", **form)
    assert answer.status_code == 400
    assert words in answer.text
    assert signed_in(guarded, "Tom")


def test_a_database_that_is_lost_lets_nobody_in(guarded: Flask) -> None:
    client = signed_in(guarded, "Ada")
    bench_of(guarded).database.engine.dispose()
    with bench_of(guarded).writing() as session:
        session.connection().exec_driver_sql("DROP TABLE sessions")
    answer = client.get(SLIDES)
    assert answer.status_code == 500
    assert b"slides" not in answer.data
