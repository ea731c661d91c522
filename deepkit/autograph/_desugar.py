"""Brings a function into the forms that the converters know, before they see it."""

import ast
import re
import types
from collections.abc import Iterator

from ._desugar_loops import LoopForms
from ._desugar_match import desugar_match
from ._source import FunctionNode, Unsupported


def desugar(node: FunctionNode, function: types.FunctionType) -> None:
    """Rewrite a function's tree in place.

    Args:
        node: the tree.
        function: the function, whose globals and closure say what names mean.

    Raises:
        Unsupported: it holds something that cannot be converted.
    """
    _check_supported(node)
    _strip_signature(node)
    _Names(function.__code__).visit(node)
    if isinstance(node, ast.Lambda):
        _check_walrus([node.body])
        return
    _for_each_function(node, _end_with_return)
    _name_caught_errors(node)
    desugar_match(node)
    LoopForms(namespace_of(function)).visit(node)
    _Hoist().visit(node)
    _check_walrus(node.body)


def namespace_of(function: types.FunctionType) -> dict[str, object]:
    """The globals of a function and what it closes over, by name."""
    namespace = dict(function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            namespace[name] = cell.cell_contents
        except ValueError:  # it has no value yet
            namespace.pop(name, None)
    return namespace


_REFUSED = {
    ast.Yield: "a generator",
    ast.YieldFrom: "a generator",
    ast.Await: "`await`",
    ast.AsyncFunctionDef: "an async function",
    ast.AsyncFor: "`async for`",
    ast.AsyncWith: "`async with`",
    ast.TryStar: "`except*`",
    ast.ClassDef: "a class definition",
}


def _check_supported(node: FunctionNode) -> None:
    for child in ast.walk(node):
        for kind, what in _REFUSED.items():
            if isinstance(child, kind):
                raise Unsupported(f"line {child.lineno} holds {what}")


def _strip_signature(node: FunctionNode) -> None:
    """Remove what was already worked out when the function was defined."""
    arguments = node.args
    arguments.defaults = [ast.copy_location(ast.Constant(None), d) for d in arguments.defaults]
    arguments.kw_defaults = [
        d and ast.copy_location(ast.Constant(None), d) for d in arguments.kw_defaults
    ]
    for argument in ast.walk(arguments):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    if isinstance(node, ast.FunctionDef):
        node.decorator_list, node.returns = [], None
        if hasattr(node, "type_params"):
            node.type_params = []


class _Names(ast.NodeTransformer):
    """Spells out names that depend on the class around a method: `__name` and `super()`."""

    def __init__(self, code: types.CodeType) -> None:
        self._known = set(_names_of(code))
        self._first: list[str | None] = []

    def _spelled(self, name: str) -> str:
        if not name.startswith("__") or name.endswith("__"):
            return name
        pattern = re.compile(rf"_[^_].*{re.escape(name)}")
        return next(filter(pattern.fullmatch, self._known), name)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = self._spelled(node.attr)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._spelled(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._spelled(node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.Lambda) -> ast.AST:
        arguments = [*node.args.posonlyargs, *node.args.args]
        self._first.append(arguments[0].arg if arguments else None)
        try:
            return self.generic_visit(node)
        finally:
            self._first.pop()

    visit_Lambda = visit_FunctionDef

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node = self.generic_visit(node)
        is_super = isinstance(node.func, ast.Name) and node.func.id == "super"
        if is_super and not node.args and "__class__" in self._known and self._first[-1]:
            node.args = [
                ast.copy_location(ast.Name(name, ctx=ast.Load()), node)
                for name in ("__class__", self._first[-1])
            ]
        return node


def _names_of(code: types.CodeType) -> Iterator[str]:
    yield from (*code.co_names, *code.co_varnames, *code.co_freevars, *code.co_cellvars)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_of(constant)


def _for_each_function(node: ast.AST, rewrite: object) -> None:
    for child in list(ast.walk(node)):
        if isinstance(child, ast.FunctionDef):
            rewrite(child)


def _end_with_return(node: ast.FunctionDef) -> None:
    """Write down the `return None` at the end of a function that also returns values."""
    returns = [child for child in own_nodes(node) if isinstance(child, ast.Return)]
    if any(r.value is not None for r in returns) and not _always_leaves(node.body):
        last = ast.Return(ast.Constant(None))
        node.body.append(ast.fix_missing_locations(ast.copy_location(last, node.body[-1])))


def _name_caught_errors(node: ast.AST) -> None:
    """Write `except Error as error` with an assignment, which is what the converters know."""
    for child in ast.walk(node):
        if isinstance(child, ast.ExceptHandler) and child.name is not None:
            caught = ast.Attribute(ast.Name("ag__", ctx=ast.Load()), "caught", ctx=ast.Load())
            target = ast.Name(child.name, ctx=ast.Store())
            assign = ast.Assign([target], ast.Call(caught, [], keywords=[]))
            child.body.insert(0, ast.fix_missing_locations(ast.copy_location(assign, child)))
            child.name = None


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below one, without those of functions inside."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield child
            yield from own_nodes(child)


def _always_leaves(body: list[ast.stmt]) -> bool:
    last = body[-1]
    match last:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=then, orelse=otherwise):
            return bool(otherwise) and _always_leaves(then) and _always_leaves(otherwise)
        case ast.With(body=inside):
            return _always_leaves(inside)
        case ast.Try(body=tried, handlers=handlers, orelse=otherwise, finalbody=final):
            if final and _always_leaves(final):
                return True
            return _always_leaves(otherwise or tried) and all(
                _always_leaves(handler.body) for handler in handlers
            )
        case ast.Match(cases=cases):
            return _is_catch_all(cases[-1]) and all(_always_leaves(c.body) for c in cases)
        case ast.While(test=ast.Constant(value=True)):
            return not any(isinstance(child, ast.Break) for child in own_nodes(last))
    return False


def _is_catch_all(case: ast.match_case) -> bool:
    return isinstance(case.pattern, ast.MatchAs) and not case.pattern.pattern and not case.guard


class _Hoist(ast.NodeTransformer):
    """Moves `name := value` before its statement, where it is worked out in any case."""

    def _visit_statement(self, node: ast.stmt) -> ast.AST | list[ast.AST]:
        if isinstance(node, ast.While):
            return self.generic_visit(node)
        before: list[ast.stmt] = []
        for field in ("test", "value", "iter", "msg", "exc"):
            expression = getattr(node, field, None)
            if isinstance(expression, ast.expr):
                setattr(node, field, _Extract(before).visit(expression))
        node = self.generic_visit(node)
        return [*before, node]

    visit_If = visit_Expr = visit_Assign = visit_AugAssign = visit_Return = _visit_statement
    visit_For = visit_Assert = visit_Raise = _visit_statement


class _Extract(ast.NodeTransformer):
    """Takes assignment expressions out of an expression, in the order in which they run."""

    def __init__(self, before: list[ast.stmt]) -> None:
        self._before = before

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        node = self.generic_visit(node)
        self._before.append(ast.copy_location(ast.Assign([node.target], node.value), node))
        return ast.copy_location(ast.Name(node.target.id, ctx=ast.Load()), node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        node.values[0] = self.visit(node.values[0])
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        node.test = self.visit(node.test)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        node.left = self.visit(node.left)
        node.comparators[0] = self.visit(node.comparators[0])
        return node

    def _leave(self, node: ast.AST) -> ast.AST:
        return node

    visit_Lambda = visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _leave


def _check_walrus(nodes: list[ast.AST]) -> None:
    """An assignment that may not happen would stay inside of the function made of its operand."""
    for node in nodes:
        for child in ast.walk(node):
            splits = isinstance(child, ast.BoolOp | ast.IfExp) or (
                isinstance(child, ast.Compare) and len(child.ops) > 1
            )
            if splits and any(isinstance(inner, ast.NamedExpr) for inner in ast.walk(child)):
                raise Unsupported(
                    f"line {child.lineno} holds a `:=` that may not be worked out; put it on a "
                    f"line of its own"
                )
