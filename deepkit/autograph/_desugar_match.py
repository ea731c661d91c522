"""Writes `match` statements as chains of `if`."""

import ast

from ._source import Unsupported


def desugar_match(node: ast.AST) -> None:
    """Rewrite all `match` statements below a node, in place."""
    _Matches().visit(node)


class _Matches(ast.NodeTransformer):
    def visit_Match(self, node: ast.Match) -> list[ast.stmt]:
        self.generic_visit(node)
        subject = f"match_subject_{node.lineno}_{node.col_offset}"
        assign = ast.Assign([ast.Name(subject, ctx=ast.Store())], node.subject)
        chain: list[ast.stmt] = []
        for case in reversed(node.cases):
            chain = _branch(case, ast.Name(subject, ctx=ast.Load()), chain)
        statements = [assign, *chain]
        for statement in statements:
            if not hasattr(statement, "lineno"):
                ast.copy_location(statement, node)
            ast.fix_missing_locations(statement)
        return statements


def _branch(case: ast.match_case, subject: ast.expr, rest: list[ast.stmt]) -> list[ast.stmt]:
    bindings: dict[str, ast.expr] = {}
    tests = _tests(case.pattern, subject, bindings)
    if case.guard is not None:
        tests.append(_Substitute(bindings).visit(case.guard))
    assigns = [ast.Assign([ast.Name(n, ctx=ast.Store())], v) for n, v in bindings.items()]
    body = [*assigns, *case.body]
    for statement in assigns:
        ast.copy_location(statement, case.body[0])
    if not tests:
        return body
    test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)
    return [ast.copy_location(ast.If(test, body, rest), case.pattern)]


def _tests(
    pattern: ast.pattern, subject: ast.expr, bindings: dict[str, ast.expr]
) -> list[ast.expr]:
    """The conditions of a pattern, and into `bindings` the names that it gives to parts."""
    if isinstance(pattern, ast.MatchValue):
        return [ast.Compare(subject, [ast.Eq()], [pattern.value])]
    if isinstance(pattern, ast.MatchSingleton):
        return [ast.Compare(subject, [ast.Is()], [ast.Constant(pattern.value)])]
    if isinstance(pattern, ast.MatchAs):
        if pattern.name is not None:
            bindings[pattern.name] = subject
        return _tests(pattern.pattern, subject, bindings) if pattern.pattern else []
    if isinstance(pattern, ast.MatchOr):
        return _alternatives(pattern, subject, bindings)
    if isinstance(pattern, ast.MatchSequence):
        return _sequence(pattern, subject, bindings)
    raise Unsupported(f"line {pattern.lineno} holds a pattern of a class or a mapping")


def _alternatives(
    pattern: ast.MatchOr, subject: ast.expr, bindings: dict[str, ast.expr]
) -> list[ast.expr]:
    alternatives = []
    for part in pattern.patterns:
        names: dict[str, ast.expr] = {}
        tests = _tests(part, subject, names)
        if names:
            raise Unsupported(f"line {pattern.lineno} holds alternatives that give names")
        if not tests:
            return []
        alternatives.append(tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests))
    return [ast.BoolOp(ast.Or(), alternatives)]


def _sequence(
    pattern: ast.MatchSequence, subject: ast.expr, bindings: dict[str, ast.expr]
) -> list[ast.expr]:
    if any(isinstance(part, ast.MatchStar) for part in pattern.patterns):
        raise Unsupported(f"line {pattern.lineno} holds a pattern with a star")
    check = ast.Attribute(ast.Name("ag__", ctx=ast.Load()), "is_sequence", ctx=ast.Load())
    tests: list[ast.expr] = [
        ast.Call(check, [subject, ast.Constant(len(pattern.patterns))], keywords=[])
    ]
    for index, part in enumerate(pattern.patterns):
        item = ast.Subscript(subject, ast.Constant(index), ctx=ast.Load())
        tests.extend(_tests(part, item, bindings))
    return tests


class _Substitute(ast.NodeTransformer):
    """Puts expressions in the place of names that are not bound yet."""

    def __init__(self, bindings: dict[str, ast.expr]) -> None:
        self._bindings = bindings

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._bindings.get(node.id, node)
