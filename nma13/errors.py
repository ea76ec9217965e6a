"""Errors a person can act on: what happened, what it means for their data, what to do."""

from __future__ import annotations


class LabError(Exception):
    """A failure told in one or more plain sentences; the command line prints it without a traceback.

    `exit_code` follows the house rule: 1 the thing asked for failed, 2 the words were off.
    """

    exit_code = 1


class UsageError(LabError):
    """The words of a command or request were off."""

    exit_code = 2
