"""The customers that the rehearsal and the demo play: their people, what they plan, and what that makes of their answers. The demo has one
more than the rehearsal: its lead reads Spanish, and nothing is begun with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Answers
from playground.office import Office
from playground.pismo.machine import Method
from playground.slack import Channel, SlackPerson

ANDES, ANDES_CHANNEL, ANDES_LEAD = "Andes Pay", "andes_pismo", "Lucía"
EXAMPLE_NAME = str(DIALOGS["start"].example["customer"])


@dataclass(frozen=True)
class CustomerCompany:
    """A customer: what it plans, and who goes through it. ``colleague`` may be the lead."""

    name: str
    channel: Channel
    lead: SlackPerson
    colleague: SlackPerson
    products: Sequence[str]
    method: Method = "oidc"
    language: str = "en"

    @property
    def people(self) -> Sequence[SlackPerson]:
        return [self.lead] if self.colleague is self.lead else [self.lead, self.colleague]

    @property
    def choices(self) -> Mapping[str, Answers]:
        """By form: what follows from the products and the method."""
        return {
            "planning": {"products": [*self.products]},
            "first_programs": {"products": [*self.products]},
            "authentication": {"method": self.method},
            "production": {"key": "same", "certificate": "same"}
            if self.method == "oidc"
            else {"key": "none", "certificate": "another"},
        }


def first_company(office: Office, name: str = EXAMPLE_NAME) -> CustomerCompany:
    """Cards and lending."""
    return CustomerCompany(name, office.acme, office.ana, office.bruno, ("card_issuing", "digital_lending"))


def second_company(office: Office) -> CustomerCompany:
    """Transaction banking."""
    return CustomerCompany("Blue Coop", office.blue, office.olga, office.olga, ("transaction_banking",), "basic")


def in_the_workspace(office: Office) -> CustomerCompany:
    """The same in Spanish, but its channel is Pismo's alone and its lead a guest there, whom Slack lets type commands."""
    office.blue = office.slack.add_channel("coop_pismo", office.slack.installing_team, [office.sam, office.gus])
    return replace(second_company(office), lead=office.gus, colleague=office.gus, language="es")


def hire_third_company(office: Office) -> None:
    """Its lead, and a channel that Sam shares with it."""
    slack = office.slack
    pismo, andes = slack.installing_team, slack.add_team(ANDES)
    lucia = slack.add_person(ANDES_LEAD, andes, locale="es-LA", tz="America/Bogota")
    slack.add_channel(ANDES_CHANNEL, pismo, [office.everyone["Sam"], lucia], shared_with=[andes])


def third_company(office: Office) -> CustomerCompany | None:
    """Cards; None in an office without it."""
    channel = next((channel for channel in office.slack.world.channels.values() if channel.name == ANDES_CHANNEL), None)
    if channel is None:
        return None
    lucia = office.everyone[ANDES_LEAD]
    return CustomerCompany(ANDES, channel, lucia, lucia, ("card_issuing",))
