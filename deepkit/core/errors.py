"""The errors that deepkit raises; each is also the builtin error that users already catch."""

import difflib
import re
from collections.abc import Iterable


class DeepkitError(Exception):
    """Base of every error that deepkit raises on purpose."""


class ShapeError(DeepkitError, ValueError):
    """Shapes do not fit each other or what a layer, loss or op accepts."""


class DTypeError(DeepkitError, TypeError, ValueError):
    """A dtype is unknown, unusable here, or mixed where mixing is not allowed."""


class DataError(DeepkitError, ValueError):
    """The data given to fit, evaluate, predict, a loss or a metric cannot be used."""


class ArgumentError(DeepkitError, ValueError):
    """An argument has a value outside of what is allowed."""


class ArgumentTypeError(DeepkitError, TypeError):
    """An argument has a type that is not accepted."""


class UnknownNameError(DeepkitError, ValueError):
    """A name resolves to nothing; the message lists the closest ones."""


class SignatureError(DeepkitError, TypeError, ValueError):
    """Arguments do not fit the signature that a compiled function was declared with."""


class StateError(DeepkitError, RuntimeError):
    """State is read or written where that cannot be right."""


class UnboundVariableError(DeepkitError, UnboundLocalError):
    """Converted code reads a variable that has a value on some ways through the code only."""


class GradientError(DeepkitError, ValueError):
    """A gradient is asked for that cannot be worked out."""


class NotBuiltError(DeepkitError, ValueError):
    """A layer or model is used before its weights exist."""


class NotCompiledError(DeepkitError, ValueError):
    """A model is trained or evaluated before `compile`."""


class SerializationError(DeepkitError, ValueError, TypeError):
    """An object or a config cannot be turned into the other."""


class UnsafeFileError(DeepkitError, ValueError):
    """A file asks for something that loading refuses to do."""


class ConfigError(UnsafeFileError, SerializationError):
    """A config names something unknown, or asks for what cannot or must not be made from it."""


class CorruptFileError(DeepkitError, ValueError, OSError):
    """A file is damaged, truncated or not what its name says."""


class WeightMismatchError(DeepkitError, ValueError):
    """Weights in a file or list do not fit the weights of the object."""


class DownloadError(DeepkitError, OSError):
    """A file could not be fetched."""


_COUNTER = re.compile(r"_\d+$")


def suggest(name: object, candidates: Iterable[str]) -> str:
    """`" Did you mean 'adam'?"` for the candidates closest to `name`, or an empty string.

    The counter at the end of a name, as in `"dense_12"`, does not make it less like `"dens"`.
    """
    if not isinstance(name, str):
        return ""
    spellings: dict[str, list[str]] = {}
    for candidate in map(str, candidates):
        lowered = candidate.lower()
        for key in dict.fromkeys((lowered, _COUNTER.sub("", lowered))):
            spellings.setdefault(key, []).append(candidate)
    close = difflib.get_close_matches(name.lower(), list(spellings), n=3, cutoff=0.6)
    # Of 'hinge' and 'Hinge', the one that is written more like the name.
    nearest = dict.fromkeys(
        difflib.get_close_matches(name, spellings[key], n=1, cutoff=0.0)[0] for key in close
    )
    return f" Did you mean {', '.join(map(repr, nearest))}?" if nearest else ""
