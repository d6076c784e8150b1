"""`demo`: the command's own proof, on this machine."""

from ..demo.command import command

__all__ = ["command"]
