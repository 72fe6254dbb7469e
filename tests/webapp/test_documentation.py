"""The documentation of the API, for people."""

import html
import re
import shlex

from flask.testing import FlaskClient

from tests.webapp.contract import document
from tests.webapp.serving import ROOT

DOCS = "/api/docs"


def test_each_route_has_its_part_with_a_form_and_an_example(client: FlaskClient) -> None:
    page = client.get(DOCS).text
    for path, methods in document()["paths"].items():
        for method, told in methods.items():
            assert page.count(f'<article id="{told["operationId"]}"') == 1
            assert f'data-method="{method.upper()}" data-path="{path}"' in page
            assert html.escape(told["summary"], quote=False) in html.unescape(page)
    assert "<code>results[].label</code>" in page
    assert "<code>results[].cells[].classification.label</code>" in page


def test_examples_name_this_server(client: FlaskClient) -> None:
    page = client.get(DOCS, headers={"Host": "127.0.0.1:5001"}).text
    commands = [shlex.split(html.unescape(c)) for c in re.findall("<code>(curl .+?)</code>", page)]
    assert len(commands) == 1 + sum(len(methods) for methods in document()["paths"].values())
    assert all(words[-1].startswith("http://127.0.0.1:5001/") for words in commands)


def test_it_is_small(client: FlaskClient) -> None:
    page = client.get(DOCS)
    files = re.findall('(?:href|src)="/static/(.+?)"', page.text)
    total = len(page.data) + sum((ROOT / "webapp/static" / f).stat().st_size for f in set(files))
    assert total < 200_000
