"""Finds the syntax tree of a function in the file that it comes from."""

import ast
import copy
import functools
import inspect
import types

from malt.pyct import anno, origin_info

FunctionNode = ast.FunctionDef | ast.Lambda


class SourceUnavailable(Exception):
    """A signal: the text that a function was compiled from cannot be found."""


class Unsupported(Exception):
    """A signal: a function uses something that cannot be converted."""


def function_node(function: types.FunctionType) -> FunctionNode:
    """A fresh syntax tree of a function, each node with its line in the user's file.

    Raises:
        SourceUnavailable: there is no source, or it is not what the function was compiled from.
    """
    try:
        lines, _ = inspect.findsource(function.__code__)
    except (OSError, TypeError) as error:
        raise SourceUnavailable(str(error)) from None
    code = function.__code__
    nodes = _functions_by_line("".join(lines)).get(code.co_firstlineno, [])
    matches = [node for node in nodes if _matches(node, code)]
    if len(matches) > 1:
        matches = [node for node in matches if _holds_positions(node, code)]
    if not matches:
        raise SourceUnavailable(
            f"line {code.co_firstlineno} of {code.co_filename} does not hold it"
        )
    return copy.deepcopy(matches[0])


@functools.lru_cache(maxsize=8)
def _functions_by_line(source: str) -> dict[int, list[FunctionNode]]:
    found: dict[int, list[FunctionNode]] = {}
    try:
        module = ast.parse(source)
    except SyntaxError as error:
        raise SourceUnavailable(f"it cannot be parsed: {error}") from None
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            found.setdefault(first, []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault(node.lineno, []).append(node)
    return found


def _matches(node: FunctionNode, code: types.CodeType) -> bool:
    name = node.name if isinstance(node, ast.FunctionDef) else "<lambda>"
    names = [arg.arg for arg in _all_arguments(node.args)]
    count = len(names)
    # Names that begin with two underscores are mangled in classes.
    given = [given[-len(name) :] for given, name in zip(code.co_varnames[:count], names)]
    return name == code.co_name and names == given


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    several = [arguments.vararg, arguments.kwarg]
    return [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        *(argument for argument in several if argument is not None),
    ]


def _holds_positions(node: FunctionNode, code: types.CodeType) -> bool:
    """Whether a node spans what the code says of its columns: tells lambdas of a line apart."""
    body = node.body if isinstance(node, ast.Lambda) else node
    begin, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    places = [
        ((line, column), (end_line, end_column))
        for line, end_line, column, end_column in code.co_positions()
        if None not in (line, end_line, column, end_column) and end_column
    ]
    inside = [(first, last) for first, last in places if begin <= first and last <= end]
    return bool(inside) and max(last for _, last in inside) == end


def note_origins(node: FunctionNode, filename: str) -> None:
    """Annotate each node with its place in the user's file, which the converters hand on."""
    for child in ast.walk(node):
        if hasattr(child, "lineno"):
            location = origin_info.Location(filename, child.lineno, child.col_offset)
            anno.setanno(child, anno.Basic.ORIGIN, origin_info.OriginInfo(location, None, "", None))


def restore_lines(node: ast.AST, line: int) -> None:
    """Give each node of converted code the line of the user's code that it comes from.

    So tracebacks, debuggers and JAX's own notes of where an operation came from show user code.
    """
    origin = anno.getanno(node, anno.Basic.ORIGIN, default=None)
    if origin is not None:
        line = origin.loc.lineno
    if "lineno" in node._attributes:
        node.lineno = node.end_lineno = line
        node.col_offset = node.end_col_offset = 0
    for child in ast.iter_child_nodes(node):
        restore_lines(child, line)
