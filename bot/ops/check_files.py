"""What `check` finds in the file of settings, in the bot's certificates, and who may read and write what holds secrets."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bot.config.clock import Clock
from bot.config.settings import Settings
from bot.ops.check_line import Line


def env_file(settings: Settings) -> Iterator[Line]:
    """A name that looks like a setting's is wrong; others may be there for somebody else."""
    file, foreign = settings.file, list[str]()
    for name, meant in file.unknown(Settings.model_fields):
        if meant:
            yield Line(str(file.path), f"{name} is no setting", f"write {meant}, if that is what is meant, or take it out")
        else:
            foreign.append(name)
    if foreign:
        yield Line.note(str(file.path), f"not the bot's, so not taken from this file: {', '.join(foreign)}")
    if file.values and file.path.is_file():  # it may be a pipe
        yield from _rights(str(file.path), file.path)


def key_file(settings: Settings) -> Iterator[Line]:
    if settings.encryption_keys_file:
        yield from _rights("ENCRYPTION_KEYS_FILE", Path(settings.encryption_keys_file))


def _rights(name: str, file: Path) -> Iterator[Line]:
    """What is mounted, as a secret of a container is, this user can't close to others: that they may read it is only told."""
    found = file.stat()
    closable = found.st_uid == os.geteuid() and not os.statvfs(file).f_flag & os.ST_RDONLY
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield Line(name, "others may write it", f"chmod 600 {file}" if closable else f"have its owner run: chmod go-w {file}")
    elif found.st_mode & stat.S_IRWXO and closable:
        yield Line(name, "everybody has rights on it", f"chmod 600 {file}")
    elif found.st_mode & stat.S_IRWXO:
        yield Line.note(name, "everybody who gets to it here may read it, and who mounts or owns it can change that")


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
