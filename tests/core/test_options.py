"""The type of an option is its annotation."""

from dataclasses import dataclass
from typing import Literal

import pytest

from biogan.core.errors import ConfigError
from biogan.core.options import ANY, Options, kinds, option


@dataclass(frozen=True)
class Toy(Options):
    """One option of each type, named so that a type read from its text would be another."""

    boolean: Literal["bool", "int"] = option("int", "A word.", "Toy")
    pair_filter: float | None = option(None, "A number.", "Toy")
    printed: bool = option(False, "A switch.", "Toy")


def test_types_come_from_the_annotations():
    assert kinds(Toy) == {
        "boolean": (str, ("bool", "int"), False),
        "pair_filter": (float, (), True),
        "printed": (bool, (), False),
    }
    assert Toy(pair_filter=1).to_dict() == {"boolean": "int", "pair_filter": 1.0, "printed": False}
    with pytest.raises(ConfigError, match="--boolean: unknown value 'float'"):
        Toy(boolean="float")


@pytest.mark.parametrize("hint", [list, int | str, dict[str, int]])
def test_a_type_that_no_option_can_have_is_refused(hint):
    odd = dataclass(frozen=True)(
        type("Odd", (Options,), {"__annotations__": {"x": hint}, "x": option(1, "X.", "Toy")})
    )
    with pytest.raises(TypeError, match="an option is"):
        kinds(odd)


@dataclass(frozen=True)
class Later(Options):
    """A configuration of which an earlier version had other keys."""

    renamed = {"breadth": "width"}
    dropped = {"colour": "grey", "shine": ANY}

    width: int = option(1, "Width.", "Toy")


def test_keys_of_earlier_versions_are_read():
    assert Later.from_dict({"breadth": 3, "colour": "grey"}) == Later(width=3)
    assert Later.from_dict({"shine": True}) == Later.from_dict({"shine": False}) == Later()
    with pytest.raises(ConfigError, match="--colour red: this option is gone, and only grey"):
        Later.from_dict({"colour": "red"})
    with pytest.raises(ConfigError, match="--width: given twice, once under its old name"):
        Later.from_dict({"breadth": 3, "width": 3})
    with pytest.raises(ConfigError, match="unknown option 'color'"):
        Later.from_dict({"color": "grey"})
