"""CallPlan: which parameters of a user's function get the inputs, a key, the training flag."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from deepkit.core.errors import ArgumentError, ArgumentTypeError

_ROLES = {
    "state": "state",
    "rng": "key",
    "key": "key",
    "rng_key": "key",
    "prng_key": "key",
    "training": "training",
    "train": "training",
    "is_training": "training",
    "inference": "inference",
    "deterministic": "inference",
    "use_running_average": "inference",
}
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class CallPlan:
    """How a function is called: what each of its parameters gets, by its name.

    `state` gets the state; `rng`, `key`, `rng_key` or `prng_key` a random key; `training`, `train`
    or `is_training` whether the model trains; `inference`, `deterministic` or `use_running_average`
    the opposite. The inputs go to the one that is left, or in order to several that have no
    default. Others keep their defaults.

    Args:
        function: the function.
        what: what the function is, for messages.
        leading: roles of the first parameters, whatever their names.
        ignored: roles that are not given.
        needs_inputs: whether it must have a parameter for the inputs.

    Raises:
        ArgumentTypeError: its parameters cannot be read.
        ArgumentError: it has no parameter for the inputs or a leading role.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        what: str,
        leading: Sequence[str] = (),
        ignored: Sequence[str] = (),
        needs_inputs: bool = True,
    ) -> None:
        self._what = what
        parameters = _parameters_of(function, what)
        self._order: list[tuple[str, Any, str]] = []
        rest = list(parameters)
        for role in leading:
            if not rest or rest[0].kind not in _POSITIONAL:
                raise ArgumentError(
                    f"Expected the first parameters of {what} to take {' and '.join(leading)}, "
                    f"received the signature {inspect.signature(function)}."
                )
            self._order.append((rest[0].name, rest.pop(0).kind, role))
        roles = _named_roles(rest, ignored)
        self.takes = frozenset((*leading, *roles.values()))
        self.inputs = _names_of_inputs([p for p in rest if p.name not in roles])
        if needs_inputs and not self.inputs:
            raise ArgumentError(
                f"Expected {what} to have a parameter for the inputs, received the signature "
                f"{inspect.signature(function)}."
            )
        roles.update(dict.fromkeys(self.inputs, "inputs"))
        self._order += [(p.name, p.kind, roles.get(p.name, "")) for p in rest]

    def arguments(self, inputs: Any, **values: Any) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a call.

        Args:
            inputs: the inputs.
            **values: what else there is to give, by role.
        """
        given = self._spread(inputs)
        if "training" in values:
            values["inference"] = not values["training"]
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        in_order = True
        for name, kind, role in self._order:
            if not role or (role != "inputs" and role not in values):
                in_order = False
                continue
            value = given[name] if role == "inputs" else values[role]
            by_position = in_order and kind not in (
                inspect.Parameter.KEYWORD_ONLY,
                inspect.Parameter.VAR_KEYWORD,
            )
            if by_position:
                args.append(value)
            else:
                kwargs[name] = value
        return args, kwargs

    def _spread(self, inputs: Any) -> dict[str, Any]:
        names = self.inputs
        if len(names) <= 1:
            return dict.fromkeys(names, inputs)
        if isinstance(inputs, dict) and set(inputs) == set(names):
            return inputs
        if isinstance(inputs, list | tuple) and len(inputs) == len(names):
            return dict(zip(names, inputs))
        received = (
            f"a dict with {list(inputs)}" if isinstance(inputs, dict) else type(inputs).__name__
        )
        size = f" of {len(inputs)}" if isinstance(inputs, list | tuple) else ""
        raise ArgumentError(
            f"Expected inputs for the parameters {names} of {self._what}, as a list or tuple in "
            f"their order or as a dict by their names, received {received}{size}. Parameters that "
            f"are no inputs need defaults, or one of the names {sorted(_ROLES)}."
        )


def _parameters_of(function: Any, what: str) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            f"Expected {what} to be a function whose parameters Python can tell, received "
            f"{function!r}. Wrap it in a function of your own with named parameters."
        ) from None


def _named_roles(parameters: list[inspect.Parameter], ignored: Sequence[str]) -> dict[str, str]:
    """The role of each parameter whose name says one; the first name of a role counts."""
    found: dict[str, str] = {}
    for parameter in parameters:
        role = _ROLES.get(parameter.name)
        # One flag says it.
        taken = {"training", "inference"} if role in ("training", "inference") else {role}
        if role is not None and role not in ignored and not taken & set(found.values()):
            found[parameter.name] = role
    return found


def _names_of_inputs(parameters: list[inspect.Parameter]) -> list[str]:
    plain = [p for p in parameters if p.kind in _POSITIONAL or p.kind is p.KEYWORD_ONLY]
    needed = [p.name for p in plain if p.default is p.empty]
    if needed:
        return needed
    variadic = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
    return variadic[:1] or [p.name for p in plain if p.name not in _ROLES][:1]
