"""Draw `docs/terminal.svg` from a real run: `hotfix-deploy-runner demo | python docs/make_picture.py`."""

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

STYLES = {"OK": "green", "WARN": "yellow", "FAIL": "bold red", "SKIP": "cyan"}
WIDTH = 98


def coloured(line: str) -> Text:
    """A line of the plain output as the terminal shows it."""
    text = Text(line)
    if match := re.match(r"  \[(OK|WARN|FAIL|SKIP)\]", line):
        text.stylize(STYLES[match[1]], 2, match.end())
    elif re.match(r"\S.*:$", line):
        text.stylize("bold")
    elif line.startswith("$ "):
        text.stylize("bold cyan")
    elif line.startswith("         "):
        text.stylize("dim")
    return text


def main() -> None:
    """Read the demo's output; draw from the command on, without the machine's own paths."""
    lines = sys.stdin.read().splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("$ "))
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for line in lines[first:]:
        if line.startswith("(exit code"):
            break
        console.print(coloured(re.sub(r"/tmp/hotfix-demo-\w+/accounts/", "", line)), soft_wrap=False)
    drawn = console.export_svg(title="hotfix-deploy-runner")
    # The reader's own monospace font: a picture in a README fetches nothing.
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
    Path(__file__).with_name("terminal.svg").write_text(drawn)


if __name__ == "__main__":
    main()
