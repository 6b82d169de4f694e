"""A page as a forge shows it, in a real Chromium: what its layout says, and a picture.

``python -m tests.review.browser PAGE.md PAGE.png`` takes the picture of any page, such as those that ``promote`` keeps
under .actum/promotions.
"""

from __future__ import annotations

import html
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

SCREEN = (1280, 900)
NO_BROWSER = "no Chromium on this machine: Debian has it as chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# No sandbox and no /dev/shm: root in a container has neither. The page is ours, and nothing may call anybody.
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
STYLE = """
body { margin: 0; font: 14px/1.5 'Noto Sans', 'DejaVu Sans', sans-serif; color: #1f2328; }
main { width: 860px; margin: 240px 0 0 60px; } /* beside and below what a forge shows of its own */
h3 { font-size: 17.5px; margin: 0 0 16px; }
p, table, details, pre { margin: 0 0 16px; }
table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse; }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0; }
code { padding: 3px 6px; font: 12px monospace; background: #eff1f3; }
"""
MEASURE = """
const main = document.querySelector("main"), box = (at) => {
  const {top, bottom, left, right} = at.getBoundingClientRect();
  return {top, bottom, left, right};
};
const found = (words) => {
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    const at = node.data.indexOf(words), range = document.createRange();
    if (at < 0) continue;
    range.setStart(node, at); range.setEnd(node, at + words.length);
    return {...box(range), visible: node.parentElement.checkVisibility()};
  }
  return null;
};
document.getElementById("seen").textContent = JSON.stringify({
  title: document.title,
  width: innerWidth,
  wide: document.documentElement.scrollWidth,
  lines: Object.fromEntries(WORDS.map((words) => [words, found(words)])),
  folds: [...main.querySelectorAll("details")].map((fold) => ({
    summary: fold.querySelector("summary").textContent,
    open: fold.open,
    shown: [...fold.children].filter((one) => one.checkVisibility()).map((one) => one.localName),
  })),
  elements: [...main.querySelectorAll("*")].map((one) => [one.localName, ...one.getAttributeNames()].join(" ")),
  text: main.textContent,
});
"""


def browser() -> str | None:
    """Return the program, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@dataclass(frozen=True)
class Seen:
    """What the browser's own layout says of a page.

    Attributes:
        lines: Of each of the words that were asked for where they stand, in pixels, and whether they can be seen.
        folds: Each with its summary, whether it is open, and which of its children can be seen.
        elements: Name and attributes of every element, in the order of the document.
        wide: Width of the document, which is that of the window where nothing sticks out.
    """

    title: str
    width: int
    wide: int
    lines: dict[str, dict[str, Any] | None]
    folds: list[dict[str, Any]]
    elements: list[str]
    text: str


def look(markdown: str, words: tuple[str, ...] = ()) -> Seen:
    """Lay a page out and return what is there; *words*: pieces of text whose place is wanted."""
    script = f"const WORDS = {json.dumps(words)};{MEASURE}"
    page = f'{_document(markdown)}<pre id="seen"></pre><script>{script}</script>'
    dumped = _chromium(page, "--dump-dom")
    (_, told) = dumped.rsplit('<pre id="seen">', 1)
    return Seen(**json.loads(html.unescape(told.partition("</pre>")[0])))


def rendered(page: str) -> str:
    """Return the document that a page of HTML has made of itself, once its scripts have nothing more to do."""
    return _chromium(page, "--virtual-time-budget=20000", "--dump-dom")


def picture(markdown: str, place: Path) -> None:
    """Write the first screen of a page as a PNG file."""
    _chromium(_document(markdown), f"--screenshot={place.resolve()}")


def _document(markdown: str) -> str:
    """Return the page as GitHub-flavoured Markdown has it; raw HTML stays, so that what slips through is seen."""
    shown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    return f"<!doctype html><meta charset=utf-8><title>Page</title><style>{STYLE}</style><main>{shown}</main>"


def _chromium(page: str, *words: str) -> str:
    program = browser()
    assert program is not None, NO_BROWSER
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # its last child may still be writing
        place = Path(folder, "page.html")
        place.write_text(page)
        size = ",".join(map(str, SCREEN))
        flags = (*FLAGS, f"--window-size={size}", f"--user-data-dir={folder}/profile", *words)
        done = subprocess.run([program, *flags, place.as_uri()], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


if __name__ == "__main__":
    picture(Path(sys.argv[1]).read_text(), Path(sys.argv[2]))
