"""The `clearhead` command."""

from clearhead.cli.app import main

__all__ = ["main"]
