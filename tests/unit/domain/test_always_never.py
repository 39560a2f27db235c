"""The twelve rules as data: the rules of the document, each with gates, items that there are, and its words."""

import pytest

from app.catalogue.reader import read_catalogue
from app.domain.always_never import OF_CHANGES, RECORD_WORDS, RULES, Rule, find_rule
from app.domain.gates import gates_of
from app.queries.obstacles import KEYS

CATALOGUE = read_catalogue()
ITEMS = {item.key: item for item in CATALOGUE.items}


def test_they_are_the_rules_of_the_document_in_its_order():
    assert [rule.key for rule in RULES] == [line.key for line in CATALOGUE.other_lines if line.kind == "rule"]
    assert len(RULES) == 12


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_a_rule_names_items_and_records_that_there_are_and_says_how_it_is_held(rule: Rule):
    for key in rule.items:
        assert any(one == key or (key.endswith(".") and one.startswith(key)) for one in ITEMS), key
    assert set(rule.records) <= set(KEYS.values()) & set(RECORD_WORDS)
    assert rule.enforced
    assert all(sentence.endswith(".") for sentence in (*rule.enforced, rule.by_hand) if sentence)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.key)
def test_a_rule_is_held_by_gates_that_cover_one_of_its_items(rule: Rule):
    about = [item for item in ITEMS.values() if rule.is_about(item.key)]
    covered = {item.gate for item in about}
    # The release gate asks for what its changes and modules are asked at gates of their own; records are the deploy
    # gate's alone.
    assert {kind.value for kind in rule.gates} - {"release"} <= covered | ({"deploy"} if rule.records else set())
    assert rule.records or any(kind in gates_of(item.belongs_to) for item in about for kind in rule.gates)


def test_what_the_release_gate_asks_of_changes_is_asked_of_every_change():
    of_changes = {key for key, item in ITEMS.items() if item.belongs_to == "change"}
    after_commit = {item.key for group in CATALOGUE.groups if group.key == "after-commit" for item in group.items}

    assert of_changes >= OF_CHANGES
    assert after_commit | {"vc.pre.reviewed"} == OF_CHANGES


def test_a_key_that_ends_with_a_point_stands_for_all_that_begin_with_it():
    rule = find_rule("never.skip-testing")

    assert rule.is_about("tests.unit.models")
    assert not rule.is_about("docs.mod.overview")
    assert not find_rule("always.review").is_about("vc.pre.reviewed.twice")
    assert find_rule("never.sleep") is None
