"""Every text that people read can be translated."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog as Texts
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from flask.testing import FlaskClient

from tests.webapp.pictures import png, upload
from tests.webapp.serving import ROOT
from webapp import texts
from webapp.texts.catalog import Catalog

POT = texts.FOLDER / "messages.pot"
SHOWN = ("title", "aria-label", "alt", "placeholder", "data-drawn", "data-nobody")
NAMES = "HematoVision tiny int fp Red Green Blue red green blue Ig Ada"  # of bundles, and our own
FORMATS = "API OpenAPI SHA PDF JSON CSV FHIR"
NOT_OURS = {("lang", "en"), ("translate", "no")}
STREAM = "http://camera:8080/video"  # an example of an address
UNITS = "png ms UTC kB GB"


def extracted() -> set[str]:
    options = {"trimmed": "true", "newstyle_gettext": "true"}
    methods = [
        ("**.py", "python"), ("templates/**.html", "jinja2"), ("static/**.js", "javascript")
    ]  # fmt: skip
    found = extract_from_dir(
        str(ROOT / "webapp"),
        methods,
        {pattern: options if method == "jinja2" else {} for pattern, method in methods},
        {"_": None, "gettext": None, "ngettext": (1, 2), "t": None, "tn": (1, 2)},
    )
    return {text if isinstance(text, str) else text[0] for _, _, text, _, _ in found}


def known() -> Texts:
    return read_po(BytesIO(POT.read_bytes()))


def test_the_list_of_texts_is_fresh() -> None:
    listed = {m.id if isinstance(m.id, str) else m.id[0] for m in known() if m.id}
    assert listed == extracted(), "run 'make texts'"


def mark(text: str) -> str:
    return f"⟦{text}⟧"


@pytest.fixture
def marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A language, Esperanto, in which every text is marked."""
    catalog = Texts("eo")
    for message in known():
        if not message.id:
            continue
        plural = isinstance(message.id, tuple)
        forms = tuple(map(mark, message.id)) if plural else mark(message.id)
        catalog.add(message.id, forms)
    with (tmp_path / "eo.po").open("wb") as file:
        write_po(file, catalog)
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    yield
    texts._catalog.cache_clear()


class Reader(HTMLParser):
    """Gathers what a person reads: text, and the attributes that are shown or read out.

    Code, and what a page marks as English or as not to be translated, is no text of ours.
    """

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.left_out = list[str]()  # open elements of one name, from the one that is left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.left_out or (
            not self.left_out and (tag == "code" or not NOT_OURS.isdisjoint(attrs))
        ):
            self.left_out.append(tag)
        if self.left_out:
            return
        self.words += "".join(f" {value} " for name, value in attrs if name in SHOWN and value)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.left_out:
            self.left_out.pop()

    def handle_data(self, data: str) -> None:
        if not self.left_out:
            self.words += f"{data} "


def untranslated(page: str) -> set[str]:
    reader = Reader()
    reader.feed(page)
    rest, before = reader.words, ""
    while rest != before:  # marks lie in marks where a name stands in a sentence
        before, rest = rest, re.sub(r"⟦[^⟦⟧]*⟧", " ", rest)
    # One letter alone is a key or a unit.
    return set(re.findall(r"[^\W\d_]{2,}", rest)) - {
        *NAMES.split(),
        *FORMATS.split(),
        *UNITS.split(),
    }


@pytest.mark.usefixtures("marked")
def test_no_page_shows_a_word_that_cannot_be_translated(client: FlaskClient) -> None:
    language = {"Accept-Language": "eo, en;q=0.5"}
    opened = client.post("/api/v1/slides", json={"label": "26-04711"}, headers={"X-Person": "Ada"})
    slide = f"/slides/{opened.json['id']}"
    pages = [
        client.get("/slides", headers=language),
        client.get(slide, headers=language),
        client.get(f"{slide}/report", headers=language),
        client.get("/", headers=language),
        client.post("/", data=upload(("red.png", png("red"))), headers=language),
        client.get("/no/such/page", headers=language),
        client.get("/live", headers=language),
        client.get(f"{slide}/review", headers=language),
        client.get("/history", headers=language),
        client.get("/history/trail", headers=language),
        client.get("/history/received", headers=language),
        client.get("/device", headers=language),
        client.get("/account", headers=language),
        client.get("/api/docs", headers=language),
    ]
    for response in pages:
        assert '<html lang="eo">' in response.text
        told = response.text.replace(opened.json["uid"], "").replace(STREAM, "")
        assert untranslated(told) <= {"no", "such", "page"}, response.request.path
    assert untranslated("<p>⟦a⟧ <b title='plain'>word</b></p>") == {"plain", "word"}


def test_each_reader_gets_their_own_language(client: FlaskClient) -> None:
    for language in ("en", "de", "en"):
        page = client.get("/", headers={"Accept-Language": language}).text
        assert ("Confident</span>" in page) == (language == "en")


@pytest.mark.usefixtures("marked")
def test_scripts_get_the_same_texts(client: FlaskClient) -> None:
    script = client.get("/texts.js", headers={"Accept-Language": "eo"})
    assert script.mimetype == "text/javascript"
    assert 'language = "eo"' in script.text
    assert mark("{n} field").encode("ascii", "backslashreplace").decode() in script.text
    assert "forms = {};" in client.get("/texts.js", headers={"Accept-Language": "fr"}).text


def test_a_catalog_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "pl.po"
    file.write_text(
        'msgid ""\nmsgstr ""\n"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n<5 ? 1 : 2);\\n"\n\n'
        '# note\nmsgid "cell"\nmsgid_plural "cells"\n'
        'msgstr[0] "komórka"\nmsgstr[1] "komórki"\nmsgstr[2] "komórek"\n\n'
        '#, fuzzy\nmsgid "unsure"\nmsgstr "?"\n\nmsgid "open"\nmsgstr ""\n\n'
        'msgid "a \\"b\\""\n" c"\nmsgstr "x"\n"y"\n',
        encoding="utf-8",
    )
    catalog = Catalog.read(file)
    assert [catalog.ngettext("cell", "cells", n) for n in (1, 2, 7)] == [
        "komórka", "komórki", "komórek"
    ]  # fmt: skip
    assert (catalog.gettext("unsure"), catalog.gettext("open")) == ("unsure", "open")
    assert catalog.gettext('a "b" c') == "xy"
    assert catalog.ngettext("dog", "dogs", 2) == "dogs"


def test_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "pl.po"
    file.write_text('msgid "cell"\nmsgstr nonsense\n')
    with pytest.raises(ValueError, match=r"pl\.po, line 2,"):
        Catalog.read(file)


@pytest.mark.parametrize("file", sorted(texts.FOLDER.glob("*.po")), ids=lambda file: file.stem)
def test_translations_keep_what_is_filled_in(file: Path) -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"\{\w+\}|%\(\w+\)s|</?\w+>", text))

    forms = Catalog.read(file).forms
    assert set(forms) == extracted(), "run 'make texts' and translate what is new"
    for english, translated in forms.items():
        assert all(places(text) == places(english) for text in translated), english
