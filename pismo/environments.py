"""Pismo's test and production environments, as they are configured. Production's address is not published: it must be given."""

from dataclasses import dataclass
from typing import Literal, get_args

from pismo.client import Pismo

Name = Literal["test", "production"]
NAMES: tuple[Name, ...] = get_args(Name)


@dataclass(frozen=True)
class Environments:
    """``production`` is None where no address was given."""

    test: Pismo
    production: Pismo | None = None

    def get(self, name: str) -> Pismo | None:
        """By name; None where it is not configured. Raises KeyError for a name that is no environment's."""
        return {"test": self.test, "production": self.production}[name]

    async def aclose(self) -> None:
        await self.test.aclose()
        if self.production is not None:
            await self.production.aclose()
