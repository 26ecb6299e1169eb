"""A text that can't be read as what it should be, e.g. an org ID or a public key."""

from flows.problems import Parameter


class Unreadable(ValueError):  # noqa: N818  an answer to a person, not a failure
    """``key`` is looked up as ``error.<key>``. Neither the key nor the parameters contain any of the text itself."""

    def __init__(self, key: str, **params: Parameter) -> None:
        super().__init__(str(key))
        self.key = key
        self.params = params
