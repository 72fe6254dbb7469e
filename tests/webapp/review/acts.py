"""What a person does on the review page, and what the store then holds."""

import json
from urllib.parse import quote
from urllib.request import Request, urlopen

from playwright.sync_api import Locator, Page, expect

from tests.webapp.review.conftest import Bench


def tiles(page: Page) -> Locator:
    return page.locator(".tile:visible")


def group(page: Page, name: str) -> Locator:
    return page.locator(".group:visible").filter(has=page.get_by_role("heading", name=name))


def drag(page: Page, tile: Locator, target: Locator) -> None:
    """Drag by hand: `drag_to` scrolls while it holds the tile, and so takes another."""
    box = target.bounding_box()
    assert box
    tile.hover()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 12, steps=4)
    page.mouse.up()


def saved(page: Page) -> None:
    expect(page.locator("[data-unsaved]")).to_have_count(0)


def write(bench: Bench, method: str, path: str, body: object, person: str = "Bob") -> None:
    """Write to the server as another program does."""
    request = Request(  # noqa: S310 - our own
        f"{bench.url}/api/v1/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "X-Person": quote(person)},
        method=method,
    )
    urlopen(request).close()  # noqa: S310 - our own


def named(bench: Bench, slide: int) -> list[tuple[str, bool]]:
    """What the server says of the cells: the class that holds, and whether it was seen."""
    with urlopen(f"{bench.url}/api/v1/slides/{slide}/cells") as response:  # noqa: S310 - our own
        cells = json.load(response)["cells"]
    return [(cell["named"], cell["seen"] is not None) for cell in cells]
