"""The live view: the plain lines above, what is under way below."""

import io
import re

from rich.console import Console
from tests.fakes.events import Story, batch, checked, errors_rolled_back, facts, good_deploy, proven, request, tagged
from tests.views.test_plain import GOOD, plain

from hotfix_deploy_runner.views.live import LiveView

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def terminal(**more: object) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100, height=40, record=True, _environ={}, **more)  # type: ignore[arg-type]


def told(story: Story, console: Console) -> LiveView:
    view = LiveView(console, clock=lambda: story.now)
    try:
        for seq, event in story:
            view.event(seq, event)
    finally:
        view.close()
    return view


def region(story: Story) -> str:
    """What the region shows after the story so far."""
    view = told(story, terminal())
    paper = Console(file=io.StringIO(), width=100, _environ={})
    paper.print(view.region())
    out = paper.file
    assert isinstance(out, io.StringIO)
    return out.getvalue()


def printed(console: Console) -> str:
    """What stays on the screen: all lines but those that were erased and drawn again."""
    out = console.file
    assert isinstance(out, io.StringIO)
    return out.getvalue()


def screen(raw: str) -> str:
    """A terminal that knows what rich sends: erase a line, cursor up, carriage return."""
    lines, row = [""], 0
    for piece in re.split(r"(\x1b\[[0-9;?]*[A-Za-z]|\r|\n)", raw):
        if piece == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif piece == "\x1b[2K":
            lines[row] = ""
        elif found := re.fullmatch(r"\x1b\[(\d+)A", piece):
            row -= int(found[1])
        elif not piece.startswith(("\x1b", "\r")):
            lines[row] += piece
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def test_what_stays_on_the_screen_is_the_plain_output() -> None:
    console = terminal()
    told(good_deploy(), console)
    assert screen(printed(console)) == GOOD


def test_long_reasons_are_not_broken_into_lines() -> None:
    console = terminal()
    story = errors_rolled_back()
    told(story, console)
    assert screen(printed(console)) == plain(story)


def test_a_running_step_has_a_line_with_its_elapsed_time() -> None:
    story = Story(request(), facts())
    story.does("worktree")
    story.starts("install", "check:branch")
    story.tick(12.0)
    shown = region(story)
    assert re.search(r"Installing the dependencies +12 s", shown)
    assert re.search(r"Checking: branch +12 s", shown)
    story.ends("check:branch")
    assert "branch" not in region(story)


def test_the_rollout_has_a_bar() -> None:
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    batch(story, 1)
    story.starts("batch:production/web:2")
    shown = region(story)
    assert re.search(r"Rollout +\S.* 1 of 3", shown)
    assert re.search(r"Bringing the new version to 2 of 3 +0.0 s", shown)
    assert "error rate 0.00% (baseline: 0.00%)" in shown


def test_the_window_has_a_bar_once_all_instances_are_new() -> None:
    story = Story(request(), facts())
    checked(story)
    proven(story)
    tagged(story)
    for number in (1, 2, 3):
        batch(story, number)
    story.reads(on_new=3)
    shown = region(story)
    assert "Rollout" not in shown
    assert re.search(r"Watched +\S.* of 10m 00s", shown)


def test_nothing_is_left_of_the_region_at_the_end() -> None:
    assert region(good_deploy()).strip() == ""


def test_the_marks_have_colours_unless_no_color_is_set() -> None:
    console = terminal()
    told(good_deploy(), console)
    assert "\x1b[32m[OK]" in printed(console)
    grey = Console(file=io.StringIO(), force_terminal=True, width=100, _environ={"NO_COLOR": "1"})
    told(good_deploy(), grey)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", printed(grey))


def test_closing_twice_does_no_harm() -> None:
    story = Story(request(), facts())
    view = told(story, terminal())
    view.close()
