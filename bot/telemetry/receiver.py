"""What the bot sends of itself to a system that may be away."""

import logging


class Receiver:
    """Says once that it doesn't take what is sent, and once that it does again. ``what``: is sent; ``who``: it is."""

    def __init__(self, log: logging.Logger, what: str, who: str) -> None:
        self._log, self._what, self._who, self._takes = log, what, who, True

    def found(self, *, takes: bool, why: str = "") -> None:
        """``why`` it doesn't, if that is known: a kind."""
        if takes is self._takes:
            return
        self._takes = takes
        if takes:
            self._log.info("%s are taken again", self._what)
        else:
            extra = {"error": why} if why else {}
            self._log.warning(
                "%s are not taken: %s is away or refuses them; everything else goes on", self._what, self._who, extra=extra
            )
