import json
import pickle

import pytest

from biogan.core.display import MOST, excerpt, message, shown, visible, visible_json
from biogan.core.errors import DataError, FastaError
from biogan.core.files import file_names

# All of the basic plane, and of the others what stands apart; no two of them make a pair.
EVERYTHING = " ".join(map(chr, [*range(0x10000), *range(0x10000, 0x110000, 97), 0xE0001]))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\x07\x7f\x9b", r"\x07\x7f\x9b"),
        ("\u202e\u2066", r"\u202e\u2066"),
        ("\u2028\u2029\x85", r"\u2028\u2029\x85"),
        ("\ufeff\u200b\xad", r"\ufeff\u200b\xad"),
        ("\ud800\udce9", r"\ud800\udce9"),
        ("\U000e0041", r"\U000e0041"),
        ("\u3164\u2800", r"\u3164\u2800"),
        ("a\tb\r\n", r"a\tb\r\n"),
        ("Čapek, 菌, \\x1b, ✓", "Čapek, 菌, \\x1b, ✓"),
    ],
)
def test_what_cannot_be_shown_is_an_escape(text, seen):
    assert visible(text) == seen
    assert visible(seen) == seen  # a text may pass twice


def test_no_code_point_gets_through():
    assert visible(EVERYTHING).isprintable()
    assert set(filter(lambda c: not c.isprintable(), visible(EVERYTHING, keep="\n"))) == {"\n"}


def test_json_is_read_back_as_it_was():
    written = visible_json(json.dumps({EVERYTHING: [EVERYTHING]}, indent=1, ensure_ascii=False))
    assert written.replace("\n", "").isprintable()
    assert json.loads(written) == {EVERYTHING: [EVERYTHING]}


def test_long_names_still_differ():
    names = ["N" * 500_000 + c + "N" * 500_000 for c in "ab"]
    assert len({shown(name) for name in names}) == 2
    assert {len(shown(name)) for name in names} == {MOST}
    assert shown("N" * MOST) == "N" * MOST
    assert excerpt("\x1b" * 100, 3) == r"'\x1b\x1b\x1b…'"


def test_a_message_is_no_longer_than_a_person_reads():
    assert len(message("x" * 10_000_000)) < 1000
    assert len(message("x " * 5_000_000)) < 20_000
    assert message("short, " * 100) == "short, " * 100


def test_errors_can_be_printed():
    long = FastaError("no letters\x1b", "a\u202e\n.fa", line=3, record="N" * 1_000_000)
    for error in (long, pickle.loads(pickle.dumps(long))):
        assert str(error).startswith(r"a\u202e\n.fa, line 3, record 'NNN")
        assert str(error).endswith(r"NNN': no letters\x1b")
        assert len(str(error)) < 1000
        assert error.path == "a\u202e\n.fa"
    assert str(DataError("two\nlines")) == r"two\nlines"


def test_names_of_files_can_be_shown():
    assert list(file_names(["a\u202eb\x1bc\u2028"], "x")) == ["a_b_c_"]
