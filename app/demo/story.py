"""Weeks of work in the made-up company: one release shipped, one in the thick of it, one just begun."""

import random
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from pydantic import SecretStr

from app.demo import cast
from app.demo.cast import Player
from app.demo.deploying import Deploying
from app.demo.duties import Duties
from app.demo.measuring import measure
from app.demo.proving import Proving
from app.demo.rolling import Rolling
from app.demo.signing import Signing
from app.demo.trouble import Trouble
from app.demo.waiving import Waiving
from app.demo.work import Work
from app.domain.actors import SYSTEM, Origin
from app.domain.applicability import Question
from app.domain.modules import ContactKind
from app.models.base import pretending, utc_now
from app.queries.applicability import list_answers
from app.queries.modules import get_module
from app.queries.people import actor_of
from app.services.accounts import choose_password, invite, make_setup_link, new_link_token, set_up
from app.services.applicability import answer_questions
from app.services.modules import ContactFacts, ModuleFacts, add_target, create_module, set_contacts
from app.services.profile import update_profile
from app.services.release_modules import add_modules
from app.services.releases import ReleaseFacts, add_change, create_release, ship_release

WORDS = (
    *("anchor", "barley", "candle", "drift", "ember", "fossil", "gravel", "harbor", "island", "juniper", "kettle"),
    *("lantern", "meadow", "nickel", "orchard", "pebble", "quartz", "raven", "saddle", "timber", "upland", "velvet"),
    *("willow", "yonder", "zephyr", "basalt", "copper", "dune", "fern", "glacier"),
)

SHIPPED_AGO = 30


