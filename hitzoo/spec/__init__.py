"""WHAT WAS WRITTEN: a YAML document, checked and loaded into small frozen dataclasses. Never imports torch."""
