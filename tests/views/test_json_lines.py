"""One JSON object a line: the journal's events and where they stand in it."""

import io
import json

from tests.fakes.events import RUN, good_deploy

from hotfix_deploy_runner.core.events import to_json
from hotfix_deploy_runner.views.json_lines import JsonLinesView


def test_each_line_is_the_journals_event_with_its_number_and_run() -> None:
    story, out = good_deploy(), io.StringIO()
    view = JsonLinesView(out)
    for seq, event in story:
        view.event(seq, event)
    view.close()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line.pop("seq") for line in lines] == list(range(1, len(story.events) + 1))
    assert {line["run"] for line in lines} == {RUN}
    for line, event in zip(lines, story.events, strict=True):
        assert line == {**json.loads(to_json(event)), "run": RUN}


def test_a_line_is_out_as_soon_as_its_event_is() -> None:
    class Pipe(io.StringIO):
        flushed = ""

        def flush(self) -> None:
            self.flushed = self.getvalue()

    out = Pipe()
    JsonLinesView(out).event(1, good_deploy().events[0])
    assert json.loads(out.flushed)["event"] == "run-started"
