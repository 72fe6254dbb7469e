"""How a browser's pages are closed."""

from playwright.sync_api import BrowserContext


def close(context: BrowserContext) -> None:
    """Close pages once they have come: Chromium hangs where one is closed while it comes."""
    for page in context.pages:
        page.wait_for_load_state()
    context.close()
