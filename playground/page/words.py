"""Names and times as a message's reader sees them."""

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time

from playground.slack import SlackPerson, SlackStandIn

SLACKBOT = "USLACKBOT"
_DAYS = {"pt": ("Hoje", "Ontem")}
_OPTIONAL, _SELECT = {"pt": "opcional"}, {"pt": "Selecione uma opção"}


def author(slack: SlackStandIn, user_id: str) -> str:
    if user_id == SLACKBOT:
        return "Slackbot"
    user = slack.world.users.get(user_id)
    return user.name if user else "Someone"


def initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()


def locale_of(reader: SlackPerson) -> Locale:
    return Locale.parse(reader.user.locale or "en-US", sep="-")


def optional(reader: SlackPerson) -> str:
    """What stands behind the label of a field that may stay empty."""
    return _OPTIONAL.get(locale_of(reader).language, "optional")


def select_an_option(reader: SlackPerson) -> str:
    """In a select without words of its own."""
    return _SELECT.get(locale_of(reader).language, "Select an option")


def zone_of(reader: SlackPerson) -> tzinfo:
    return ZoneInfo(reader.user.tz or "UTC")


def moment(reader: SlackPerson, ts: str) -> datetime:
    """A message's `ts` in the reader's zone."""
    return datetime.fromtimestamp(float(ts), zone_of(reader))


def time_of_day(reader: SlackPerson, ts: str) -> str:
    return format_time(moment(reader, ts), "short", locale=locale_of(reader)).replace("\u202f", " ")


def full_time(reader: SlackPerson, ts: str) -> str:
    return format_datetime(moment(reader, ts), "EEEE, d MMMM y HH:mm", locale=locale_of(reader))


def day(reader: SlackPerson, ts: str, now: float) -> str:
    """The words on a divider: today, yesterday, or the date."""
    then, today = moment(reader, ts).date(), datetime.fromtimestamp(now, zone_of(reader)).date()
    locale = locale_of(reader)
    near = _DAYS.get(locale.language, ("Today", "Yesterday"))
    if then in (today, today - timedelta(days=1)):
        return near[(today - then).days]
    skeleton = "EEEE, d 'de' MMMM" if locale.language == "pt" else "EEEE, MMMM d"
    return format_date(then, skeleton, locale=locale)


def size(octets: int) -> str:
    return f"{octets} bytes" if octets < 1024 else f"{octets / 1024:.0f} kB" if octets < 1024**2 else f"{octets / 1024**2:.1f} MB"
