"""A dict whose entries are attributes, too."""

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from deepkit.core.errors import StateError, suggest


class Config:
    """Named values, reached as attributes or as items, that can be frozen.

    Use it for the settings of an experiment.

    Args:
        **kwargs: the values by name.

    Raises:
        StateError: a frozen config is changed.

    Example:
        >>> import deepkit
        >>> config = deepkit.utils.Config(rate=0.1)
        >>> config.seed = 3
        >>> config["seed"], config.rate
        (3, 0.1)
        >>> config.freeze()
        >>> config.to_json()
        '{"rate": 0.1, "seed": 3}'
    """

    def __init__(self, **kwargs: Any) -> None:
        vars(self)["_values"] = dict(kwargs)
        vars(self)["_frozen"] = False

    @property
    def frozen(self) -> bool:
        """Whether the config is frozen."""
        return self._frozen

    def freeze(self) -> None:
        """Allow no more changes."""
        vars(self)["_frozen"] = True

    def unfreeze(self) -> None:
        """Allow changes again."""
        vars(self)["_frozen"] = False

    def as_dict(self) -> dict[str, Any]:
        """The values as a new dict."""
        return dict(self._values)

    def to_json(self) -> str:
        """The values as JSON."""
        return json.dumps(self._values)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._values.keys()

    def values(self) -> ValuesView[Any]:
        """The values."""
        return self._values.values()

    def items(self) -> ItemsView[str, Any]:
        """The names with their values."""
        return self._values.items()

    def get(self, keyname: str, value: Any = None) -> Any:
        """The value of a name, or another where there is none."""
        return self._values.get(keyname, value)

    def pop(self, *args: Any) -> Any:
        """Take out a value, as from a dict."""
        return self._changeable().pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Take over values, as into a dict."""
        self._changeable().update(*args, **kwargs)

    def _changeable(self) -> dict[str, Any]:
        if self._frozen:
            raise StateError("This Config is frozen. Call `unfreeze()` before changing it.")
        return self._values

    def __getattr__(self, name: str) -> Any:
        values = vars(self).get("_values", {})  # empty while an object is copied or unpickled
        if name in values:
            return values[name]
        raise AttributeError(f"Config has no value '{name}'.{suggest(name, values)}")

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name):
            raise AttributeError(
                f"'{name}' is a method of Config. Set it as an item: config['{name}'] = ..."
            )
        self._changeable()[name] = value

    def __delattr__(self, name: str) -> None:
        del self._changeable()[name]

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, item: Any) -> None:
        self._changeable()[key] = item

    def __delitem__(self, key: str) -> None:
        del self._changeable()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, item: object) -> bool:
        return item in self._values

    def __repr__(self) -> str:
        return f"<Config {self._values}>"
