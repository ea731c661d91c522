"""The passes that differ from those of diastatic-malt."""

import ast
from collections.abc import Sequence
from typing import Any

from malt.converters import call_trees, control_flow, logical_expressions
from malt.converters.control_flow import _Function
from malt.core import converter
from malt.pyct import anno, cfg, qual_names, templates
from malt.pyct.static_analysis import activity, liveness, reaching_definitions, reaching_fndefs

# They look at the frame that calls them, so nothing may stand between.
_FRAME_BOUND = {"globals", "locals", "vars", "dir", "eval", "exec", "breakpoint", "super"}


class Asserts(converter.Base):
    """`assert test, message` becomes a call; the message is worked out only if it is needed."""

    def visit_Assert(self, node: ast.Assert) -> Any:
        node = self.generic_visit(node)
        call = templates.replace(
            "ag__.assert_stmt(test, lambda: message)",
            test=node.test,
            message=node.msg if node.msg is not None else ast.Constant(None),
        )
        anno.copyanno(node, call[0], anno.Basic.ORIGIN)
        return call


class Calls(call_trees.CallTreeTransformer):
    """Calls go through `converted_call`, but for those that look at the frame of their caller."""

    def visit_Call(self, node: ast.Call) -> Any:
        name = str(anno.getanno(node.func, anno.Basic.QN, default=""))
        scope = self.state[call_trees._Function].context_name
        node = self.generic_visit(node)
        if name in _FRAME_BOUND or name.startswith(("pdb.", "ag__.", f"{scope}.")):
            return node
        call = templates.replace_as_expression(
            "ag__.converted_call(function, args, kwargs, scope)",
            function=node.func,
            args=self._args_to_tuple(node),
            kwargs=self._kwargs_to_dict(node),
            scope=scope,
        )
        anno.copyanno(node, call, anno.Basic.ORIGIN)
        return call


class _ControlFlow(control_flow.ControlFlowTransformer):
    """Also says which attributes and variables from outside the function a statement changes.

    Args:
        context: of the conversion.
        local_names: variables that the function itself assigns.
        outer_names: variables of the module or of functions around that it assigns.
        captured: variables that functions inside it use. They see later values of these, so that
            no block may have one of its own.
    """

    def __init__(
        self, context: Any, local_names: set[str], outer_names: set[str], captured: set[str]
    ) -> None:
        super().__init__(context)
        self._local_names, self._outer_names = local_names, outer_names
        self._captured = {qual_names.QN(name) for name in captured}

    def _get_block_basic_vars(self, modified: Any, live_in: Any, live_out: Any) -> Any:
        found = super()._get_block_basic_vars(modified, live_in, live_out)
        added = self.state[_Function].scope.globals | self._captured
        return found | {name for name in modified if name in added}

    def _get_block_vars(self, node: ast.stmt, modified: Any) -> Any:
        names, undefined, count = super()._get_block_vars(node, modified)
        scope = self.state[_Function].scope
        # What is used elsewhere is an output, though nothing here reads it afterwards.
        elsewhere = scope.nonlocals | scope.globals
        unread = self._captured - anno.getanno(node, anno.Static.LIVE_VARS_OUT)
        outputs = [
            name
            for place, name in enumerate(names)
            if name in elsewhere or (place < count and name not in unread)
        ]
        return outputs + [n for n in names if n not in outputs], undefined, len(outputs)

    def _with_outer(self, nodes: list[ast.stmt]) -> list[ast.stmt]:
        call = nodes[-1].value
        position = 5 if call.func.attr in ("if_stmt", "for_stmt") else 4
        names = [constant.value for constant in call.args[position].elts]
        outer = [name for name in names if self._is_outside(name)]
        if outer:
            constants = ast.Tuple([ast.Constant(name) for name in outer], ctx=ast.Load())
            call.keywords.append(ast.keyword("outer", constants))
        return nodes

    def _is_outside(self, name: str) -> bool:
        if "." in name:
            return _root(name) not in self._local_names
        return name in self._outer_names

    def visit_If(self, node: ast.If) -> Any:
        return self._with_outer(super().visit_If(node))

    def visit_While(self, node: ast.While) -> Any:
        return self._with_outer(super().visit_While(node))

    def visit_For(self, node: ast.For) -> Any:
        return self._with_outer(super().visit_For(node))


def _root(name: str) -> str:
    return name.replace("[", ".").split(".")[0]


def transform_control_flow(node: ast.AST, context: Any, free: Sequence[str]) -> ast.AST:
    """`if`, `while` and `for` become calls of operators that get their blocks as functions.

    Args:
        node: the function's tree.
        context: of the conversion.
        free: the variables of functions around that the function uses.
    """
    stored = {
        name.id
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }
    outer = {
        name
        for statement in ast.walk(node)
        if isinstance(statement, ast.Global | ast.Nonlocal)
        for name in statement.names
        if isinstance(statement, ast.Global) or name in free
    }
    captured = {
        name.id
        for function in ast.walk(node)
        if isinstance(function, ast.FunctionDef | ast.Lambda) and function is not node
        for name in ast.walk(function)
        if isinstance(name, ast.Name) and name.id in stored
    }
    graphs = cfg.build(node)
    node = qual_names.resolve(node)
    node = activity.resolve(node, context, None)
    node = reaching_definitions.resolve(node, context, graphs)
    node = reaching_fndefs.resolve(node, context, graphs)
    node = liveness.resolve(node, context, graphs)
    return _ControlFlow(context, stored, outer, captured).visit(node)


class Comparisons(logical_expressions.LogicalExpressionTransformer):
    """`and`, `or`, `not` become operators; so do chains of comparisons, each part worked out once.

    Single comparisons are left alone, for arrays compare by themselves.
    """

    def visit_Compare(self, node: ast.Compare) -> Any:
        node = self.generic_visit(node)
        if len(node.ops) == 1:
            return node
        parts = [
            ast.Tuple([ast.Constant(type(op).__name__), self._as_lambda(right)], ctx=ast.Load())
            for op, right in zip(node.ops, node.comparators)
        ]
        chain = templates.replace_as_expression("ag__.compare_chain(left)", left=node.left)
        chain.args.extend(parts)
        return chain


class ConditionalExpressions(converter.Base):
    """`a if test else b` becomes an operator, in nested ones too."""

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        text = ast.unparse(node)
        node = self.generic_visit(node)
        return templates.replace_as_expression(
            "ag__.if_exp(test, lambda: then, lambda: otherwise, text)",
            test=node.test,
            then=node.body,
            otherwise=node.orelse,
            text=ast.Constant(text),
        )
