"""What converted code finds under the name `ag__`, but for calls, which `_calls` adds."""

import sys
import types
from typing import Any

from malt.core.converter import STANDARD_OPTIONS, ConversionOptions

from ._branches import if_exp, if_stmt
from ._logic import and_, assert_stmt, compare_chain, is_sequence, not_, or_
from ._loops import for_stmt, while_stmt
from ._policy import mark
from ._region import mutator, touched
from ._undefined import Undefined, UndefinedReturnValue, ld, ldu


class FunctionScope:
    """The body of a converted function.

    Args:
        function_name: the function's name.
        scope_name: the variable that holds the scope.
        options: of the conversion.
    """

    def __init__(self, function_name: str, scope_name: str, options: Any) -> None:
        self.callopts = options

    def __enter__(self) -> "FunctionScope":
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def ret(self, value: Any, did_return: Any) -> Any:
        """What the function returns."""
        return None if type(value) is UndefinedReturnValue else ld(value)


def with_function_scope(thunk: Any, scope_name: str, options: Any) -> Any:
    """Run the body of a lambda in a scope."""
    return thunk(FunctionScope("lambda", scope_name, options))


def caught() -> BaseException | None:
    """The error that is being handled."""
    return sys.exception()


STATEMENTS = types.SimpleNamespace(
    STD=STANDARD_OPTIONS,
    ConversionOptions=ConversionOptions,
    FunctionScope=FunctionScope,
    Undefined=Undefined,
    UndefinedReturnValue=UndefinedReturnValue,
    and_=and_,
    assert_stmt=assert_stmt,
    autograph_artifact=mark,
    caught=caught,
    compare_chain=compare_chain,
    for_stmt=for_stmt,
    if_exp=if_exp,
    if_stmt=if_stmt,
    is_sequence=is_sequence,
    ld=ld,
    ldu=ldu,
    mutator=mutator,
    not_=not_,
    or_=or_,
    touched=touched,
    while_stmt=while_stmt,
    with_function_scope=with_function_scope,
)
