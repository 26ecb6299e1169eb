"""What the guard can find."""

from dataclasses import dataclass
from enum import StrEnum


class SecretKind(StrEnum):
    """Most serious first."""

    PRIVATE_KEY = "private_key"
    SERVER_SECRET = "server_secret"  # noqa: S105  the name of a kind
    PASSWORD = "password"  # noqa: S105  the name of a kind
    LONG_LIVED_TOKEN = "long_lived_token"  # noqa: S105  the name of a kind
    ACCESS_TOKEN = "access_token"  # noqa: S105  the name of a kind
    SLACK_TOKEN = "slack_token"  # noqa: S105  the name of a kind
    CARD_NUMBER = "card_number"


@dataclass(frozen=True)
class SecretFinding:
    """``span``: the secret's characters in the text, or its bytes in a binary file: from, to (exclusive)."""

    kind: SecretKind
    span: tuple[int, int]
