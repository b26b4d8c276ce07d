"""Redaction of secrets: tokens, passwords in addresses, signatures of the storage's addresses."""

from __future__ import annotations

import logging
import re

_SECRETS = re.compile(
    r"hf_[A-Za-z0-9]{8,}"
    r"|(?<=[Bb]earer )\S+"
    r"|(?<=//)[^/@\s]+(?=@)"
    r"|(?<=\?)[^\s'\")]*(?:[Ss]ig|[Tt]oken|[Kk]ey)[^\s'\")]*"
)


def redact(text: str) -> str:
    """A text without them."""
    from huggingface_hub import get_token

    token = get_token()
    return _SECRETS.sub("…", text.replace(token, "…") if token else text)


def redact_logs() -> None:
    """Redact the client's own log of its retries, which names addresses."""
    for handler in logging.getLogger("huggingface_hub").handlers:
        if _redacted not in handler.filters:
            handler.addFilter(_redacted)


def _redacted(record: logging.LogRecord) -> bool:
    record.msg, record.args = redact(record.getMessage()), ()
    return True
