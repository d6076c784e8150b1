"""What holds for every run that `decide` can lead to: each view tells it, whole and once."""

import io
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.scenes import beginning
from tests.fakes.world import Trouble, World, after

from hotfix_deploy_runner.core.check import Line
from hotfix_deploy_runner.core.events import AnyEvent, StepEnded, StepReported
from hotfix_deploy_runner.core.incident import incident
from hotfix_deploy_runner.core.notices import notices
from hotfix_deploy_runner.core.run import apply, begin, fold
from hotfix_deploy_runner.views.incident_document import document
from hotfix_deploy_runner.views.narration import Heading, Narrator, Piece
from hotfix_deploy_runner.views.plain import PlainView
from hotfix_deploy_runner.views.render_html import to_html
from hotfix_deploy_runner.views.render_markdown import to_markdown

STEPS = st.sampled_from(
    ["install", "check:tests", "build", "staging-deploy", "tag", "batch:production/api:2", "merge:main", "observe"]
)


@st.composite
def runs(draw: st.DrawFn) -> list[AnyEvent]:
    trouble = Trouble(
        fails=frozenset(draw(st.sets(STEPS, max_size=2))),
        bad=after(draw(st.integers(0, 60))),
        blind=after(draw(st.integers(0, 120))),
        strikes=after(draw(st.integers(0, 80))),
        strike=draw(st.sampled_from(["rollback", "abort", "SIGINT", "SIGTERM"])),
    )
    metrics = draw(st.booleans())
    world = World(beginning(metrics=metrics), draw(st.lists(st.integers(-1, 5), max_size=40)), trouble)
    world.live()
    return world.events


def said(events: list[AnyEvent]) -> list[Line]:
    ended = [line for event in events if isinstance(event, StepEnded) for line in event.lines]
    return ended + [event.line for event in events if isinstance(event, StepReported)]


@settings(max_examples=40, deadline=None)
@given(runs())
def test_every_line_is_told_once_under_headings_that_come_once(events: list[AnyEvent]) -> None:
    narrator = Narrator()
    pieces: list[Piece] = [piece for event in events for piece in narrator.tell(event)]
    lines = [piece for piece in pieces if isinstance(piece, Line)]
    for line in said(events):
        assert lines.count(line) == said(events).count(line)
    headings = [piece.text for piece in pieces if isinstance(piece, Heading)]
    assert len(headings) == len(set(headings))


@settings(max_examples=40, deadline=None)
@given(runs())
def test_nothing_waits_for_the_end_but_the_last_words(events: list[AnyEvent]) -> None:
    """No step that cannot come any more holds back what was said: before the last event every line is out."""
    narrator = Narrator()
    pieces = [piece for event in events[:-1] for piece in narrator.tell(event)]
    assert [line for line in said(events[:-1]) if line not in pieces] == []


@settings(max_examples=40, deadline=None)
@given(runs())
def test_the_last_lines_are_the_ending_s(events: list[AnyEvent]) -> None:
    out = io.StringIO()
    view = PlainView(out)
    for seq, event in enumerate(events, start=1):
        view.event(seq, event)
    ending = fold(events).ending
    assert ending is not None
    lines = out.getvalue().splitlines()
    assert f"{ending.summary} {ending.production}".rstrip() in lines[-2:]
    if ending.next_step:
        assert lines[-1].endswith(f": {ending.next_step}")


@settings(max_examples=40, deadline=None)
@given(runs())
def test_people_are_told_each_thing_once_and_the_last_thing_for_certain(events: list[AnyEvent]) -> None:
    run = begin(events[0])  # type: ignore[arg-type]
    told = list(notices(None, events[0], run))
    for event in events[1:]:
        before, run = run, apply(run, event)
        told += notices(before, event, run)
    ids = [notice.id for notice in told]
    assert len(ids) == len(set(ids))
    assert [notice.id for notice in told if notice.terminal] == ids[-1:]
    assert ids[-1].startswith(("r1:ended", "r1:unfinished:"))


@settings(max_examples=30, deadline=None)
@given(runs(), st.data())
def test_a_document_can_be_written_at_any_moment(events: list[AnyEvent], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(events)))
    known = incident(events[:cut])
    assert known.over == (cut == len(events))
    made = document(known)
    assert to_markdown(made).startswith("# Hotfix v2.14.4 for production")
    assert to_html(made).endswith("</html>\n")
    for picture in made.pictures:
        ElementTree.fromstring(picture.svg)
