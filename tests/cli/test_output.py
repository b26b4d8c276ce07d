"""What reaches a terminal: letters its encoding has, nothing that it would obey; and outputs that take no more."""

from __future__ import annotations

import gc
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import typer
from rich.style import Style

from hitzoo.cli import console
from hitzoo.cli.encoding import encodable
from hitzoo.cli.output import OutputLost, SafeStream, guarded_output
from hitzoo.escape import one_line, visible, visible_json
from tests.cli.conftest import SPEC
from tests.conftest import Run

HOSTILE = "ESC\x1b]0;owned\x07\x1b[2J\x1b[31mred\r\x9b31m\u202etxt"
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b]0;t\x07", "\\x1b]0;t\\x07"),
        ("a\rb\x7f\x9b", "a\\x0db\\x7f\\x9b"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("k\udcf6ln", "k\\xf6ln"),
        ("\ud800", "\\ud800"),
        ("plain é ×\n\tmore", "plain é ×\n\tmore"),
    ],
)
def test_control_characters_are_written_out(text: str, seen: str) -> None:
    assert visible(text) == seen
    assert one_line("a\n\tb") == "a\\n\\tb"


def test_json_means_the_same_when_it_can_be_seen() -> None:
    text = json.dumps({HOSTILE: "\x9b\u202e\udcf6é"}, ensure_ascii=False)
    assert json.loads(visible_json(text)) == json.loads(text)
    assert not OBEYED.search(visible_json(text))


@pytest.mark.parametrize(
    ("encoding", "seen"),
    [
        ("ascii", "8x8, 8^2, psi -> ... caffe ?"),
        ("latin-1", "8×8, 8², psi -> ... caffé ?"),
        ("cp1252", "8×8, 8², psi -> … caffé ?"),
        ("euc_jp", "8×8, 8^2, ψ → … caffé ?"),
        ("utf-8", "8×8, 8², ψ → … caffé 🖼"),
        ("no-such", "8x8, 8^2, psi -> ... caffe ?"),
    ],
)
def test_letters_an_encoding_lacks_are_replaced(encoding: str, seen: str) -> None:
    assert encodable("8×8, 8², ψ → … caffé 🖼", encoding) == seen


def test_everything_printed_passes_through_an_outlet(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True) for _ in range(2))
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with guarded_output():
        print(HOSTILE)
        console.print_line(HOSTILE + "\n8×8")
        console.print_table(("×", HOSTILE), [[["²", HOSTILE]]], words=(0, 1))
        console.print_json([HOSTILE])
        console.print_error(HOSTILE)
        sys.stderr.write(HOSTILE)
    for stream in (out, err):
        text = stream.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text)  # our own colours
        assert "\\x1b]0;owned" in plain or "\\u001b]0;owned" in plain
        assert not OBEYED.search(plain)
        assert "\x1b[31mred" not in text or stream is err  # red is what errors are drawn in
    assert sys.stdout is out


def test_colours_pass_by_the_door_of_rich_only(monkeypatch: pytest.MonkeyPatch) -> None:
    target = io.StringIO()
    outlet = SafeStream(target, silent=False)
    outlet.rich_proxied_file.write("\x1b[1mbold\x1b[0m\x1b[2K\x1b]0;t\x07")
    outlet.write("\x1b[1mbold")
    assert target.getvalue() == "\x1b[1mbold\x1b[0m\x1b[2K\\x1b]0;t\\x07\\x1b[1mbold"


def test_nobody_writes_past_an_outlet() -> None:
    target = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    outlet = SafeStream(target, silent=False)
    assert not hasattr(outlet, "buffer")
    typer.echo("8×8 \x1b[2J", file=outlet, color=True)
    assert target.buffer.getvalue() == b"8x8 \\x1b[2J\n"  # type: ignore[attr-defined]


def test_colours_can_be_read_on_light_and_dark_ground() -> None:
    assert console.readable(Style(dim=True, bold=True)) == Style(dim=False, bold=True)
    assert console.readable(Style(color="yellow")) == Style(color="default", bold=True)
    assert console.readable(Style(color="red")) == Style(color="red")
    assert console.readable(None) is None


def test_an_output_that_takes_no_more() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputLost, match="cannot write the output: no space left on the device"):
        SafeStream(Full(), silent=False).write("x")
    SafeStream(Full(), silent=True).write("x")


