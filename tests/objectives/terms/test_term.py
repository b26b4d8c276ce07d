from __future__ import annotations

from dataclasses import replace

from hitzoo.objectives.critic import Question
from hitzoo.objectives.terms.consistency import BalancedConsistency
from hitzoo.objectives.terms.r1 import R1
from hitzoo.objectives.terms.term import due, questions_of


def test_lazy_terms_are_due_at_the_first_update_and_every_interval_after() -> None:
    r1, bcr = R1(1.0, interval=3), BalancedConsistency(1.0, interval=2)
    terms = (r1, bcr, replace(r1, interval=1, name="always"))
    names = {update: [term.name for term in due(terms, update)] for update in range(1, 8)}
    assert [update for update, taken in names.items() if "r1" in taken] == [1, 4, 7]
    assert [update for update, taken in names.items() if "bcr" in taken] == [1, 3, 5, 7]
    assert all("always" in taken for taken in names.values())


def test_questions_of_terms_are_asked_once_each() -> None:
    found = questions_of([R1(1.0), R1(2.0, name="again"), BalancedConsistency(1.0)])
    on = {question.on for question in found}
    assert on == {"real", "fake", "real_augmented", "fake_augmented"}
    assert Question("real", gradient=True) in found
    assert questions_of([]) == frozenset()
