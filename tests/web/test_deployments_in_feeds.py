"""The windows of deployments stand in calendar feeds, for who may see them and as they are now."""

from collections.abc import Callable

import pytest
from icalendar import Calendar

from app.domain.permissions import Role
from app.services.deployment_plans import cancel_deployment
from tests.factories import Made, Make
from tests.integration.services.deploying import Deploying
from tests.web.test_calendar_feeds import make_feed


@pytest.fixture
def room(make: Make) -> Deploying:
    return Deploying(make)


@pytest.fixture
def read(client_of: Callable) -> Callable[..., list[str]]:
    def read(person: Made, *, only: str = "") -> list[str]:
        client = client_of(person)
        path = make_feed(client, key=f"{person.id}{only}")
        calendar = Calendar.from_ical(client.get(f"{path}?only={only}").get_data())
        return [f"{one['SUMMARY']}: {one['DESCRIPTION']}" for one in calendar.walk("VEVENT")]

    return read


def test_a_window_is_there_until_it_is_called_off(room: Deploying, read: Callable[..., list[str]], make: Make):
    number, viewer = room.plan(), make.person(Role.VIEWER)
    assert [line.rpartition(" It ")[2] for line in read(viewer) if line.startswith("Deployment:")] == ["is planned."]
    assert read(viewer, only="mine") == []
    assert len(read(room.ops, only="mine")) == 1, "who decides has it among their own"

    cancel_deployment(room.ops.origin, number, reason="Stocktaking.")

    assert read(make.person(Role.VIEWER)) == []


def test_a_window_of_a_module_that_one_may_not_see_is_not_there(
    room: Deploying, read: Callable[..., list[str]], make: Make
):
    room.plan()
    assert read(make.person(Role.VIEWER, module_id=make.module().id)) == []
