"""Take the README's picture: the command's board of a running demo (`scripts/demo`), at a desktop's width.

.venv/bin/python docs/images/make.py [http://localhost:8000]
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
COMMAND = "市指挥部"
HERE = Path(__file__).resolve().parent


def main(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1360, "height": 1000}, locale="zh-CN", color_scheme="light")
        page.goto(f"{address}/sign-in")
        page.locator("section", has=page.get_by_role("heading", name=COMMAND, exact=True)).locator(
            "button"
        ).first.click()
        page.goto(f"{address}/board/")
        page.screenshot(path=HERE / "board.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000")
