"""The history without its script: looked up, paged, told as a table, deleted with its trail."""

import csv
import io
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.webapp.filled import fill
from webapp.bench import bench_of
from webapp.pages.history import PAGE
from webapp.pages.slides import MOST_OPEN
from webapp.store.slides import open_slide


@pytest.fixture
def ids(app: Flask, tmp_path: Path) -> list[int]:
    return fill(app, tmp_path)


def labels(page: str) -> list[str]:
    return re.findall(r'<a href="/slides/\d+" dir="auto">([^<]+)</a>', page)


def test_without_slides_it_says_where_they_come_from(client: FlaskClient) -> None:
    page = client.get("/history").text
    assert "No slide was counted yet" in page
    assert 'href="/slides"' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["26-002", "26-001", "26-000"]),
        ("label=26-001", ["26-001"]),
        ("status=signed", ["26-000"]),
        ("class=blast", ["26-000"]),
        ("class=blast&least=3", ["26-000"]),
        ("class=blast&least=4", []),
        ("class=unfamiliar", ["26-002", "26-001"]),
        ("person=Bo", ["26-000"]),
        ("person=Cy", []),
        ("from=2020-01-01&to=2999-12-31", ["26-002", "26-001", "26-000"]),
        ("to=2020-01-01", []),
    ],
)
def test_slides_are_found(
    client: FlaskClient, ids: list[int], query: str, found: list[str]
) -> None:
    page = client.get(f"/history?{query}").text
    assert labels(page) == found
    assert ("Nothing fits the search" in page) is (not found)


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "after=x",
        "status=lost",
        "least=0",
        "after=" + "9" * 40,
        "to=9999-12-31",
        "from=0001-01-01",
        "after=" + "0" * 19 + "1" * 30,
        "after=" + "0" * 5000 + "1" * 5000,
    ],
)
def test_what_cannot_be_searched_for_is_named(client: FlaskClient, query: str) -> None:
    response = client.get(f"/history?{query}")
    assert response.status_code == 400
    assert "cannot be searched for" in response.text


def test_pages_go_to_older_slides_and_back_by_addresses_that_stay(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    fill(app, tmp_path, 2 * PAGE + 3)
    seen, address, back = [], "/history?label=26&status=open", []
    while address:
        page = client.get(address).text
        seen.append(labels(page))
        older = re.search(r'rel="next" href="([^"]+)"', page)
        newer = re.search(r'rel="prev" href="([^"]+)"', page)
        back.append(newer[1].replace("&amp;", "&") if newer else "")
        address = older[1].replace("&amp;", "&") if older else ""
    assert [len(each) for each in seen] == [PAGE, PAGE, 2]
    assert [each for some in seen for each in some] == [
        f"26-{n:03d}" for n in range(2 * PAGE + 2, 0, -1)
    ]
    assert labels(client.get(back[2]).text) == seen[1]
    first = client.get(back[1]).text
    assert labels(first) == seen[0]
    assert 'rel="prev"' not in first


def test_the_table_has_every_slide_and_no_formula(
    app: Flask, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.api.slide_table.AT_ONCE", 2)
    fill(app, tmp_path, 5)
    with app.app_context(), client.get("/api/v1/slides.csv?label=26") as response:
        assert response.is_streamed
        assert response.mimetype == "text/csv"
        rows = list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"))))
    assert [row["label"] for row in rows] == [f"26-{n:03d}" for n in range(4, -1, -1)]
    first = rows[-1]
    assert (first["status"], first["seen"], first["n_blast"]) == ("signed", "3", "3")
    assert rows[0]["unidentified"] == "1"
    assert not any(value.startswith(("=", "+", "@")) for row in rows for value in row.values())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["26-002", "26-001", "26-000"]),
        ("label=26-001&from=2020-01-01&to=2999-12-31", ["26-001"]),
        ("class=blast&least=4", []),
        ("person=Bo&status=signed", ["26-000"]),
        ("to=2020-01-01", []),
    ],
)
def test_the_page_leads_to_the_table_of_what_is_found(
    app: Flask, client: FlaskClient, ids: list[int], query: str, found: list[str]
) -> None:
    page = client.get(f"/history?{query}").text
    (address,) = re.findall(r'href="(/api/v1/slides.csv[^"]*)"', page)
    with app.app_context(), client.get(address.replace("&amp;", "&")) as response:
        rows = csv.DictReader(io.StringIO(response.data.decode("utf-8-sig")))
        assert [row["label"] for row in rows] == found


