"""Rewrites a function into one that calls operators in the place of control flow.

The passes are those of diastatic-malt, which is TensorFlow's AutoGraph kept up as a library, with
some of our own before and between them. The result is compiled with the lines of the user's file.
"""

import __future__

import ast
import threading
import types
import weakref
from collections.abc import Sequence
from typing import Any

from malt.converters import (
    break_statements,
    continue_statements,
    functions,
    return_statements,
    variables,
)
from malt.core import converter
from malt.pyct import anno, cfg, naming, qual_names, transformer
from malt.pyct.static_analysis import activity, reaching_definitions

from . import _converters as own
from ._desugar import desugar
from ._source import FunctionNode, Unsupported, function_node, note_origins, restore_lines

OPERATORS = "ag__"
_FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    _FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag


class Converted:
    """Converted code, free of the function that it was made from.

    Args:
        code: the compiled code; it has `ag__` among its free variables.
        text: the code as text.
    """

    def __init__(self, code: types.CodeType, text: str) -> None:
        self.code = code
        self.text = text

    def bind(self, function: types.FunctionType, operators: Any) -> types.FunctionType:
        """A function of the code with the globals, closure and defaults of another.

        Args:
            function: the function that was converted, or another one with the same code.
            operators: what the code finds as `ag__`.
        """
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
        cells[OPERATORS] = types.CellType(operators)
        bound = types.FunctionType(
            self.code,
            function.__globals__,
            function.__name__,
            function.__defaults__,
            tuple(cells[name] for name in self.code.co_freevars),
        )
        bound.__kwdefaults__ = function.__kwdefaults__
        bound.__qualname__ = function.__qualname__
        bound.__module__ = function.__module__
        bound.__doc__ = function.__doc__
        return bound


class CodeCache:
    """Remembers a value for a code object, by identity, and for as long as that lives."""

    def __init__(self) -> None:
        self._entries: dict[Any, tuple[weakref.ref[types.CodeType], Any]] = {}

    def get(self, code: types.CodeType, kind: Any = None) -> Any:
        """The value, or `None`."""
        entry = self._entries.get((id(code), kind))
        return None if entry is None else entry[1]

    def put(self, code: types.CodeType, value: Any, kind: Any = None) -> None:
        """Remember a value, which must not hold on to the code."""
        key = (id(code), kind)
        entries = self._entries
        self._entries[key] = (weakref.ref(code, lambda _: entries.pop(key, None)), value)

    def __len__(self) -> int:
        return len(self._entries)


_CACHE = CodeCache()
_LOCK = threading.RLock()


def converted(function: types.FunctionType, recursive: bool) -> Converted:
    """The converted code of a function, made once for each code object.

    Args:
        function: the function.
        recursive: whether the functions that it calls are converted too.

    Raises:
        SourceUnavailable: the source cannot be found.
        Unsupported: it holds something that cannot be converted.
    """
    code = function.__code__
    found = _CACHE.get(code, recursive)
    if found is None:
        with _LOCK:
            found = _CACHE.get(code, recursive)
            if found is None:
                found = _convert(function, recursive)
                _CACHE.put(code, found, recursive)
    return found


def _convert(function: types.FunctionType, recursive: bool) -> Converted:
    node = function_node(function)
    desugar(node, function)
    try:
        return _rewritten(node, function, recursive)
    except Exception as error:  # of the passes, about syntax that they do not know
        raise Unsupported(f"{type(error).__name__}: {error}") from error


def _rewritten(node: FunctionNode, function: types.FunctionType, recursive: bool) -> Converted:
    line = node.lineno
    note_origins(node, function.__code__.co_filename)
    name, tree = _transform(node, function, recursive)
    definition = _definition(tree, name)
    restore_lines(definition, line)
    text = ast.unparse(definition)
    code = _compile(definition, name, function)
    return Converted(code, text)


def _transform(
    node: FunctionNode, function: types.FunctionType, recursive: bool
) -> tuple[str, ast.AST]:
    """The rewritten tree, and the name that it defines or is to be bound to."""
    options = converter.STANDARD_OPTIONS
    if not recursive:
        options = converter.ConversionOptions(
            recursive=False, internal_convert_user_code=False, optional_features=None
        )
    namespace = {**function.__globals__, **dict.fromkeys(function.__code__.co_freevars)}
    namer = naming.Namer(namespace)
    stem = node.name if isinstance(node, ast.FunctionDef) else "lambda"
    name = namer.new_symbol(f"{OPERATORS}{stem}", ())
    info = transformer.EntityInfo(
        name=name,
        source_code="",
        source_file=function.__code__.co_filename,
        future_features=(),
        namespace=namespace,
    )
    context = transformer.Context(info, namer, converter.ProgramContext(options=options))
    return name, _apply_passes(node, context, function.__code__.co_freevars)


def _apply_passes(node: FunctionNode, context: Any, free: Sequence[str]) -> ast.AST:
    graphs = cfg.build(node)
    node = qual_names.resolve(node)
    node = activity.resolve(node, context, None)
    node = reaching_definitions.resolve(node, context, graphs)
    anno.dup(node, {anno.Static.DEFINITIONS: anno.Static.ORIG_DEFINITIONS})
    node = functions.transform(node, context)
    node = break_statements.transform(node, context)
    node = own.Asserts(context).visit(node)
    node = continue_statements.transform(node, context)
    node = return_statements.transform(node, context)
    node = own.Calls(context).visit(qual_names.resolve(node))
    node = own.transform_control_flow(node, context, free)
    node = own.ConditionalExpressions(context).visit(node)
    node = own.Comparisons(context).visit(node)
    return variables.transform(node, context)


def _definition(tree: ast.AST, name: str) -> ast.stmt:
    if isinstance(tree, ast.Lambda):
        target = ast.Name(name, ctx=ast.Store())
        return ast.copy_location(ast.Assign(targets=[target], value=tree), tree)
    tree.name = name
    return tree


def _compile(definition: ast.stmt, name: str, function: types.FunctionType) -> types.CodeType:
    """The code of the definition, compiled between functions that give it its free variables."""
    original = function.__code__
    free = "".join(f"    {variable} = None\n" for variable in original.co_freevars)
    module = ast.parse(f"def outer():\n{free}    def inner({OPERATORS}):\n        pass\n")
    inner = module.body[0].body[-1]
    inner.body = [definition]
    ast.fix_missing_locations(module)
    flags = original.co_flags & _FUTURE_FLAGS
    code = compile(module, original.co_filename, "exec", flags=flags, dont_inherit=True)
    wanted = "<lambda>" if isinstance(definition, ast.Assign) else name
    for scope in ("outer", "inner", wanted):
        code = next(
            c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == scope
        )
    return code.replace(co_name=original.co_name, co_qualname=original.co_qualname)
