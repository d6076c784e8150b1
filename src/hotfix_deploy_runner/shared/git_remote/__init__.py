"""The git remote as the place that a team shares: no server is needed beside the one that everybody has."""

from .commons import GitCommons
from .names import Names

__all__ = ["GitCommons", "Names"]
