"""What converted code refuses: each message names the user's line and variable."""

import traceback

import jax
import jax.numpy as jnp
import pytest

from deepkit import errors
from deepkit.autograph import convert


def refused(function, *arguments, error, line):
    """The message of an error that names the given line, counted from the function's first."""
    with pytest.raises(error) as caught:
        jax.jit(convert(function))(*arguments)
    message = str(caught.value)
    place = f"test_errors.py:{function.__code__.co_firstlineno + line}: "
    assert message.startswith(place), message
    return message.removeprefix(place)


def dtype_changes(n, x):
    while n > 0:
        x = jnp.round(x).astype("int32")
        n -= 1
    return x


def test_a_dtype_that_changes_in_a_loop():
    message = refused(dtype_changes, 3, jnp.float32(1), error=errors.DTypeError, line=1)
    assert message == (
        "`x` is float32 before the loop and int32 after one turn. Dtypes cannot change in a "
        "compiled loop: start with int32, or cast to float32 at the end of the turn "
        "(`deepkit.ops.cast`)."
    )


def shape_changes(n, x):
    for _ in range(n):
        x = jnp.concatenate([x, x])
    return x


def test_a_shape_that_changes_in_a_loop():
    message = refused(shape_changes, 3, jnp.ones(2), error=errors.ShapeError, line=1)
    assert message == (
        "`x` is float32[2] before the loop and float32[4] after one turn. Shapes cannot change in "
        "a compiled loop: start with an array of the final shape and write into it "
        "(`x.at[i].set(...)`), or pad to the largest shape (`deepkit.ops.pad`). "
        "`shape_invariants` does not exist in XLA."
    )


def object_changes(n):
    mode = None
    while n > 0:
        mode = n
        n -= 1
    return mode


def test_an_object_that_becomes_an_array_in_a_loop():
    message = refused(object_changes, 3, error=errors.ArgumentTypeError, line=2)
    assert message.startswith("`mode` is None before the loop and int32[] after one turn. A com")


def text_changes(n):
    mode = "first"
    while n > 0:
        n -= 1
        mode = "later"
    return n, len(mode)


def test_a_text_that_changes_in_a_loop():
    message = refused(text_changes, 3, error=errors.ArgumentTypeError, line=2)
    assert message.startswith("`mode` is 'first' before the loop and 'later' after one turn.")


def array_becomes_object(n):
    x = 1.0
    while n > 0:
        n -= 1
        x = "text"
    return x


def test_an_array_that_becomes_an_object_in_a_loop():
    message = refused(array_becomes_object, 3, error=errors.ArgumentTypeError, line=2)
    assert message.startswith("`x` is 1.0 before the loop and 'text' after one turn.")


def structure_changes(n):
    state = {"a": 0}
    while n > 0:
        n -= 1
        state = {"a": n, "b": n}
    return state


def test_a_structure_that_changes_in_a_loop():
    message = refused(structure_changes, 3, error=errors.ArgumentTypeError, line=2)
    assert message == (
        "`state` is a dict with the keys [\"'a'\"] before the loop and a dict with the keys "
        "[\"'a'\", \"'b'\"] after one turn. Compiled loops keep the structure: the same keys, "
        "lengths and nesting."
    )


def one_branch(x):
    if x > 0:
        y = x
    return y


def test_a_variable_of_one_branch_only():
    with pytest.raises(errors.UnboundVariableError) as caught:
        jax.jit(convert(one_branch))(1.0)
    line = one_branch.__code__.co_firstlineno + 1
    assert f"test_errors.py:{line}: `y` gets a value in one branch" in str(caught.value)
    assert "Give it a value before the `if` or in both branches." in str(caught.value)
    assert convert(one_branch)(1.0) == 1.0
    with pytest.raises(UnboundLocalError, match="`y` is used before it gets a value"):
        convert(one_branch)(-1.0)


def only_in_loop(n):
    while n > 0:
        last = n
        n -= 1
    return last


def test_a_variable_of_a_loop_only():
    with pytest.raises(errors.UnboundVariableError, match="`last` gets its value inside of a loop"):
        jax.jit(convert(only_in_loop))(1)


def key_in_branch(x):
    state = {}
    if x > 0:
        state["a"] = x
    return state


def key_in_loop(n):
    state = {}
    while n > 0:
        state["a"] = n
        n -= 1
    return state


def test_a_key_of_one_branch_or_a_loop_only():
    message = refused(key_in_branch, 1.0, error=errors.UnboundVariableError, line=2)
    assert message.startswith("`state['a']` gets a value in one branch of the `if` only")
    message = refused(key_in_loop, 3, error=errors.UnboundVariableError, line=2)
    assert message.startswith("`state['a']` gets its value inside of a loop that may make no turn")


def branch_dtypes(x):
    if x > 0:
        y = jnp.float32(1)
    else:
        y = jnp.int32(1)
    return y


def test_dtypes_of_branches():
    message = refused(branch_dtypes, 1.0, error=errors.DTypeError, line=1)
    assert message == (
        "`y` is float32[] in one branch and int32[] in the other, but compiled branches give the "
        "same dtype. Cast one of them, for instance by `deepkit.ops.cast`."
    )


def branch_shapes(x):
    if x > 0:
        return jnp.ones(2)
    return jnp.ones(3)


def test_shapes_of_branches():
    message = refused(branch_shapes, 1.0, error=errors.ShapeError, line=1)
    assert message == (
        "the value that the function returns is float32[2] in one branch and float32[3] in the "
        "other, but compiled branches give the same shape. Pad or broadcast one of them."
    )


