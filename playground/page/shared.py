"""What all browsers on the page share."""

from collections import Counter

from playground.office import Office
from playground.page.reading import Reading
from playground.slack import SlackPerson, SlackStandIn


class SharedState:
    """The office, and how far each person has read."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.reading = Reading(office.slack)
        self.filled: Counter[str] = Counter()
        """How often a form, by its view's id, was filled in by something other than the page, which then shows it out of date."""

    @property
    def slack(self) -> SlackStandIn:
        return self.office.slack

    def people(self, *, support: bool) -> list[SlackPerson]:
        """Those in the installing workspace, or those in the customers'."""
        home = self.slack.installing_team
        return [person for person in self.slack.people.values() if (person.user.team == home) is support]
