"""What gives a text with Jinja up."""

from __future__ import annotations


class Unrenderable(Exception):
    """The text asks for what only a running dbt has; the message says for what."""
