"""A technician at the bench, who does everything over HTTP."""

from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import quote

from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from runtime.smear import draw_smear
from tests.webapp.pictures import upload

API = "/api/v1"


class Technician:
    """Asks an app in somebody's name."""

    def __init__(self, app: Flask, name: str) -> None:
        self.name = name
        self.client = app.test_client()

    def ask(self, method: str, path: str, status: int = 200, **options: Any) -> TestResponse:
        """Send a request whose answer must have a status; keywords that begin big are headers."""
        headers = {"X-Person": quote(self.name)}
        headers |= {k.replace("_", "-"): options.pop(k) for k in list(options) if k[0].isupper()}
        response = self.client.open(API + path, method=method, headers=headers, **options)
        assert response.status_code == status, response.text
        return response

    def get(self, path: str, **query: Any) -> Any:
        return self.ask("GET", path, query_string=query).json

    def refused(self, method: str, path: str, status: int, **options: Any) -> str:
        """Send what must be refused; give the code."""
        code: str = self.ask(method, path, status, **options).json["error"]["code"]
        return code

    def open_slide(self, label: str = "26-0417", **wish: Any) -> int:
        slide: int = self.ask("POST", "/slides", 201, json={"label": label, **wish}).json["id"]
        return slide

    def add(self, slide: int, *seeds: int) -> Any:
        """Upload drawn fields."""
        pictures = [(f"field {seed}.jpg", drawn(seed)) for seed in seeds]
        return self.ask("POST", f"/slides/{slide}/fields", data=upload(*pictures)).json

    def cells(self, slide: int, **query: Any) -> list[Any]:
        """Give all cells of a slide, page by page."""
        cells, after = [], {}
        while True:
            page = self.get(f"/slides/{slide}/cells", **query, **after)
            cells += page["cells"]
            if page["after"] is None:
                return cells
            after = {"after": page["after"]}

    def review(self, slide: int, cells: list[int], given: str | None) -> Any:
        wish = {"cells": cells, "class": given}
        return self.ask("POST", f"/slides/{slide}/reviews", json=wish).json

    def review_all(self, slide: int, given: str) -> None:
        self.review(slide, [cell["id"] for cell in self.cells(slide)], given)

    def sign(self, slide: int) -> Any:
        return self.ask("POST", f"/slides/{slide}/signatures", 201).json


@cache
def drawn(seed: int) -> bytes:
    """Draw a field as a camera keeps it; larger files would make the test client use the disk."""
    encoded = BytesIO()
    drawing = draw_smear(seed, white=["neutrophil", "lymphocyte"]).picture
    Image.fromarray(drawing).save(encoded, "JPEG", quality=92)
    return encoded.getvalue()
