"""A page of HTML in headless Chromium: to measure it there, and to take a picture of it."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright


@asynccontextmanager
async def browser(html: str, width: int) -> AsyncIterator[Page]:
    """Open a page in headless Chromium; skips the test where there is none."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("Chromium is not here: apt-get install chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program, args=quiet)
        try:
            shown = await chromium.new_page(viewport={"width": width, "height": 600})
            await shown.set_content(html)
            yield shown
        finally:
            await chromium.close()


async def keep(shown: Page, name: str, otherwise: Path) -> Path:
    """Take a picture of a page: in the folder of ESCALATION_PICTURES, where somebody wants to look at it."""
    file = Path(os.environ.get("ESCALATION_PICTURES") or otherwise) / name
    await shown.screenshot(path=file, full_page=True)
    return file
