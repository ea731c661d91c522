"""Brings loops into plain form: options noted, no `else`, no `:=` in conditions.

It also marks containers that are changed by their methods, so that they count as assigned.
"""

import ast
from collections.abc import Callable, Iterator
from typing import Any

from malt.lang import directives
from malt.pyct import anno

from ._directives import set_loop_options

_MUTATORS = {
    *("append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse"),
    *("update", "setdefault", "popitem", "add", "discard"),
}
_OPTIONS = ("maximum_iterations", "parallel_iterations", "swap_memory", "shape_invariants")


class LoopForms(ast.NodeTransformer):
    """Rewrites the statements of a function.

    Args:
        namespace: what the names mean that the function does not assign.
    """

    def __init__(self, namespace: dict[str, object]) -> None:
        self._namespace = namespace
        self._local: set[str] = set()
        self._changed_by: dict[str, set[str]] = {}
        self._depth = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        before = self._local, self._depth, self._changed_by
        self._local, self._depth = _local_names(node), 0
        self._changed_by = _changed_by_functions(node, self._local)
        try:
            return self.generic_visit(node)
        finally:
            self._local, self._depth, self._changed_by = before

    def visit_If(self, node: ast.If) -> ast.AST:
        return self._inside(node)

    def _inside(self, node: ast.stmt) -> ast.AST:
        for block in (node.body, node.orelse):
            self._touch_changed(block)
        self._depth += 1
        try:
            return self.generic_visit(node)
        finally:
            self._depth -= 1

    def _touch_changed(self, block: list[ast.stmt]) -> None:
        """Count what functions of the user change by `nonlocal` as assigned where they are used."""
        if not self._changed_by:
            return
        used = {n.id for s in block for n in ast.walk(s) if isinstance(n, ast.Name)}
        changed = set().union(*(self._changed_by[name] for name in used & set(self._changed_by)))
        last = block[-1] if block else None
        block.extend(_touch(name, last) for name in sorted(changed))

    def visit_For(self, node: ast.For) -> Any:
        self._note_options(node)
        return self._without_else(self._inside(node))

    def visit_While(self, node: ast.While) -> Any:
        self._note_options(node)
        node = self._inside(node)
        statements = self._without_else(node)
        if any(isinstance(child, ast.NamedExpr) for child in ast.walk(node.test)):
            _move_test_inside(node)
        return statements

    def _note_options(self, node: ast.For | ast.While) -> None:
        """Take `set_loop_options(...)` out of a body; note it, and the lists that grow there."""
        options: dict[str, ast.expr] = {}
        for statement in list(node.body):
            if self._is_options(statement):
                call = statement.value
                options.update(zip(_OPTIONS, call.args))
                options.update({keyword.arg: keyword.value for keyword in call.keywords})
                node.body.remove(statement)
        if not node.body:
            node.body.append(ast.copy_location(ast.Pass(), node))
        grown = sorted(set(_appended(node)) & self._local)
        if grown:
            options["appended"] = ast.Tuple([ast.Constant(n) for n in grown], ctx=ast.Load())
        if options:
            anno.setanno(node, anno.Basic.DIRECTIVES, {directives.set_loop_options: options})

    def _is_options(self, statement: ast.stmt) -> bool:
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
            return False
        found = self._meaning(statement.value.func)
        return found is set_loop_options

    def _meaning(self, node: ast.expr) -> object:
        if isinstance(node, ast.Name):
            return None if node.id in self._local else self._namespace.get(node.id)
        if isinstance(node, ast.Attribute) and node.attr in _PATH_PARTS:
            return getattr(self._meaning(node.value), node.attr, None)
        return None

    def _without_else(self, node: ast.For | ast.While) -> Any:
        if not node.orelse:
            return node
        flag = f"loop_left_{node.lineno}_{node.col_offset}"
        _for_own_breaks(node.body, lambda: _assign(flag, True))
        otherwise = ast.If(
            ast.UnaryOp(ast.Not(), ast.Name(flag, ctx=ast.Load())), node.orelse, orelse=[]
        )
        node.orelse = []
        added = [_assign(flag, False), otherwise]
        for statement in added:
            ast.fix_missing_locations(ast.copy_location(statement, node))
        return [added[0], node, otherwise]

    def _visit_simple(self, node: ast.stmt) -> Any:
        """Count as assigned the containers that a statement changes by a method or in a place."""
        node = self.generic_visit(node)
        if not self._depth:
            return node
        changed = {_root_name(target) for target in _worked_out_places(node)}
        for call in _mutating_calls(node):
            owner = call.func.value
            root = _root_name(owner)
            if root in self._local and not _goes_by_attributes(owner):
                changed.add(root)
            elif root is not None:
                text = ast.Constant(ast.unparse(owner))
                checked = _operator_call("mutator", call.func, text)
                call.func = ast.fix_missing_locations(ast.copy_location(checked, call.func))
        return [node, *(_touch(name, node) for name in sorted(self._local.intersection(changed)))]

    visit_Expr = visit_Assign = visit_AugAssign = visit_AnnAssign = _visit_simple


