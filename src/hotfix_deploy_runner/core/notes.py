"""What only a person can write about an incident. The runner keeps these texts; it never makes one up."""

import msgspec


class Notes(msgspec.Struct, frozen=True):
    """Texts of a person, plain, several paragraphs if need be; an empty one is still to be written.

    `incident`: what was wrong, and how it was noticed. `impact`: who felt it, and how much. `root_cause`: why it could
    happen. `lessons`: what is done so that it does not happen again.
    """

    incident: str = ""
    impact: str = ""
    root_cause: str = ""
    lessons: str = ""
