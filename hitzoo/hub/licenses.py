"""The licences a model card can name: the Hub's identifiers, https://huggingface.co/docs/hub/repositories-licenses."""

from __future__ import annotations

from hitzoo.errors import RequestError, suggestion

OTHER = "other"
_LISTED = """
apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 bigcode-openrail-m
afl-3.0 artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5
cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0
cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0
cdla-permissive-2.0 wtfpl ecl-2.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0
lgpl lgpl-2.1 lgpl-3.0 isc lppl-1.3c ms-pl mpl-2.0 odc-by odbl openrail++ osl-3.0 postgresql ofl-1.1 ncsa unlicense
zlib pddl lgpl-lr other
"""
_KNOWN = frozenset(_LISTED.split())


def check_license(identifier: str | None, name: str | None, terms: str = "") -> str:
    """The identifier as the Hub writes it, in small letters; `terms` are those of converted weights, for the hint.

    Raises:
        RequestError: none was given, the Hub does not know it, or `other` without saying which.
    """
    if not identifier:
        ask = "say under which licence the weights may be used:"
        examples = "apache-2.0, cc-by-nc-4.0, … (data sets restrict it: FFHQ is CC-BY-NC-SA-4.0)"
        if terms:
            examples = f"cc-by-nc-4.0, {OTHER}, … (the weights' source restricts it: {terms})"
        raise RequestError(f"{ask} license, as {examples}").or_as_option(f"{ask} --license {examples}")
    known = identifier.lower()
    if known not in _KNOWN:
        near, said = suggestion(known, _KNOWN), "the Hub has no licence of that name"
        other = "for one the Hub has no word for:"
        raise RequestError(
            f"license {identifier!r}: {said}; {near or f'{other} license={OTHER!r}, license_name=NAME'}"
        ).or_as_option(f"--license {identifier}: {said}; {near or f'{other} --license {OTHER} --license-name NAME'}")
    if (known == OTHER) != bool(name):
        raise RequestError(f"license={OTHER!r} goes with license_name (and license_link), no other does").or_as_option(
            f"--license {OTHER} goes with --license-name NAME (and --license-link URL), no other does"
        )
    return known


def check_terms(identifier: str, terms: str) -> None:
    """Compare a licence with the terms that converted weights came with, where there are any.

    Raises:
        RequestError: a licence that allows more than others' terms may.
    """
    if not terms or identifier == OTHER or "-nc" in identifier:
        return
    said = f"allows more than the weights' source does ({terms})"
    way_on = "take one for non-commercial use, or, where the rights are yours,"
    raise RequestError(f"license {identifier!r} {said}; {way_on} license={OTHER!r}, license_name=NAME").or_as_option(
        f"--license {identifier} {said}; {way_on} --license {OTHER} --license-name NAME"
    )
