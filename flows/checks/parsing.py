"""cryptography parses what strangers send. Whatever it raises becomes a named fault at the field, never a failure of ours."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from flows.checks.key_faults import KeyFault, KeyProblem


@contextmanager
def named(fault: KeyFault) -> Iterator[None]:
    """Raises KeyProblem(fault) for any exception in the block but a KeyProblem.

    Not only ValueError: a version that cryptography doesn't know, an extension that stands twice or a value of an unexpected type
    each raise something else. Its warnings, e.g. of a serial number of zero, are no concern of the person who pasted.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except KeyProblem:
            raise
        except Exception:  # noqa: BLE001  see above
            raise KeyProblem(fault) from None
