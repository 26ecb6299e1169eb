"""What `check` finds in the file of settings and in the bot's certificates."""

import stat
from collections.abc import Iterator

from bot.config.clock import Clock
from bot.config.settings import Settings
from bot.ops.check_line import Line


def env_file(settings: Settings) -> Iterator[Line]:
    """A name that looks like a setting's is wrong; others may be there for somebody else. Who may read the file is only told."""
    file, foreign = settings.file, list[str]()
    for name, meant in file.unknown(Settings.model_fields):
        if meant:
            yield Line(str(file.path), f"{name} is no setting", f"write {meant}, if that is what is meant, or take it out")
        else:
            foreign.append(name)
    if foreign:
        yield Line.note(str(file.path), f"not the bot's, so not taken from this file: {', '.join(foreign)}")
    rights = file.path.stat().st_mode if file.values and file.path.is_file() else 0
    if rights & stat.S_IWOTH:
        yield Line(str(file.path), "everybody may write it, and so set what the bot does", f"chmod 600 {file.path}")
    elif rights & stat.S_IRWXO:
        yield Line.note(
            str(file.path), f"everybody has rights on it, and it may hold secrets; to change that: chmod 600 {file.path}"
        )


def certificates(settings: Settings) -> Iterator[Line]:
    """Until when each is valid. Raises CertificateError if one can't be read: `problems` names it."""
    pairs = {"PISMO_CLIENT_CERT": settings.pismo_tls, "PISMO_PRODUCTION_CLIENT_CERT": settings.pismo_production_tls}
    now = Clock(settings.clock_file)()
    for name, tls in pairs.items():
        validity = tls.read().validity if getattr(settings, name.lower()) else None
        if validity is None:
            continue
        begins, ends = validity
        if ends < now:
            yield Line(name, f"expired on {ends:%Y-%m-%d}", "get a new one, and put it in the place of this one")
        elif begins > now:
            yield Line(name, f"is not valid before {begins:%Y-%m-%d}", "check this machine's clock, or wait until then")
        else:
            yield Line(name, f"valid until {ends:%Y-%m-%d}")
