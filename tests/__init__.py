"""The suite. Imported before any dependency, so that whose a warning is can be told from the first one on."""

from tests.own_warnings import charge_callers

charge_callers()
