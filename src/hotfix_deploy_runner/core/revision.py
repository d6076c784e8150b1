"""What can run: a version with its commit and its artifact."""

import msgspec

Digest = str
"""`sha256:<64 hex>`: an artifact named by its content."""


class Artifact(msgspec.Struct, frozen=True):
    """The built bytes of one commit. It knows no version: that is handed to an instance when it starts.

    `location` is where the builder left it: a path, or an image reference. `size` is in bytes.
    """

    digest: Digest
    location: str
    size: int = 0


class Revision(msgspec.Struct, frozen=True):
    """A version (as its tag says it, `v2.14.3`), the commit it was built from (40 hex), its artifact's digest.

    An empty `commit` or `artifact` means: not known. Two revisions are the same when all three are.
    """

    version: str
    commit: str = ""
    artifact: Digest = ""


UNKNOWN = Revision(version="unknown")
"""What an instance runs when nothing on it says so."""
