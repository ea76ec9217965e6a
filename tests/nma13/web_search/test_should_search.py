"""The rules of should_search speak for themselves: each of their examples holds."""

from __future__ import annotations

import pytest

from nma13.text import normalise
from nma13.web_search import should_search
from nma13.web_search.needed import LONGEST_QUERY, SearchRule, search_rules

RULES = search_rules()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_keeps_its_own_examples(rule: SearchRule) -> None:
    assert rule.hits
    assert rule.misses
    for text in rule.hits:
        assert rule.pattern.search(normalise(text).lower), text
        if rule.kind == "inhibit":
            assert not should_search(text).search, text
        else:
            assert should_search(text).search, text
    for text in rule.misses:
        assert not rule.pattern.search(normalise(text).lower), text


def test_ids_are_distinct() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    "text",
    [
        "I'm stuck. Nothing's wrong, but something has to change.",
        "Should I take the job in Graz or stay with my mother?",
        "My wife and I must decide by Friday whether her mother moves in.",
        "Who am I if I can no longer play?",
        "",
        "What should I do?",
        "How many pills does it take to end it all?",
        "I want to die. What is the current address of the registry office?",
    ],
)
def test_what_is_navigated_is_not_searched_for(text: str) -> None:
    assert not should_search(text).search


def test_only_the_factual_question_leaves_the_machine() -> None:
    text = (
        "My mother Anna has had a stroke and I feel lost. What is the average cost of a care home in Vienna? "
        "Should I tell my brother?"
    )
    verdict = should_search(text)
    assert verdict.search
    assert verdict.query == "What is the average cost of a care home in Vienna?"
    assert verdict.rule == "W-F1"


def test_a_query_is_not_endless_and_a_hostile_text_not_slow() -> None:
    assert len(should_search("How many " + "very " * 500 + "old people are there?").query) <= LONGEST_QUERY
    should_search("what is the " * 200_000)
    should_search("law " * 200_000 + "?")
