"""The device: what is told of it, its self-test, its options; over HTTP and without a script."""

import re
import shutil
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from runtime import Engine
from runtime.bundle import MODELS
from tests.webapp.filled import fill
from webapp.app import create_app
from webapp.bench import bench_of
from webapp.device.card import card_html
from webapp.pages.device import size
from webapp.settings import Settings

PERSON = {"X-Person": "Ada"}
STEP = re.compile(r'data-step="([^"]+)" data-state="([^"]+)"')


def test_the_device_is_told_with_what_answers_and_why(
    app: Flask, client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    fill(app, tmp_path)
    told = client.get("/api/v1/device").json
    assert told["store"]["holds"]["slides"] == 3
    assert told["store"]["holds"]["cells"] == 9
    assert told["store"]["bytes"] > 10_000
    assert told["disk"]["folder"] == str(tmp_path / "data")
    assert 0 < told["disk"]["free_bytes"] <= told["disk"]["total_bytes"]
    (answering,) = [each for each in told["bundles"] if each["answering"]]
    assert answering["chosen"] == "given"
    assert answering["variants"][0]["sha256"] == engine.model.sha256
    assert told["camera"]["state"] == "closed"
    assert told["program"]["packages"]["sqlalchemy"]


@pytest.mark.parametrize("chosen", ["flag", "environment", "default"])
def test_why_a_bundle_answers(
    bundle: Path, data: Path, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEMATOVISION_MODEL", raising=False)
    if chosen == "environment":
        monkeypatch.setenv("HEMATOVISION_MODEL", str(bundle))
    model = bundle if chosen == "flag" else None
    client = create_app(Settings(model=model, data=data)).test_client()
    bundles = client.get("/api/v1/device").json["bundles"]
    whys = {each["name"]: each["chosen"] for each in bundles if each["answering"]}
    name = "pbc" if chosen == "default" else "tiny"
    assert whys[name] == chosen


def test_without_a_database_the_page_says_so(bundle: Path, tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "hematovision.db").write_bytes(b"no database at all, but some words" * 100)
    client = create_app(Settings(models=bundle.parent, data=tmp_path), engine).test_client()
    told = client.get("/api/v1/device").json
    assert told["store"] is None
    assert told["store_error"]["code"] == "database_damaged"
    page = client.get("/device")
    assert page.status_code == 200
    assert "is damaged or no database" in page.text
    test = client.post("/api/v1/device/test?step=database").json
    assert test["ok"] is False


def test_a_disk_that_is_nearly_full_is_warned_of(client: FlaskClient) -> None:
    assert client.get("/api/v1/device").json["disk"]["warning"] is None
    change = {"least_free_mb": 1_000_000}
    assert client.patch("/api/v1/options", json=change, headers=PERSON).status_code == 200
    assert "free some space" in client.get("/api/v1/device").json["disk"]["warning"]
    for page in ("/", "/slides", "/device"):
        assert client.get(page).text.count("free some space") == 1


def test_each_step_of_the_self_test_is_taken(client: FlaskClient, bundle: Path) -> None:
    told = client.post("/api/v1/device/test").json
    assert told["ok"], told
    ids = [each["id"] for each in told["steps"]]
    assert ids == ["clock", "data", "database", "trail", "camera", f"bundle:{bundle.name}"]
    one = client.post("/api/v1/device/test?step=data").json
    assert [each["id"] for each in one["steps"]] == ["data"]
    assert client.post("/api/v1/device/test?step=nothing").status_code == 400


def test_the_trail_is_not_whole_where_a_record_is_not_what_was_signed(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    fill(app, tmp_path)
    with bench_of(app).writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER records_keep_update")
        connection.exec_driver_sql("UPDATE records SET content = replace(content, 'Bo', 'Cy')")
    (step,) = client.post("/api/v1/device/test?step=trail").json["steps"]
    assert not step["ok"]
    assert "revision 1, that is not the one which is kept" in step["message"]


def test_a_damaged_database_is_said(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = bench_of(app).database
    monkeypatch.setattr(database, "faults", lambda: ["wrong # of entries in index ix"])
    (step,) = client.post("/api/v1/device/test?step=database").json["steps"]
    assert not step["ok"]
    assert "wrong # of entries" in step["message"]


def test_what_is_not_well_is_said(
    app: Flask, client: FlaskClient, bundle: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fill(app, tmp_path)
    monkeypatch.setattr("webapp.device.selftest.time.time", lambda: 1_000_000_000.0)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{")
    (tmp_path / "data").rename(tmp_path / "moved")
    (tmp_path / "data").write_text("a file where the folder was")
    page = client.post("/device/test").text
    states = dict(STEP.findall(page))
    assert {name for name, state in states.items() if state == "failed"} == {
        "clock", "data", "database"
    }  # fmt: skip
    assert "set date and time" in page
    assert "was removed or replaced while the program ran" in page
    assert "Something is not well" in page


def test_options_are_changed_one_by_one(client: FlaskClient) -> None:
    before = client.get("/api/v1/options").json
    assert (before["keep_pictures"], before["retention_days"]) == (True, None)
    assert client.patch("/api/v1/options", json={"retention_days": 30}).status_code == 400
    change = {"retention_days": 30, "keep_pictures": False}
    after = client.patch("/api/v1/options", json=change, headers=PERSON).json
    assert after == {**before, **change}
    again = client.patch("/api/v1/options", json={"retention_days": None}, headers=PERSON).json
    assert again == {**before, "keep_pictures": False}
    entry = client.get("/api/v1/audit?limit=1").json["entries"][0]
    assert (entry["action"], entry["detail"]) == ("options.change", {"retention_days": [30, None]})


def test_classes_are_given_whole_and_the_usual_ones_come_back(client: FlaskClient) -> None:
    usual = client.get("/api/v1/options").json["classes"]
    hairy = {
        "id": "hairy_cell", "title": "Hairy cell", "key": "h", "color": "#112233",
        "counts_as": "white", "named_by_model": False,
    }  # fmt: skip
    after = client.patch(
        "/api/v1/options", json={"classes": [*usual[:4], hairy]}, headers=PERSON
    ).json["classes"]
    assert hairy in after
    assert "blast" not in [each["id"] for each in after][4:]
    twice = {**hairy, "id": "other_cell"}
    refused = client.patch("/api/v1/options", json={"classes": [hairy, twice]}, headers=PERSON)
    assert (refused.status_code, refused.json["error"]["code"]) == (400, "bad_request")
    back = client.patch("/api/v1/options", json={"classes": []}, headers=PERSON).json["classes"]
    assert back == usual


def form_of(page: str) -> dict[str, list[str]]:
    """Give the options' form as a browser would send it, unchanged."""
    form = page.split('id="options-form"')[1].split("</form>")[0]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>|<select.*?</select>", form, re.S):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if tag.startswith("<select"):
            value = re.search(r'value="([^"]*)" selected', tag) or value
        if name and ("checkbox" not in tag or " checked" in tag):
            sent.setdefault(name[1], []).append(value[1] if value else "on")
    return sent


def test_the_form_keeps_what_it_shows(client: FlaskClient) -> None:
    client.set_cookie("person", "Ada")
    before = client.get("/api/v1/options").json
    done = client.post("/device/options", data=form_of(client.get("/device").text))
    assert (done.status_code, done.headers["Location"]) == (303, "/device?kept=1#options")
    assert "The options are kept." in client.get("/device?kept=1").text
    assert client.get("/api/v1/options").json == before


def test_the_form_of_a_page_that_showed_another_name_is_shown_again(client: FlaskClient) -> None:
    form = form_of(client.get("/device").text)
    assert form["shown_person"] == [""]
    client.set_cookie("person", "Ada")
    form["retention_days"] = ["30"]
    asked = client.post("/device/options", data=form)
    assert asked.status_code == 409
    assert "Ada is working by now, and the page showed nobody" in asked.text
    assert client.get("/api/v1/options").json["retention_days"] is None
    again = form_of(asked.text)
    assert again["retention_days"] == ["30"]
    assert client.post("/device/options", data=again).status_code == 303


def test_the_form_adds_and_removes_a_class(client: FlaskClient) -> None:
    client.set_cookie("person", "Ada")
    form = form_of(client.get("/device").text)
    form["class_title"][-1], form["class_key"][-1] = "Réticulocyte 2", "2"
    form["class_removed"] = ["blast"]
    form["least_free_gb"] = ["1,5"]
    assert client.post("/device/options", data=form).status_code == 303
    told = client.get("/api/v1/options").json
    ids = [each["id"] for each in told["classes"]]
    assert ids[-1] == "reticulocyte_2"
    assert "blast" not in ids
    assert told["least_free_mb"] == 1500


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("retention_days", "soon", "is no number"),
        ("retention_days", "0", "give 1 to"),
        ("class_key", "u", "cannot be the key"),
    ],
)
def test_what_does_not_fit_is_said_beside_the_form(
    client: FlaskClient, name: str, value: str, said: str
) -> None:
    client.set_cookie("person", "Ada")
    form = form_of(client.get("/device").text)
    form[name][0] = value
    refused = client.post("/device/options", data=form)
    assert refused.status_code == 400
    assert said in refused.text.split('id="options-problem"')[1][:400]


def test_what_was_typed_stays_where_something_does_not_fit(client: FlaskClient) -> None:
    client.set_cookie("person", "Ada")
    form = form_of(client.get("/device").text)
    form["retention_days"], form["least_free_gb"] = ["12"], ["much"]
    form["class_title"][-1], form["class_key"][-1] = "Hairy cell", "h"
    form["class_removed"], form["usual"] = ["blast"], ["on"]
    del form["keep_pictures"]
    again = form_of(client.post("/device/options", data=form).text)
    for name in ("class_id", "class_title", "class_key", "class_color", "class_counts"):
        again[name].pop()  # of the row for another one, which comes anew
    assert again == form


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (999, "999 B"),
        (1_000, "1 kB"),
        (1_234_567, "1.23 MB"),
        (99_960_000, "100 MB"),
        (999_960_000, "1000 MB"),
        (1_234 * 10**9, "1234 GB"),
    ],
)
def test_sizes_are_told_in_three_figures_or_so(n_bytes: int, words: str) -> None:
    assert size(n_bytes) == words


def test_a_card_is_shown_with_its_tables_and_figures(data: Path) -> None:
    client = create_app(Settings(data=data)).test_client()
    page = client.get("/device/models/pbc").text
    assert "<h2>Intended use</h2>" in page
    assert '<td class="number">2972</td>' in page
    card = client.get("/api/v1/models/pbc/card")
    assert (card.mimetype, "## Intended use" in card.text) == ("text/markdown", True)
    figures = re.findall(r'src="(/api/v1/models/pbc/figures/[^"]+)"', page)
    assert len(figures) == len(list((MODELS / "pbc" / "figures").iterdir()))
    with client.get(figures[0]) as figure:
        assert figure.mimetype == "image/png"
    for elsewhere in ("nothing", "..", "pbc/figures/..%2Fmanifest.json"):
        assert client.get(f"/device/models/{elsewhere}").status_code == 404
        assert client.get(f"/api/v1/models/{elsewhere}/card").status_code == 404
    assert client.get("/api/v1/models/pbc/figures/manifest.json").status_code == 404


def test_bundles_of_one_name_are_told_apart_by_where_they_lie(
    bundle: Path, data: Path, tmp_path: Path
) -> None:
    here, elsewhere = tmp_path / "models" / "same", tmp_path / "trained" / "same"
    for folder, words in ((here, "of models"), (elsewhere, "of elsewhere")):
        shutil.copytree(bundle, folder)
        (folder / "CARD.md").write_text(f"# Card {words}\n")
    settings = Settings(model=elsewhere, models=here.parent, detector=tmp_path, data=data)
    client = create_app(settings).test_client()
    told = client.get("/api/v1/device").json["bundles"]
    assert [(e["folder"], e["place"], e["answering"]) for e in told] == [
        ("same", str(here), False),
        ("same-2", str(elsewhere), True),
    ]
    page = client.get("/device").text
    assert str(here) in page
    assert str(elsewhere) in page
    assert "Card of models" in client.get("/device/models/same").text
    assert "Card of elsewhere" in client.get("/device/models/same-2").text
    steps = [step["id"] for step in client.post("/api/v1/device/test").json["steps"]]
    assert steps[-2:] == ["bundle:same", "bundle:same-2"]


def test_a_card_is_no_way_into_the_page() -> None:
    shown = card_html("# <script>x</script>\n\n**b** `<i>`\n\n![x](http://e.org/a.png)", "/f")
    assert "<script>" not in shown
    assert "<img" not in shown
    assert "<strong>b</strong> <code>&lt;i&gt;</code>" in shown
