"""Short forms of the stress: nothing fails, and a case can be repeated."""

import stress


def test_every_example_of_the_fuzzed_readers_is_read(tmp_path):
    for make in stress.READERS:
        for name, reader in make().items():
            for number, example in enumerate(reader.examples):
                path = tmp_path / example.name
                path.write_bytes(example.pack(example.data))
                assert stress.complaint(reader.read, path) == ("read", ""), (name, number)
