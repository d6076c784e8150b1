"""Versions, their tags, and that a number once used is never used again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfix_deploy_runner.core.version import TagFormat, Version, next_candidate, next_patch

NUMBERS = st.integers(0, 30)
VERSIONS = st.builds(Version, NUMBERS, NUMBERS, NUMBERS, st.none() | NUMBERS)
FORMATS = st.sampled_from(["v{version}", "{version}", "api/v{version}", "release-{version}-final"]).map(TagFormat)


@given(VERSIONS)
def test_what_a_version_spells_is_read_as_the_same(version: Version) -> None:
    assert Version.parse(str(version)) == version


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2",
        "1.2.3.4",
        "01.2.3",
        "1.2.3-rc.01",
        "1.2.3-rc",
        "1.2.3-beta.1",
        "1.2.3+5",
        "v1.2.3",
        " 1.2.3",
        "1.2.3\n",
    ],
)
def test_other_spellings_are_no_version(text: str) -> None:
    assert Version.parse(text) is None


def test_order_is_that_of_semantic_versioning() -> None:
    ascending = ["0.9.10", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.0.1-rc.1", "1.0.1", "1.0.10", "1.2.0", "1.10.0"]
    versions = [Version.parse(text) for text in ascending]
    assert versions == sorted(v for v in reversed(versions) if v is not None)


@given(VERSIONS, VERSIONS)
def test_two_versions_are_equal_or_one_comes_first(one: Version, other: Version) -> None:
    assert [one < other, one == other, one > other].count(True) == 1


@given(VERSIONS, VERSIONS)
def test_not_after_means_before_or_equal(one: Version, other: Version) -> None:
    assert (one <= other) == (other >= one) == (not other < one)


@given(VERSIONS)
def test_a_candidate_comes_before_its_final_version(version: Version) -> None:
    assert version.final.is_final
    assert version.is_final == (version == version.final)
    assert version < version.final or version.is_final


@given(VERSIONS, FORMATS)
def test_a_tag_carries_its_version(version: Version, tags: TagFormat) -> None:
    assert tags.version(tags.tag(version)) == version


@pytest.mark.parametrize("tag", ["v1.2.3", "web/v1.2.3", "api/v", "api/v1.2", "api/v1.2.3-hotfix", "api/v1.2.3/x"])
def test_tags_of_another_format_carry_none(tag: str) -> None:
    assert TagFormat("api/v{version}").version(tag) is None


def test_an_affix_is_not_counted_twice() -> None:
    """`aa` cannot be both the whole of the front and the whole of the back."""
    assert TagFormat("aa{version}aa").version("aa") is None


def test_the_versions_among_tags_ascend() -> None:
    tags = ["v1.10.0", "before-v1.2.3", "v1.2.0", "nightly", "v1.2.0-rc.1"]
    assert [str(v) for v in TagFormat().versions(tags)] == ["1.2.0-rc.1", "1.2.0", "1.10.0"]


@given(VERSIONS, st.lists(VERSIONS))
def test_the_next_patch_is_new_and_on_the_same_line(base: Version, taken: list[Version]) -> None:
    new = next_patch(base, taken)
    assert new.is_final
    assert new not in taken
    assert (new.major, new.minor) == (base.major, base.minor)
    assert new > base
    assert new.patch == base.patch + 1 or Version(base.major, base.minor, new.patch - 1) in taken


def test_candidates_do_not_take_a_patch_number() -> None:
    assert next_patch(Version(2, 14, 3), [Version(2, 14, 4, rc=7)]) == Version(2, 14, 4)


@given(VERSIONS.map(lambda v: v.final), st.lists(VERSIONS))
def test_the_next_candidate_counts_up_from_one(version: Version, taken: list[Version]) -> None:
    new = next_candidate(version, taken)
    assert new.final == version
    assert new not in taken
    assert new.rc is not None
    assert new.rc >= 1
    assert new.rc == 1 or Version(version.major, version.minor, version.patch, new.rc - 1) in taken