def branch_structures(x):
    if x > 0:
        return x, x
    return {"a": x}


def test_structures_of_branches():
    message = refused(branch_structures, 1.0, error=errors.ArgumentTypeError, line=1)
    assert message.startswith(
        "the value that the function returns has another structure in each branch: a tuple of 2 "
        "and a dict with the keys"
    )


def branch_objects(x):
    if x > 0:
        mode = "up"
    else:
        mode = "down"
    return len(mode)


def test_objects_of_branches():
    message = refused(branch_objects, 1.0, error=errors.ArgumentTypeError, line=1)
    assert message.startswith("`mode` is 'up' in one branch and 'down' in the other, and the cond")


def returns_sometimes(x):  # noqa: RET503
    if x > 0:
        return x
    x = x + 1


def test_a_value_that_is_returned_on_some_ways_only():
    message = refused(returns_sometimes, 1.0, error=errors.ArgumentTypeError, line=1)
    assert message.startswith("the value that the function returns ")
    assert "None" in message


def several_truths(x):
    if x > 0:
        x = x + 1
    return x


def test_a_condition_of_several_values():
    message = refused(several_truths, jnp.ones(3), error=errors.ShapeError, line=1)
    assert message == (
        "expected the condition of `if` to be one truth value, received bool[3]. Use "
        "`deepkit.ops.any`, `all`, `where` or `logical_and`, which work on each element."
    )


def over_scalar(x):
    total = 0.0
    for item in x:
        total += item
    return total


def test_a_scalar_to_go_over():
    message = refused(over_scalar, 1.0, error=errors.ArgumentTypeError, line=2)
    assert message.startswith("expected something to go over in `for`, received a scalar of dtype")


def float_range(x):
    total = 0.0
    for _ in range(x):
        total += 1
    return total


def test_a_range_to_a_float():
    message = refused(float_range, 1.0, error=errors.ArgumentTypeError, line=2)
    assert message.startswith("expected the bounds of `range` to be integers, received one of dtyp")


def list_of_range(n):
    return list(range(n))


def test_a_range_that_is_not_gone_over_by_for():
    with pytest.raises(errors.ArgumentTypeError, match="can only be gone over by a `for`"):
        jax.jit(convert(list_of_range))(3)


def strict_zip(x, y):
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total += a * b
    return total


def test_tensors_of_different_lengths_in_a_strict_zip():
    x, y = jnp.ones(2), jnp.ones(3)
    message = refused(strict_zip, x, y, error=errors.ArgumentTypeError, line=2)
    assert message.startswith("expected tensors of one length for `zip(..., strict=True)`, rec")


def test_a_variable_that_a_loop_deletes():
    def f(n):
        x = n
        while n > 0:
            n -= 1
            if n > 2:
                del x
        return x

    with pytest.raises(errors.ArgumentTypeError, match="`x` has a value before the loop and may"):
        jax.jit(convert(f))(3)


SEEN = []


def changes_outer_list(x):
    if x > 0:
        SEEN.append(x)
    return x


def test_a_container_from_outside_that_a_branch_changes():
    with pytest.raises(errors.StateError, match="changes the Python list `SEEN`, but it is traced"):
        jax.jit(convert(changes_outer_list))(1.0)
    assert SEEN == []
    convert(changes_outer_list)(1.0)
    assert SEEN.pop() == 1.0


def raises_in_branch(x):
    if x > 0:
        raise KeyError("positive")
    return x


def test_a_raise_in_a_branch_says_that_both_are_traced():
    with pytest.raises(KeyError, match="positive") as caught:
        jax.jit(convert(raises_in_branch))(-1.0)
    assert "while both branches of an `if` were traced" in caught.value.__notes__[0]
    assert convert(raises_in_branch)(-1.0) == -1.0


def raises_in_helper(x):
    return inner_error(x)


def inner_error(x):
    total = 0.0
    for item in x:
        total += item["missing"]
    return total


def test_a_traceback_shows_the_lines_of_the_user():
    with pytest.raises(TypeError) as caught:
        jax.jit(convert(raises_in_helper))(jnp.ones(3))
    frames = traceback.extract_tb(caught.value.__traceback__)
    places = [(frame.filename, frame.lineno) for frame in frames]
    assert (__file__, raises_in_helper.__code__.co_firstlineno + 1) in places
    assert (__file__, inner_error.__code__.co_firstlineno + 2) in places
    assert (__file__, inner_error.__code__.co_firstlineno + 3) in places


class CustomError(Exception):
    def __init__(self, code, reason):
        super().__init__(code, reason)
        self.code = code


def test_the_type_of_an_exception_is_kept():
    def f(x):
        raise CustomError(7, "why")

    with pytest.raises(CustomError) as caught:
        convert(f)(1)
    assert caught.value.code == 7


def test_an_exception_of_the_users_may_be_caught():
    def f(x):
        try:
            return inner(x)
        except ValueError as error:
            return str(error)

    def inner(x):
        raise ValueError(f"no {x}")

    assert convert(f)(3) == "no 3"


def unsettled(n):
    a, b, c = 0, 0, 0
    while n > 0:
        a, b, c = b, c, 1.5
        n -= 1
    return a


def test_types_settle_over_several_turns():
    assert [float(jax.jit(convert(unsettled))(n)) for n in (1, 2, 3)] == [0.0, 0.0, 1.5]
