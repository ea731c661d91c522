"""Tells from source code which classes a package has, without importing it.

Importing all layers takes JAX and seconds; to say that a config names a known class takes neither.
"""

import ast
import functools
import pathlib

_MOST_STEPS = 10
_ROOT = pathlib.Path(__file__).parent.parent


def defines_class(module: str, name: str) -> bool:
    """Whether a public package of deepkit surely has a class that is made from configs.

    Args:
        module: its full name.
        name: the class, or another name for it.

    Returns:
        `False` also where source code does not tell: where names are worked out while it runs,
        where there is no source code, or where a class leaves `from_config` to no base.
    """
    for _ in range(_MOST_STEPS):
        try:
            value = _bound(module).get(name)
        except (OSError, SyntaxError):
            return False
        if not isinstance(value, tuple):
            return value is not None and bool(value.bases)
        module, name = value
    return False


@functools.cache
def _bound(module: str) -> dict[str, ast.ClassDef | tuple[str, str]]:
    """The classes of a module, and the modules and names from which others come."""
    path = _ROOT.joinpath(*module.split(".")[1:])
    is_package = path.is_dir()
    path = path / "__init__.py" if is_package else path.with_suffix(".py")
    package = module if is_package else module.rpartition(".")[0]
    found: dict[str, ast.ClassDef | tuple[str, str]] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.ImportFrom):
            home = _home(node, package)
            if home.split(".")[0] == "deepkit":
                found.update({a.asname or a.name: (home, a.name) for a in node.names})
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            found.update(dict.fromkeys(names, (module, node.value.id)))
    return found


def _home(node: ast.ImportFrom, package: str) -> str:
    """The module from which names are imported."""
    if not node.level:
        return node.module or ""
    steps = package.split(".")
    return ".".join([*steps[: len(steps) - node.level + 1], *filter(None, [node.module])])
