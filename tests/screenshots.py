"""The main pages as they look, as WebP pictures for the README.

    python -m tests.screenshots docs/pictures

A real server with the bundles that ship, on a folder of its own, is filled with drawn smears.
"""

import argparse
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image
from playwright.sync_api import (
    APIRequestContext,
    FilePayload,
    Page,
    Playwright,
    expect,
    sync_playwright,
)

from runtime.images import encode
from tests.conftest import find_chromium
from tests.webapp.live.film import write_y4m
from tests.webapp.serving import DESKTOP, PHONE, ROOT, serving
from tests.webapp.smears import crowded_fields

LARGEST_BYTES, QUALITY = 120_000, 78
SLOW_MS = 120_000
FIELDS = 14  # more than a hundred of their cells have a class
LABELS = ("26-04711", "26-04712", "26-04690", "26-04688", "26-04655")


@dataclass(frozen=True)
class Bench:
    """A server, and the slides on it: at work, reviewed in part, signed."""

    url: str
    at_work: int
    signed: int
    film: Path


def fill(request: APIRequestContext, fields: list[bytes]) -> dict[str, int]:
    """Open some slides; return by their labels what their ids are."""
    ids = {}
    for number, label in enumerate(reversed(LABELS)):
        note = {"26-04711": "Follow-up, capillary blood"}.get(label, "")
        wish = {"label": label, "note": note}
        ids[label] = slide = request.post("/api/v1/slides", data=wish).json()["id"]
        some = fields if label == LABELS[1] else fields[number : number + FIELDS // 2]
        for each, content in enumerate(some, 1):
            sent: FilePayload = {
                "name": f"{label}-{each:02}.png", "mimeType": "image/png", "buffer": content
            }  # fmt: skip
            answer = request.post(f"/api/v1/slides/{slide}/fields", multipart={"images": sent})
            assert answer.ok, answer.text()
        if label == LABELS[0]:
            review(request, slide, unfamiliar=5, others=24)
        elif label != LABELS[2]:
            review(request, slide)
            assert request.post(f"/api/v1/slides/{slide}/signatures").ok
    return ids


def review(
    request: APIRequestContext, slide: int, unfamiliar: int = 1000, others: int = 1000
) -> None:
    """Give cells of no class their nearest one, and confirm what the model said of others."""
    path, after, cells = f"/api/v1/slides/{slide}", "", list[dict[str, Any]]()
    while after is not None:
        part = request.get(f"{path}/cells?limit=200" + (f"&after={after}" if after else "")).json()
        cells, after = cells + part["cells"], part["after"]
    unnamed = [cell for cell in cells if cell["named"] == "unfamiliar"][:unfamiliar]
    wishes = [([cell["id"]], cell["answer"]["label"]) for cell in unnamed]
    named = [cell["id"] for cell in cells if cell["named"] != "unfamiliar"][:others]
    for ids, given in (*wishes, (named, None)):
        assert request.post(f"{path}/reviews", data={"cells": ids, "class": given}).ok


@contextmanager
def bench(playwright: Playwright) -> Iterator[Bench]:
    """Serve the app with its slides."""
    with TemporaryDirectory() as data, TemporaryDirectory() as films:
        fields = list(crowded_fields(FIELDS))
        film = Path(films) / "smear.y4m"
        write_y4m(film, fields[:1] * 4, rate=4)
        model, quiet = ROOT / "models/pbc", subprocess.DEVNULL
        with serving("--data", data, model=model, stderr=quiet) as (_, url):
            request = playwright.request.new_context(
                base_url=url, extra_http_headers={"X-Person": "Ada Lovelace"}, timeout=SLOW_MS
            )
            ids = fill(request, [encode(each) for each in fields])
            request.dispose()
            yield Bench(url, ids[LABELS[0]], ids[LABELS[1]], film)


@contextmanager
def page_of(
    playwright: Playwright, bench: Bench, size: tuple[int, int] = DESKTOP, theme: str = "dark"
) -> Iterator[Page]:
    """Open a browser with a camera, as Ada."""
    browser = playwright.chromium.launch(
        executable_path=find_chromium(),
        args=[
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={bench.film}",
        ],
    )
    context = browser.new_context(
        base_url=bench.url,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="light" if theme == "light" else "dark",
        reduced_motion="reduce",
    )
    context.set_default_timeout(SLOW_MS)
    expect.set_options(timeout=SLOW_MS)
    context.request.put("/api/v1/person", data={"name": "Ada Lovelace"})
    yield context.new_page()
    browser.close()


def analyze(page: Page) -> None:
    page.goto("/")
    (field,) = crowded_fields(1)
    picture: FilePayload = {
        "name": "field.png", "mimeType": "image/png", "buffer": encode(field)
    }  # fmt: skip
    page.set_input_files("#files", picture)
    card = page.locator(".field-card[data-state=answered]")
    expect(card).to_be_visible()
    page.locator(".cell-box.wbc").first.press("Enter")
    expect(page.locator(".chosen .card")).to_be_visible()
    card.scroll_into_view_if_needed()
    card.evaluate("card => scrollTo(0, card.getBoundingClientRect().top + scrollY - 12)")


def live(page: Page, slide: int) -> None:
    page.goto(f"/live?slide={slide}")
    page.select_option("#source", "browser")
    expect(page.locator("#boxes .cell-box.wbc").first).to_be_visible()
    expect(page.locator("#shares")).to_be_visible()


def reviewed(page: Page, slide: int) -> None:
    page.goto(f"/slides/{slide}/review")
    expect(page.locator("#gallery")).to_have_attribute("aria-busy", "false")
    page.locator(".group[data-class=neutrophil] .tile").first.focus()
    page.wait_for_load_state("networkidle")


def opened(page: Page, address: str) -> None:
    page.goto(address, wait_until="networkidle")


def take(page: Page, file: Path) -> None:
    """Keep what a window shows as WebP."""
    with Image.open(io.BytesIO(page.screenshot())) as shown:
        shown.convert("RGB").save(file, "WEBP", quality=QUALITY, method=6)
    size = file.stat().st_size
    if size > LARGEST_BYTES:
        sys.exit(f"{file} has {size} bytes, more than {LARGEST_BYTES}: lower QUALITY")
    print(json.dumps({"picture": str(file), "bytes": size}))  # noqa: T201 - it is a command


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, bench(playwright) as here:
        at_work, signed = f"/slides/{here.at_work}", f"/slides/{here.signed}"
        with page_of(playwright, here) as page:
            for name, address in (
                ("slide", at_work),
                ("report", f"{signed}/report"),
                ("history", "/history"),
                ("device", "/device"),
            ):
                opened(page, address)
                take(page, folder / f"{name}.webp")
            analyze(page)
            take(page, folder / "analyze.webp")
            live(page, here.at_work)
            take(page, folder / "live.webp")
        with page_of(playwright, here, theme="light") as page:
            reviewed(page, here.at_work)
            take(page, folder / "review.webp")
        with page_of(playwright, here, size=PHONE) as page:
            opened(page, at_work)
            take(page, folder / "phone.webp")


if __name__ == "__main__":
    main()
