"""What may happen to the first customer's channel, each a switch: a third company joins, the channel is no longer shared."""

from playground.slack import Channel, SlackPerson, SlackStandIn
from playground.slack.world import Team

CHANNEL_SWITCHES = ("third_company", "severed")
"""As they are named in the page's texts, ``demo.switch``."""
THIRD, VISITOR = "Red Fintech", "Eve"


class ChannelSwitches:
    """By the names of CHANNEL_SWITCHES. How they stand is how the channel stands, so that a demo that goes on knows it."""

    def __init__(self, slack: SlackStandIn, channel: Channel, customers: list[SlackPerson]) -> None:
        self._slack, self._channel, self._customers = slack, channel, customers

    def is_on(self, name: str) -> bool:
        shared = self._channel.shared_with
        if name == "severed":
            return self._customer not in shared
        return any(team.name == THIRD for team in shared)

    def set(self, name: str, *, on: bool) -> None:
        """Raises KeyError for an unknown name."""
        if name not in CHANNEL_SWITCHES:
            raise KeyError(name)
        if on == self.is_on(name):
            return
        if name == "severed":
            if on:
                self._slack.sever(self._channel)
            else:
                self._share(self._customer, self._customers)
        elif on:
            visitor = self._visitor()
            self._share(visitor.user.team, [visitor])
        else:
            self._slack.unshare(self._channel, self._visitor().user.team)

    @property
    def _customer(self) -> Team:
        return self._customers[0].user.team

    def _share(self, team: Team, people: list[SlackPerson]) -> None:
        self._slack.share(self._channel, team)
        for person in people:
            self._slack.invite(person, self._channel)

    def _visitor(self) -> SlackPerson:
        """Hired at the first need."""
        known = (person for person in self._slack.people.values() if person.user.team.name == THIRD)
        return next(known, None) or self._slack.add_person(VISITOR, self._slack.add_team(THIRD))
