"""How often to look while waiting for something that does not tell."""

from .instant import Seconds

SHORTEST: Seconds = 0.03
LONGEST: Seconds = 0.5
SHARE = 0.1


def pause(waited: Seconds) -> Seconds:
    """Seconds until the next look, after `waited` seconds of waiting: a tenth of them, within bounds.

    What is quick is seen quickly, and what takes long is not asked all the time; the wait is at most a tenth longer.
    """
    return min(LONGEST, max(SHORTEST, SHARE * waited))
