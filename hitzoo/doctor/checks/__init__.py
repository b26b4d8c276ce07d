"""Checks, one file per subject: functions of a device that return a `Measured`, and raise `NotApplicable`."""