def test_names_of_strangers_are_one_visible_line(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    names = [b"ESC\x1b]0;owned\x07\x1b[2J\x1b[31mred.png", b"two\nlines.png", b"back\rward.png", b"k\xf6ln.png"]
    for name in names:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"no picture")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as file:
        for name in names[:3]:
            file.writestr(name.decode(), b"no picture")
    for place, count in (("set", 4), ("set.zip", 3)):
        for words in ([], ["--json"]):
            done = run("data", "check", place, *words, code=2)
            assert not OBEYED.search(done.stdout + done.stderr)
            done.stdout.encode("utf-8")  # no half of a pair is left
        text = run("data", "check", place, code=2).stdout
        assert text.count("unreadable: ") == count
        assert "two\\nlines.png" in text


def test_keys_of_a_stranger_are_one_visible_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "evil.yaml").write_text(SPEC + '"a\\e]0;owned\\a\\nb": 1\n')
    said = run("check", "evil.yaml", code=2).stderr
    assert "unknown key 'a\\x1b]0;owned\\x07\\nb'" in said
    assert not OBEYED.search(said)
    said = run("sample", "--\x1b[2J", code=2).stderr
    assert "\\x1b[2J" in said
    assert not OBEYED.search(said)


VERBS = [
    ["list"],
    ["--help"],
    ["train", "--help"],
    ["show", "hit-ti-shapes32"],
    ["check", "hit-ti-shapes32"],
    ["build", "hit-ti-shapes32", "--set", "training.batch_size=x"],
    ["info", "hit-ti-shapes32"],
    ["list", "--json"],
    ["data", "check", "größen"],
]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii", "euc_jp"])
def test_every_verb_prints_in_any_encoding(
    encoding: str, pictures: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    pictures.rename(pictures.parent / "größen")
    for words in VERBS:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2)]
        with monkeypatch.context() as patch:
            patch.setattr("sys.argv", ["hitzoo", *words])
            patch.setattr("sys.stdout", streams[0])
            patch.setattr("sys.stderr", streams[1])
            with pytest.raises(SystemExit) as leaving:
                from hitzoo.cli.app import main

                main()
        assert (leaving.value.code or 0) == (2 if "--set" in words else 0), words
        texts = [stream.buffer.getvalue().decode(encoding) for stream in streams]  # type: ignore[attr-defined]
        assert any(texts), words
        if "--json" in words:
            assert texts[0].isascii()
            assert "×" in json.loads(texts[0])[0]["title"]


def start(words: list[str], folder: Path, **more: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "hitzoo", *words]
    return subprocess.run(command, cwd=folder, timeout=60, check=False, **more)  # type: ignore[call-overload,no-any-return]


@pytest.mark.processes
def test_a_spec_in_a_file_is_utf8(tmp_path: Path) -> None:
    with (tmp_path / "mine.yaml").open("wb") as file:
        start(["show", "hit-ti-shapes32"], tmp_path, stdout=file, env={**os.environ, "PYTHONIOENCODING": "cp1252"})
    shipped = (Path(__file__).parents[2] / "specs" / "hit-ti-shapes32.yaml").read_bytes()
    assert (tmp_path / "mine.yaml").read_bytes().split(b"\n")[1:] == shipped.split(b"\n")[1:]
    assert "×".encode() in shipped


@pytest.mark.processes
@pytest.mark.parametrize("words", [["list"], ["--help"], ["list", "--json"], ["--version"]], ids=" ".join)
def test_a_full_closed_or_left_output_is_no_traceback(words: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = start(words, tmp_path, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.startswith(b"cannot write the output: no space left on the device")
    assert b"Traceback" not in done.stderr
    shell = " ".join([sys.executable, "-m", "hitzoo", *words])
    done = subprocess.run(f"{shell} >&-", shell=True, cwd=tmp_path, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    piped = f"( {shell}; echo $? >code ) | true"
    done = subprocess.run(piped, shell=True, cwd=tmp_path, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (done.stderr, (tmp_path / "code").read_text()) == (b"", "0\n")


def test_outlet_says_nothing_when_it_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.13 tells of whatever goes wrong then."""
    unraised: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", unraised.append)
    target = io.StringIO()
    outlet = SafeStream(target, silent=False)
    target.close()
    outlet.close()
    del outlet
    gc.collect()
    assert unraised == []
