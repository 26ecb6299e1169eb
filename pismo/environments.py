"""Pismo's test and production environments, as configured. Production's address is not public: it must be given."""

from dataclasses import dataclass
from typing import Literal, get_args

from pismo.client import Pismo

Name = Literal["test", "production"]
NAMES: tuple[Name, ...] = get_args(Name)


@dataclass(frozen=True)
class Environments:
    """``production`` is None if no address was given."""

    test: Pismo
    production: Pismo | None = None

    def get(self, name: str) -> Pismo | None:
        """By name; None if it is not configured. Raises KeyError for any other name."""
        return {"test": self.test, "production": self.production}[name]

    async def aclose(self) -> None:
        await self.test.aclose()
        if self.production is not None:
            await self.production.aclose()
