"""Makers of the bytes that run."""
