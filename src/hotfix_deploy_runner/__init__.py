"""Take a hotfix branch to production: checked, proven on staging, watched, reversible, written down."""

__version__ = "0.1.0"
