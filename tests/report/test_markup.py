"""HTML whose text is inert, whatever it is."""

from __future__ import annotations

from hitzoo.report.markup import Markup, element, joined


def test_text_is_escaped_in_elements_and_attributes() -> None:
    drawn = element("p", "<script>alert('x')</script> & \"more\"", title='"><script>')
    assert drawn == (
        '<p title="&quot;&gt;&lt;script&gt;">'
        "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;more&quot;</p>"
    )


def test_control_characters_are_written_out() -> None:
    assert element("b", "a\x1b[2J\u202eb") == "<b>a\\x1b[2J\\u202eb</b>"


def test_elements_inside_are_not_escaped_again() -> None:
    inner = [element("li", name) for name in ("a", "<b>")]
    assert element("ul", inner, None, "&") == "<ul><li>a</li><li>&lt;b&gt;</li>&amp;</ul>"
    assert joined(Markup("<hr>"), "<") == "<hr>&lt;"


def test_attributes_stand_alone_or_are_left_out() -> None:
    drawn = element("input", type="range", hidden=True, disabled=False, aria_label=None, data_run=0, for_="x")
    assert drawn == '<input type="range" hidden data-run="0" for="x">'
