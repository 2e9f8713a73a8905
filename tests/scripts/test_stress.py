"""Short forms of the stress: nothing fails, and a case can be repeated."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import stress


def test_every_example_of_the_fuzzed_readers_is_read(tmp_path):
    for make in stress.READERS:
        for name, reader in make().items():
            for number, example in enumerate(reader.examples):
                path = tmp_path / example.name
                path.write_bytes(example.pack(example.data))
                assert stress.complaint(reader.read, path) == ("read", ""), (name, number)


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_has_one_holder(there, tmp_path):
    """Threads lock as processes do: each opens the file anew."""
    folder = tmp_path / "run"
    if there:
        folder.mkdir()
    with ThreadPoolExecutor(4) as rivals:
        seen = sum(rivals.map(stress.hold, [folder] * 4, [50] * 4), Counter())
    assert seen.pop("held") == 200
    assert set(seen) <= set(stress.REFUSED.values())