def test_a_slide_is_deleted_with_a_reason_and_its_trail_stays(
    client: FlaskClient, ids: list[int]
) -> None:
    client.set_cookie("person", "Ada")
    address = f"/history/{ids[0]}/delete"
    assert "26-000" in client.get(f"{address}?back=%3Flabel%3D26").text
    refused = client.post(address, data={"reason": " ", "back": "?label=26"})
    assert (refused.status_code, "Give a reason" in refused.text) == (400, True)
    assert len(labels(client.get("/history").text)) == 3
    done = client.post(address, data={"reason": "opened twice", "back": "?label=26"})
    assert done.headers["Location"] == f"/history?label=26&deleted={ids[0]}"
    page = client.get(done.headers["Location"]).text
    assert "26-000 was deleted." in page
    assert labels(page) == ["26-002", "26-001"]
    trail = client.get(f"/history/trail?slide={ids[0]}").text
    for told in ("Deleted 26-000: opened twice", "Named 3 cells Blast", "Signed, record"):
        assert told in trail
    assert client.get(f"/history/{ids[0]}/delete").status_code == 404


def test_who_has_an_old_page_deletes_nothing(client: FlaskClient, ids: list[int]) -> None:
    client.set_cookie("person", "Ada")
    data = {"reason": "opened twice", "edition": "1"}
    response = client.post(f"/history/{ids[0]}/delete", data=data)
    assert response.status_code == 409
    assert len(labels(client.get("/history").text)) == 3


def test_a_page_that_showed_another_name_deletes_nothing(
    client: FlaskClient, ids: list[int]
) -> None:
    client.set_cookie("person", "Ada")
    address = f"/history/{ids[0]}/delete"
    form = {"reason": "opened twice", "shown_person": "Bo"}
    asked = client.post(address, data=form)
    assert asked.status_code == 409
    assert "Ada is working by now, and the page showed Bo" in asked.text
    assert len(labels(client.get("/history").text)) == 3
    assert 'name="shown_person" value="Ada"' in asked.text
    assert client.post(address, data={**form, "shown_person": "Ada"}).status_code == 303


def test_nobody_deletes_nothing(client: FlaskClient, ids: list[int]) -> None:
    response = client.post(f"/history/{ids[0]}/delete", data={"reason": "because"})
    assert response.status_code == 400
    assert len(labels(client.get("/history").text)) == 3


def test_the_audit_is_paged(client: FlaskClient, ids: list[int]) -> None:
    everything, after = [], None
    while True:
        query = f"limit=3{f'&after={after}' if after else ''}"
        page = client.get(f"/api/v1/audit?{query}").json
        everything += page["entries"]
        after = page["after"]
        if after is None:
            break
    assert [each["id"] for each in everything] == list(range(len(everything), 0, -1))
    of_one = client.get(f"/api/v1/audit?slide={ids[0]}").json["entries"]
    actions = ["slide.sign", "cells.review", "field.add", "slide.open"]
    assert [each["action"] for each in of_one] == actions
    assert of_one[1]["act"]["by"] == "Bo"
    assert client.get("/api/v1/audit?limit=1000").status_code == 400


def test_the_trail_is_saved_whole(
    app: Flask, client: FlaskClient, ids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.api.audit.AT_ONCE", 3)
    (address,) = re.findall(r'href="([^"]+)" download', client.get("/history/trail").text)
    everything = client.get("/api/v1/audit?limit=200").json["entries"]
    with app.app_context(), client.get(address) as response:
        assert response.json == {"entries": everything}
    with app.app_context(), client.get(f"{address}?slide={ids[1]}") as response:
        assert [each["action"] for each in response.json["entries"]] == ["field.add", "slide.open"]
    assert client.get(f"{address}?slide=99").status_code == 404


def test_a_trail_of_nothing_is_not_found(client: FlaskClient) -> None:
    assert client.get("/history/trail?slide=99").status_code == 404
    assert "Nothing was done yet" in client.get("/history/trail").text


def test_open_slides_beyond_those_that_are_listed_are_pointed_to(
    app: Flask, client: FlaskClient
) -> None:
    more = "More are open"
    with bench_of(app).writing() as session:
        for number in range(MOST_OPEN):
            open_slide(session, "Ada", f"26-{number:03d}")
    assert more not in client.get("/slides").text
    with bench_of(app).writing() as session:
        open_slide(session, "Ada", "the last")
    page = client.get("/slides").text
    assert f'<a href="/history?status=open">{more}' in page
    assert "26-001" in page
    assert "26-000" not in page
