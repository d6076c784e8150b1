"""The page as a browser gets it: parsed, self-contained, and with the same words as the Markdown."""

import re
from html.parser import HTMLParser

import msgspec
import pytest
from markdown_it import MarkdownIt
from tests.fakes.events import Story, errors_rolled_back, failing_test, good_deploy, rollback_run, tagged

from hotfix_deploy_runner.core.check import Line, Status
from hotfix_deploy_runner.core.incident import Commit, incident
from hotfix_deploy_runner.core.notes import Notes
from hotfix_deploy_runner.views.incident_document import document
from hotfix_deploy_runner.views.render_html import to_html
from hotfix_deploy_runner.views.render_markdown import to_markdown

STORIES = [good_deploy, errors_rolled_back, failing_test, rollback_run]
VOID = {"meta", "br"}
EVIL = "</td></table><script>alert(1)</script><img src=x onerror=alert(1)>&amp;"


class Page(HTMLParser):
    """What is open, what is said, and every element with its attributes. Fails on markup that is not nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append((self.open[-1] if self.open else "", data.strip()))

    def said(self, *tags: str) -> list[str]:
        return [words for tag, words in self.words if not tags or tag in tags]


def page(story: Story) -> Page:
    return Page(to_html(document(incident(story.events))))


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w.%:/]{3,}", text))


@pytest.mark.parametrize("make", STORIES)
def test_it_says_what_the_markdown_says(make) -> None:  # type: ignore[no-untyped-def]
    known = document(incident(make().events))
    rendered = MarkdownIt("commonmark").enable("table").render(to_markdown(known))
    text = re.sub(r"<details>.*?</details>", "", rendered, flags=re.DOTALL)
    theirs = " ".join(re.sub(r"&lt;|&gt;|&amp;|&quot;", " ", re.sub(r"<[^>]*>", " ", text)).split())
    ours = Page(to_html(known))
    heard = " ".join(said for tag, said in ours.words if tag not in ("style", "title"))
    assert words(theirs) - words(heard) - {"filled"} == set()
    assert ours.said("h2") == [section.title for section in known.sections]


def test_it_fetches_nothing_and_runs_nothing() -> None:
    text = to_html(document(incident(errors_rolled_back().events)))
    found = Page(text)
    names = {tag for tag, _ in found.elements}
    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "base", "a", "form"})
    attributes = {name for _, given in found.elements for name in given}
    assert attributes.isdisjoint({"src", "href", "srcset", "data", "action", "onload", "onerror"})
    assert not re.search(r"url\(|@import|@font-face", text)
    (policy,) = (given["content"] for tag, given in found.elements if tag == "meta" and "http-equiv" in given)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_both_charts_are_inside() -> None:
    found = page(errors_rolled_back())
    labels = [given.get("aria-label") for tag, given in found.elements if tag == "svg"]
    assert labels == ["Error rate", "p99 latency, of each reading"]
    assert {"breached, rollback", "restored", "limit 5.00%", "baseline 195ms"} <= set(found.said("text"))
    assert not [tag for tag, _ in page(failing_test()).elements if tag == "svg"]


def test_the_head_tells_how_it_ended_by_its_colour() -> None:
    def header(story: Story) -> str | None:
        return next(given["class"] for tag, given in page(story).elements if tag == "header")

    assert header(good_deploy()) == "ok"
    assert header(errors_rolled_back()) == "warn"
    assert header(failing_test()) == "fail"
    story = good_deploy()
    story.events = story.events[:3]
    assert header(story) == "open"


def test_nothing_that_was_said_becomes_markup() -> None:
    story = good_deploy()
    tagged(story)
    story.does("tag", Line(Status.WARN, EVIL, (EVIL,)))
    known = incident(story.events)
    known = msgspec.structs.replace(
        known,
        notes=Notes(EVIL, EVIL, f"- {EVIL}", EVIL),
        commits=(Commit("c" * 40, EVIL, EVIL),),
        diffstat=EVIL,
        request=msgspec.structs.replace(known.request, branch=EVIL, operator=EVIL, host=EVIL),
    )
    found = Page(to_html(document(known)))
    assert "script" not in {tag for tag, _ in found.elements}
    assert "img" not in {tag for tag, _ in found.elements}
    assert found.said("pre") == [EVIL]
    assert found.said("li") == [EVIL]


def test_what_a_person_wrote_has_paragraphs_and_lists() -> None:
    wrote = "First.\nStill first.\n\nWhat we do:\n- warm the cache\n  before it opens\n- page sooner\n\nLast."
    known = msgspec.structs.replace(incident(good_deploy().events), notes=Notes(lessons=wrote))
    text = to_html(document(known)).split("<h2>Lessons</h2>")[1]
    assert "<p>First.\nStill first.</p>" in text
    assert "<p>What we do:</p>\n<ul><li>warm the cache\nbefore it opens</li><li>page sooner</li></ul>" in text
    assert "<p>Last.</p>" in text


def test_a_blank_says_what_belongs_there_and_how_to_fill_it_in() -> None:
    found = page(good_deploy())
    assert "To be filled in: why it could happen." in found.said("em")
    assert any(re.fullmatch(r'hotfix-deploy-runner report \S+ --root-cause "…"', said) for said in found.said("code"))
