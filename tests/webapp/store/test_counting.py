"""Counts of slides from their tallies."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from runtime.trust import UNFAMILIAR
from tests.webapp.store.fields import CLASSES, LABELS
from webapp.store.counting import by_person, counted, with_unlisted
from webapp.store.tallies import Alike

NAMES = st.sampled_from([*LABELS, "blast", "smudge_cell", "artefact", "gone_class", UNFAMILIAR])
TALLIES = st.dictionaries(st.builds(Alike, NAMES, NAMES, st.booleans()), st.integers(1, 50))


@given(TALLIES)
def test_the_number_alone_is_that_of_the_whole_count(tallies: dict[Alike, int]) -> None:
    found = Counter(tallies)
    whole = by_person(found, with_unlisted(CLASSES, found))
    assert counted(found, CLASSES) == whole.counted