def _worked_out_places(node: ast.stmt) -> Iterator[ast.expr]:
    """The targets in containers whose index is no plain name or constant."""
    targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
    for target in targets:
        if isinstance(target, ast.Subscript) and not isinstance(
            target.slice, ast.Constant | ast.Name
        ):
            yield target


def _mutating_calls(node: ast.stmt) -> Iterator[ast.Call]:
    """The calls in a statement that may change a container."""
    for child in _walk_own([node]):
        if (
            isinstance(child, ast.Call)
            and isinstance(child.func, ast.Attribute)
            and child.func.attr in _MUTATORS
        ):
            yield child


_PATH_PARTS = {"autograph", "experimental", "set_loop_options"}


def _operator_call(name: str, *arguments: ast.expr) -> ast.Call:
    operator = ast.Attribute(ast.Name("ag__", ctx=ast.Load()), name, ctx=ast.Load())
    return ast.Call(operator, list(arguments), keywords=[])


def _touch(name: str, place: ast.stmt) -> ast.stmt:
    value = _operator_call("touched", ast.Name(name, ctx=ast.Load()))
    touch = ast.Assign([ast.Name(name, ctx=ast.Store())], value)
    return ast.fix_missing_locations(ast.copy_location(touch, place))


def _changed_by_functions(node: ast.FunctionDef, names: set[str]) -> dict[str, set[str]]:
    """The variables of a function that each function inside it assigns by `nonlocal`."""
    changed: dict[str, set[str]] = {}
    for child in ast.walk(node):
        if isinstance(child, ast.FunctionDef) and child is not node:
            declared = {
                name
                for statement in ast.walk(child)
                if isinstance(statement, ast.Nonlocal)
                for name in statement.names
            }
            if declared & names:
                changed[child.name] = declared & names
    return changed


def _assign(name: str, value: object) -> ast.Assign:
    return ast.Assign([ast.Name(name, ctx=ast.Store())], ast.Constant(value))


def _root_name(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _goes_by_attributes(node: ast.expr) -> bool:
    while isinstance(node, ast.Subscript):
        node = node.value
    return isinstance(node, ast.Attribute)


def _local_names(node: ast.FunctionDef) -> set[str]:
    arguments = node.args
    names = {argument.arg for argument in ast.walk(arguments) if isinstance(argument, ast.arg)}
    elsewhere: set[str] = set()
    for child in _walk_own(node.body):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            names.add(child.id)
        elif isinstance(child, ast.Global | ast.Nonlocal):
            elsewhere.update(child.names)
    return names - elsewhere


def _walk_own(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    for node in statements:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            yield from _walk_own(list(ast.iter_child_nodes(node)))


def _appended(loop: ast.stmt) -> Iterator[str]:
    for node in _walk_own(loop.body):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Attribute)
            and node.value.func.attr == "append"
            and isinstance(node.value.func.value, ast.Name)
        ):
            yield node.value.func.value.id


def _for_own_breaks(statements: list[ast.stmt], make: Callable[[], ast.stmt]) -> None:
    """Put a statement before each `break` that leaves the loop of these statements."""
    for index, statement in reversed(list(enumerate(statements))):
        if isinstance(statement, ast.Break):
            added = ast.fix_missing_locations(ast.copy_location(make(), statement))
            statements.insert(index, added)
        for field in ("body", "orelse", "finalbody"):
            inside_loop = field == "body" and isinstance(statement, ast.For | ast.While)
            if not inside_loop and not isinstance(statement, ast.FunctionDef):
                _for_own_breaks(getattr(statement, field, []), make)
        for handler in getattr(statement, "handlers", []):
            _for_own_breaks(handler.body, make)


def _move_test_inside(node: ast.While) -> None:
    leave = ast.If(ast.UnaryOp(ast.Not(), node.test), [ast.Break()], orelse=[])
    ast.fix_missing_locations(ast.copy_location(leave, node.test))
    node.body.insert(0, leave)
    node.test = ast.copy_location(ast.Constant(True), node.test)
