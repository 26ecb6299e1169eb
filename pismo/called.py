"""Who wants to know of each call to an outside system, such as whoever traces."""

from collections.abc import Callable

OnCall = Callable[[str, str, str, float], object]
"""Called after each call: the system, the operation, its HTTP status or why there is none, and the seconds it took."""
