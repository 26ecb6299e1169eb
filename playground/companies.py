"""The customers that the rehearsal and the demo play: their people, what they plan, and what that makes of their answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flows.forms.dialogs import DIALOGS
from flows.forms.fields import Answers
from playground.office import Office
from playground.pismo.machine import Method
from playground.slack import Channel, SlackPerson

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

    @property
    def people(self) -> Sequence[SlackPerson]:
        return [self.lead] if self.colleague is self.lead else [self.lead, self.colleague]

    @property
    def choices(self) -> Mapping[str, Answers]:
        """By form: what follows from the products and the method. Who plans one product creates a program more."""
        more = ["another"] if len(self.products) == 1 else []
        return {
            "planning": {"products": [*self.products]},
            "first_programs": {"products": [*self.products, *more]},
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
    """The same, but its channel is Pismo's alone and its lead a guest there, whom Slack lets type commands."""
    office.blue = office.slack.add_channel("coop_pismo", office.slack.installing_team, [office.sam, office.gus])
    return replace(second_company(office), lead=office.gus, colleague=office.gus)
