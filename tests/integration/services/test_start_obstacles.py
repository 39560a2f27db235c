"""What keeps a deployment from starting or ending, beside its gate: a rollback there, a module that has left."""

import pytest

from app.domain.deployments import Outcome
from app.domain.errors import InvalidInput, RuleViolation
from app.models.base import utc_now
from app.queries.deployment_facts import read_deployment
from app.queries.deployments import list_environments_in_order
from app.queries.start_facts import start_facts
from app.services.deployment_plans import plan_deployment
from app.services.environments import add_environment, rename_environment
from app.services.modules import archive_module
from app.services.release_modules import remove_module
from app.services.releases import archive_release
from app.services.rollbacks import abort_rollback, start_rollback
from tests.factories import Make
from tests.integration.services.deploying import Deploying, planned_for
from tests.integration.services.rolling import WHY


@pytest.fixture
def room(make: Make) -> Deploying:
    return Deploying(make)


def test_nothing_starts_where_a_rollback_of_the_module_runs(room: Deploying):
    first = room.started()
    room.finish(first)
    start_rollback(room.ops.origin, first, WHY)
    second = plan_deployment(room.ops.origin, room.deploy_gate().id, planned_for(room))
    room.sign_deploy()

    with pytest.raises(RuleViolation, match=r"Rollback \d+ of this module runs there now"):
        room.start(second)


def test_a_rollback_that_has_ended_or_runs_elsewhere_holds_nothing_up(room: Deploying):
    first = room.started()
    room.finish(first)
    rollback = start_rollback(room.ops.origin, first, WHY).rollback_id
    again, elsewhere = room.plan(), room.plan("production")

    assert start_facts(read_deployment(again), utc_now()).rollback_id == rollback
    assert start_facts(read_deployment(elsewhere), utc_now()).rollback_id is None
    abort_rollback(room.ops.origin, rollback, reason="It was the network.")
    assert start_facts(read_deployment(again), utc_now()).rollback_id is None


@pytest.mark.parametrize("archive", ["module", "release"])
def test_what_was_archived_after_it_was_planned_does_not_start(room: Deploying, archive: str):
    number, lead = room.plan(), room.release.lead
    assert start_facts(read_deployment(number), utc_now()).is_member

    if archive == "module":
        archive_module(lead.origin, room.release.modules[0])
    else:
        archive_release(lead.origin, room.release.key)

    assert not start_facts(read_deployment(number), utc_now()).is_member


def test_a_deployment_is_not_said_to_have_gone_well_while_it_is_being_taken_back(room: Deploying):
    number = room.started()
    start_rollback(room.ops.origin, number, WHY)

    with pytest.raises(RuleViolation, match=r"Rollback \d+ of it runs: finish or abort that first"):
        room.finish(number, Outcome.SUCCEEDED)


def test_what_was_taken_out_of_the_release_after_it_was_planned_does_not_start(room: Deploying):
    number = room.plan()
    room.sign_deploy()
    remove_module(room.release.lead.origin, room.release.key, room.release.modules[0])

    with pytest.raises(RuleViolation, match="The module is not in this release any more"):
        room.start(number)


def test_a_new_environment_comes_before_the_last_which_keeps_what_is_asked_of_it(room: Deploying):
    before = [one.key for one in list_environments_in_order()]

    add_environment(room.release.lead.origin, "uat", "Acceptance")

    assert [one.key for one in list_environments_in_order()] == [*before[:-1], "uat", before[-1]]
    assert room.deploy_gate(before[-1]).is_last_environment


@pytest.mark.parametrize("name", ["Production", "production"])
def test_no_two_environments_have_one_name(room: Deploying, name: str):
    lead, staging = room.release.lead, list_environments_in_order()[0]

    with pytest.raises(InvalidInput, match="already"):
        add_environment(lead.origin, "uat", name)
    with pytest.raises(InvalidInput, match="already"):
        rename_environment(lead.origin, staging.id, name, seen=staging.name)
    assert rename_environment(lead.origin, staging.id, staging.name.upper(), seen=staging.name)
