"""What the failure of a step leads to: one table, by the phase it fails in."""

import msgspec

from .step import Course, Phase


class Consequence(msgspec.Struct, frozen=True):
    """Where the run turns. `patient`: not before its siblings in the phase have ended, so that all are reported.

    `course` None: the run goes on; its ending says what is missing.
    """

    course: Course | None
    patient: bool = False


CONSEQUENCES = {
    Phase.PREFLIGHT: Consequence(Course.FINISH, patient=True),
    Phase.STAGING: Consequence(Course.FINISH, patient=True),
    Phase.PRODUCTION: Consequence(Course.FINISH),
    Phase.VALIDATION: Consequence(Course.BACK),
    Phase.FIRST: Consequence(Course.FINISH, patient=True),
    Phase.ROLLBACK: Consequence(Course.FINISH, patient=True),
    Phase.AFTERWARDS: Consequence(None),
}


def consequence(phase: Phase, *, touched: bool) -> Consequence:
    """What a failure in `phase` leads to. Once production is touched, a failed rollout goes back."""
    if phase is Phase.PRODUCTION and touched:
        return Consequence(Course.BACK)
    return CONSEQUENCES[phase]
