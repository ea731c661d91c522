"""Config: a dict whose entries are attributes."""

import copy
import json
import pickle

import pytest

from deepkit.core.errors import StateError
from deepkit.utils import Config


def test_attributes_and_items_are_one():
    config = Config(rate=0.1)
    config.seed = 3
    config["name"] = "x"
    assert config.rate == config["rate"] == 0.1 and config.name == "x"
    assert config.get("missing", 5) == 5 and "seed" in config and len(config) == 3
    assert list(config) == ["name", "rate", "seed"]
    assert config.as_dict() == {"rate": 0.1, "seed": 3, "name": "x"} == dict(config.items())
    assert list(config.keys()) == ["rate", "seed", "name"] and list(config.values())[1] == 3
    assert json.loads(config.to_json()) == config.as_dict()
    assert repr(config) == "<Config {'rate': 0.1, 'seed': 3, 'name': 'x'}>"
    del config.seed
    del config["name"]
    config.update({"a": 1}, b=2)
    assert config.pop("a") == 1 and config.as_dict() == {"rate": 0.1, "b": 2}


CHANGES = {
    "attribute": lambda config: setattr(config, "a", 1),
    "item": lambda config: config.__setitem__("a", 1),
    "delete": lambda config: config.__delitem__("rate"),
    "delete attribute": lambda config: config.__delattr__("rate"),
    "pop": lambda config: config.pop("rate"),
    "update": lambda config: config.update(a=1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_frozen(change):
    config = Config(rate=0.1)
    config.freeze()
    assert config.frozen
    with pytest.raises(StateError, match=r"This Config is frozen\. Call"):
        CHANGES[change](config)
    assert config.as_dict() == {"rate": 0.1}
    config.unfreeze()
    CHANGES[change](config)
    assert config.as_dict() != {"rate": 0.1}


def test_unknown_and_reserved_names():
    config = Config(learning_rate=0.1)
    with pytest.raises(
        AttributeError, match=r"no value 'lerning_rate'. Did you mean 'learning_rat"
    ):
        config.lerning_rate  # noqa: B018
    with pytest.raises(AttributeError, match=r"'update' is a method of Config. Set it as an item"):
        config.update = 3


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))])
def test_copies(duplicate):
    config = Config(a=[1])
    twin = duplicate(config)
    twin.a.append(2)
    assert config.a == [1] and twin.as_dict() == {"a": [1, 2]}
