"""README.txt of an evidence pack: what it is and how anyone verifies it, in every language of the bot, since nobody knows who gets it."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.messages.texts import Texts, languages

WITH_PROGRAM = "pismo-onboarding verify-pack {file} --fingerprint FINGERPRINT"
WITH_OPENSSL = {
    "signature": "openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in manifest.json -sigfile manifest.sig",
    "list": """grep -A 1 '"path": "SHA256SUMS"' manifest.json | grep "$(sha256sum < SHA256SUMS | cut -c1-64)\"""",
    "files": "sha256sum -c SHA256SUMS",
    "key": "openssl pkey -pubin -in public-key.pem -outform DER | sha256sum | cut -c1-32",
}
"""By what each shows, in the order in which one rests on the other. The list's digest is looked for where the list stands: another signed
file, put in its place, may hold lines that somebody typed."""


@dataclass(frozen=True)
class PackFacts:
    """What the README says of its pack. ``file``: the archive's name. ``erased_on``: if the customer was erased. ``flawed``: whether the
    log or single values weren't as they were written."""

    customer: str
    file: str
    at: datetime
    key_id: str
    fingerprint: str
    erased_on: date | None = None
    flawed: bool = False


def readme(facts: PackFacts) -> str:
    return "\n\n\n".join(_in(Texts(language), facts) for language in languages()) + "\n"


def _in(texts: Texts, facts: PackFacts) -> str:
    at = f"{texts.moment(facts.at)} UTC"
    title = texts("pack.title", customer=facts.customer or facts.file)
    parts = [title, *_headed(texts("pack.what_title"), texts("pack.what", at=at))]
    if facts.erased_on is not None:
        parts.append(texts("pack.erased", date=facts.erased_on.isoformat()))
    if facts.flawed:
        parts.append(texts("pack.flawed"))
    shows = texts("pack.shows"), texts("pack.whose", key_id=facts.key_id, fingerprint=facts.fingerprint)
    parts += _headed(texts("pack.shows_title"), *shows)
    command = f"    {WITH_PROGRAM.format(file=facts.file)}"
    parts += _headed(texts("pack.program_title"), texts("pack.program"), command, texts("pack.program_says"))
    parts += _headed(texts("pack.openssl_title"), texts("pack.openssl"))
    for shown, command in WITH_OPENSSL.items():
        parts += [f"    {command}", texts(f"pack.openssl_{shown}")]
    return "\n\n".join(parts)


def _headed(title: str, *parts: str) -> list[str]:
    return [f"{title}\n{'-' * len(title)}", *parts]