class Company:
    """The people by name, and a clock that moves through the weeks."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.ids: dict[Player, int] = {}
        self.passwords: dict[Player, str] = {}
        self.dice = random.Random(20)  # noqa: S311 (a story, told the same way each time)

    def origin(self, player: Player) -> Origin:
        """A request of a person."""
        return Origin(actor_of(self.ids[player], means="session"), request_id=f"demo-{secrets.token_hex(6)}")

    def moment(self, days_ago: float) -> datetime:
        """A moment of a working day, some days ago."""
        day = self.today - timedelta(days=int(days_ago))
        minutes = self.dice.randrange(8 * 60, 17 * 60)
        moment = datetime.combine(day, time(minutes // 60, minutes % 60), UTC)
        return min(moment, datetime.now(UTC) - timedelta(minutes=self.dice.randrange(2, 50)))


def play(say: Callable[[str], None]) -> None:
    """Tell the whole story; say the passwords before its long part, so that whoever stops it has them."""
    company = Company(utc_now().date())
    say("Hiring the people of a made-up company.")
    _hire(company)
    say("Sign in as one of these people; the passwords are shown only now.")
    for player, password in company.passwords.items():
        roles = ", ".join(role.label for role in player.roles)
        say(f"  {player.email:<22} {password:<34} {player.name}, {roles}")
    say("Playing their last weeks.")
    _describe_modules(company)
    _answer_questions(company)
    _releases(company, say)
    _answer_anew(company)
    say("  figures")
    measure(company)
    say("  incidents")
    _, shipped = _planned(company, SHIPPED_AGO)
    Trouble(company, shipped).play()
    say("  duties")
    Duties(company).play()
    say("The made-up company is complete. Its passwords stand above.")


def _password() -> str:
    return "-".join(secrets.choice(WORDS) for _ in range(4)) + f"-{secrets.randbelow(90) + 10}"


def _hire(company: Company) -> None:
    with pretending(company.moment(60)):
        token, password = new_link_token(), _password()
        make_setup_link(Origin(SYSTEM), SecretStr(token))
        head = cast.ADMINISTRATOR
        company.ids[head] = set_up(
            token, name=head.name, email=head.email, password=password, is_lead=False, request_id="demo"
        )
        company.passwords[head] = password
    for player in cast.OTHERS:
        with pretending(company.moment(59)):
            token, password = new_link_token(), _password()
            roles = tuple((role, None) for role in player.roles)
            admin = company.origin(cast.ADMINISTRATOR)
            company.ids[player] = invite(admin, SecretStr(token), player.name, player.email, roles)
            choose_password(token, password, request_id="demo")
            company.passwords[player] = password
        with pretending(company.moment(58)):
            update_profile(
                company.origin(player), revision=1, name=player.name, time_zone=player.zone, shortcuts_enabled=True
            )


def _describe_modules(company: Company) -> None:
    for number, (key, name, purpose, schema) in enumerate(cast.MODULES):
        lead = cast.LEAD if number % 2 else cast.SECOND_LEAD
        with pretending(company.moment(56)):
            facts = ModuleFacts(
                name=name,
                purpose=purpose,
                team="Warehouse" if number % 2 else "Logistics",
                lead_id=company.ids[lead],
                repository=f"https://git.example.org/warehouse/{key}",
                schema_name=schema,
                time_zone="Europe/Berlin",
            )
            create_module(company.origin(lead), key, facts)
            set_contacts(company.origin(lead), key, _contacts(company), revision=1)
            for environment_id, environment in ((1, "staging"), (2, "production")):
                add_target(
                    company.origin(lead), key, environment_id, schema.replace("_", "-"), f"{schema} {environment}"
                )


def _answer_questions(company: Company) -> None:
    for key, (yes, no) in cast.ANSWERS.items():
        answers = {Question(name): name in yes for name in (*yes, *no)}
        with pretending(company.moment(55)):
            answer_questions(company.origin(cast.LEAD), key, answers, revisions={})


def _answer_anew(company: Company) -> None:
    """One answer is another one now: what was taken away comes back."""
    key, question, reason = cast.CHANGED_LATER
    lead = company.origin(cast.LEAD)
    known = list_answers(get_module(key, lead.actor).id)
    with pretending(company.moment(1)):
        revisions = {Question(question): known[Question(question)].revision}
        answer_questions(lead, key, {Question(question): True}, revisions=revisions, reason=reason)


def _contacts(company: Company) -> dict[ContactKind, ContactFacts | None]:
    verified = company.today - timedelta(days=12)
    return {
        ContactKind.DEVELOPMENT: ContactFacts(cast.DEVELOPERS[0].name, cast.DEVELOPERS[0].email, hours="9 to 17"),
        ContactKind.DBA: ContactFacts(cast.DBA.name, cast.DBA.email, "+49 30 5550 0117", "8 to 18", verified),
        ContactKind.DEVOPS: ContactFacts(cast.OPS.name, cast.OPS.email),
        ContactKind.ON_CALL: ContactFacts("On-call rota", "", "+49 30 5550 0199", "always", verified),
    }


def _releases(company: Company, say: Callable[[str], None]) -> None:
    plan = (
        (SHIPPED_AGO, 50, range(10), 1.0, "The autumn release."),
        (-6, 24, range(12), 0.72, "Multi-GRN and the new transfer screens. Deployment window from 22:00."),
        (-34, 3, range(4, 12), 0.04, ""),
    )
    keys: list[str] = []
    for days_ago, begun, members, share, notes in plan:
        planned, key = _planned(company, days_ago)
        with pretending(company.moment(begun)):
            facts = ReleaseFacts(f"{planned:%Y.%m}", planned, notes)
            create_release(company.origin(cast.LEAD), key, facts)
        with pretending(company.moment(begun)):
            ids = tuple(number + 1 for number in members)
            add_modules(company.origin(cast.LEAD), key, ids)
        work = Work(company, key, begun=begun, ends=max(days_ago, 0))
        for place, number in enumerate(members, start=1):
            say(f"  {key}, module {place} of {len(members)}: {cast.MODULES[number][1]}")
            work.work_module(cast.MODULES[number][0], _share(company, share))
        work.work_release(share)
        _changes(company, work, members, share)
        if keys and share > 0.1:
            say(f"  {key}: waivers")
            Waiving(company, key, [cast.MODULES[number][0] for number in plan[0][2]]).play(keys[-1])
            say(f"  {key}: evidence")
            Proving(company, key, [cast.MODULES[number][0] for number in members]).play()
        if share > 0.1:
            _sign(company, say, key, members, days_ago)
        keys.append(key)
        if days_ago > 0:
            with pretending(company.moment(days_ago)):
                ship_release(company.origin(cast.LEAD), key)


def _planned(company: Company, days_ago: int) -> tuple[date, str]:
    planned = company.today - timedelta(days=days_ago)
    return planned, f"{planned:%Y.%m}"


def _sign(company: Company, say: Callable[[str], None], key: str, members: range, days_ago: int) -> None:
    say(f"  {key}: sign-offs")
    signing = Signing(company, key, [cast.MODULES[number][0] for number in members], days_ago=max(days_ago, 0))
    deploying = Deploying(company, signing)
    if days_ago > 0:
        signing.play_shipped()
        say(f"  {key}: deployments")
        deploying.play_shipped(signing.modules[:2])
    elif going := signing.play_busy():
        say(f"  {key}: deployments")
        deploying.play_busy(going)
        say(f"  {key}: rollbacks")
        Rolling(company).play()


def _share(company: Company, share: float) -> float:
    """How far a module of a release is: all of the shipped one, some of the present one are ready."""
    if share >= 1 or share < 0.1:
        return share
    return 1.0 if company.dice.random() < 0.25 else share + company.dice.uniform(-0.25, 0.2)


def _changes(company: Company, work: Work, members: range, share: float) -> None:
    """The first three modules have a change; of a shipped release, what was asked of it is done."""
    changes = [(240 + number, *cast.MODULES[number][:2]) for number in list(members)[:3]]
    for number, module, name in changes:
        with pretending(company.moment(work.begun * 0.6)):
            add_change(
                company.origin(cast.DEVELOPERS[number % 4]),
                work.release_key,
                module,
                number,
                title=f"Add the tables of {name}",
                link=f"https://git.example.org/warehouse/{module}/merge-requests/{number}",
            )
    told = company.dice.getstate()
    for number, module, _ in changes if share >= 1 else ():
        work.work_change(module, number)
    company.dice.setstate(told)  # what comes after is told as it would be without them
