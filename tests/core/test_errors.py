"""Errors: each is also the builtin error that is caught already."""

import pytest

from deepkit import errors
from deepkit.core.errors import suggest

BUILTIN = {
    "ShapeError": (ValueError,),
    "DTypeError": (TypeError, ValueError),
    "DataError": (ValueError,),
    "ArgumentError": (ValueError,),
    "ArgumentTypeError": (TypeError,),
    "UnknownNameError": (ValueError,),
    "StateError": (RuntimeError,),
    "SignatureError": (TypeError, ValueError),
    "NotBuiltError": (ValueError,),
    "NotCompiledError": (ValueError,),
    "SerializationError": (ValueError, TypeError),
    "UnsafeFileError": (ValueError,),
    "ConfigError": (ValueError, TypeError),
    "CorruptFileError": (ValueError, OSError),
    "WeightMismatchError": (ValueError,),
    "UnboundVariableError": (UnboundLocalError,),
    "GradientError": (ValueError,),
    "DownloadError": (OSError,),
}


def test_every_public_error_is_in_the_table():
    public = {n for n, e in vars(errors).items() if isinstance(e, type)}
    assert public - {"DeepkitError"} == set(BUILTIN)


@pytest.mark.parametrize("name", BUILTIN)
def test_errors_are_builtin_ones_too(name):
    error = getattr(errors, name)
    for caught in (errors.DeepkitError, *BUILTIN[name]):
        with pytest.raises(caught, match="what happened"):
            raise error("what happened")
    others = {ValueError, TypeError, RuntimeError, OSError} - set(BUILTIN[name])
    assert not any(issubclass(error, other) for other in others)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("adma", " Did you mean 'Adam', 'adamw'?"),
        ("ADAM", " Did you mean 'Adam', 'adamw'?"),
        ("zzz", ""),
        (3, ""),
    ],
)
def test_close_names_are_suggested(name, text):
    assert suggest(name, ["Adam", "adamw", "sgd"]) == text


@pytest.mark.parametrize(
    "name, text",
    [
        ("dens", " Did you mean 'dense_1013'?"),
        ("dense_1012", " Did you mean 'dense_1013'?"),
        ("conv", " Did you mean 'conv2d_7'?"),
        ("lstm", ""),
    ],
)
def test_counters_at_the_end_of_names_do_not_count(name, text):
    assert suggest(name, ["dense_1013", "conv2d_7"]) == text
