"""Lists, dictionaries and tuples in compiled loops and branches."""

import gc

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import errors
from deepkit.autograph import _stacks, convert

XS = jnp.asarray([1.0, 2.0, 3.0])


def test_a_list_that_grows_in_a_scan_is_stacked():
    def f(xs):
        seen = []
        total = 0.0
        for x in xs:
            total += x
            seen.append(total)
        return jnp.stack(seen), deepkit.ops.stack(seen, axis=0), seen

    one, other, plain = jax.jit(convert(f))(XS)
    np.testing.assert_array_equal(one, [1, 3, 6])
    np.testing.assert_array_equal(other, [1, 3, 6])
    assert [float(x) for x in plain] == [1, 3, 6]


def test_several_and_nested_values_are_appended():
    def f(xs):
        seen = [{"x": jnp.float32(0), "pair": (jnp.float32(0), 1)}]
        for x in xs:
            seen.append({"x": x, "pair": (x * 2, 1)})
            seen.append({"x": -x, "pair": (x * 3, 1)})
        return seen

    result = jax.jit(convert(f))(XS)
    assert [float(item["x"]) for item in result] == [0, 1, -1, 2, -2, 3, -3]
    assert [float(item["pair"][0]) for item in result] == [0, 2, 3, 4, 6, 6, 9]


def test_appending_in_both_branches():
    def f(xs):
        seen = []
        for x in xs:
            if x > 1.5:
                seen.append(x)
            else:
                seen.append(0.0)
        return jnp.stack(seen)

    np.testing.assert_array_equal(jax.jit(convert(f))(XS), [0, 2, 3])


def test_a_list_that_grows_in_nested_loops():
    def f(xs):
        rows = []
        for x in xs:
            row = []
            for y in xs:
                row.append(x * y)
            rows.append(jnp.stack(row))
        flat = []
        for x in xs:
            for y in xs:
                flat.append(x + y)
        return jnp.stack(rows), jnp.stack(flat)

    table, flat = jax.jit(convert(f))(XS)
    np.testing.assert_array_equal(table, np.outer(XS, XS))
    np.testing.assert_array_equal(flat, np.add.outer(XS, XS).reshape(-1))


def test_gradients_go_through_a_list():
    def f(xs, w):
        seen = []
        for x in xs:
            seen.append(x * w)
        return jnp.sum(jnp.stack(seen) ** 2)

    assert jax.jit(jax.grad(convert(f), 1))(XS, 2.0) == 2 * 2 * 14


def test_a_list_of_the_caller_grows_in_place():
    def fill(seen, xs):
        for x in xs:
            seen.append(x)

    def f(xs):
        seen = []
        fill(seen, xs)
        return jnp.stack(seen)

    np.testing.assert_array_equal(jax.jit(convert(f))(XS), XS)


def test_lists_that_do_not_grow_are_carried():
    def f(n):
        pair = [0, 1]
        while n > 0:
            pair[0], pair[1] = pair[1], pair[0] + pair[1]
            n -= 1
        return pair

    assert [int(x) for x in jax.jit(convert(f))(7)] == [13, 21]


def test_places_that_are_worked_out():
    def f(n):
        sums = [0, 0, 0]
        table = {(0, 1): 1.0}
        for i in range(n):
            sums[len(sums) - 1] += i
            sums[-2] = i
            if i > 2:
                table[0, 1] = table[0, 1] * 2
        return sums, table[0, 1]

    sums, entry = jax.jit(convert(f))(5)
    assert ([int(x) for x in sums], float(entry)) == ([0, 4, 10], 4.0)


def test_a_container_that_is_changed_is_the_same_one_afterwards():
    def f(x):
        state = {"a": x}
        other = state
        items = [x]
        same = items
        if x > 0:
            state["a"] = x * 2
            items[0] = x * 3
        return other, same

    result = jax.jit(convert(f))
    assert [float(v) for v in jax.tree.leaves(result(1.0))] == [2.0, 3.0]
    assert [float(v) for v in jax.tree.leaves(result(-1.0))] == [-1.0, -1.0]


def test_a_container_that_is_replaced_is_another_one():
    def f(n, x):
        first = [x, x]
        best = first
        while n > 0:
            best = [item * 2 for item in best]
            n -= 1
        return first, best

    first, best = jax.jit(convert(f))(3, 1.0)
    assert ([float(x) for x in first], [float(x) for x in best]) == ([1, 1], [8, 8])


def test_methods_of_dictionaries_count_as_changes():
    def f(n):
        state = {"a": 0, "b": 1}
        while n > 0:
            state.update(a=state["b"], b=state["a"] + state["b"])
            n -= 1
        return state

    result = jax.jit(convert(f))(6)
    assert (int(result["a"]), int(result["b"])) == (8, 13)


def grows_in_while(n):
    seen = []
    while n > 0:
        seen.append(n)
        n -= 1
    return seen


def grows_with_break(xs):
    seen = []
    for x in xs:
        if x > 1:
            break
        seen.append(x)
    return seen


@pytest.mark.parametrize(("function", "argument"), [(grows_in_while, 3), (grows_with_break, XS)])
def test_a_list_cannot_grow_an_unknown_number_of_times(function, argument):
    with pytest.raises(errors.ArgumentTypeError, match="the list `seen` ") as caught:
        jax.jit(convert(function))(argument)
    assert "test_lists.py:" in str(caught.value)


def test_a_list_cannot_grow_in_one_branch():
    def f(xs):
        seen = []
        for x in xs:
            if x > 1:
                seen.append(x)
        return seen

    with pytest.raises(
        errors.ArgumentTypeError,
        match="the list `seen` has 1 arrays after one branch and 0 after the other.*Append in both",
    ):
        jax.jit(convert(f))(XS)


def test_a_list_that_grows_cannot_be_read_in_the_loop():
    def f(xs):
        seen = [0.0]
        for x in xs:
            seen.append(seen[-1] + x)
        return seen

    with pytest.raises(errors.StateError, match="a list is read or changed inside of the compiled"):
        jax.jit(convert(f))(XS)
    assert [float(x) for x in convert(f)(XS)] == [0, 1, 3, 6]


def test_a_list_that_is_made_anew_in_each_turn():
    def f(xs):
        last = []
        total = 0.0
        for x in xs:
            last = []
            last.append(x)
            last.append(2 * x)
            total += jnp.sum(jnp.stack(last))
        return total

    assert jax.jit(convert(f))(XS) == 18.0


def test_named_tuples_are_carried():
    import collections

    State = collections.namedtuple("State", "position speed")

    def f(n):
        state = State(0.0, 1.0)
        while n > 0:
            state = state._replace(position=state.position + state.speed, speed=state.speed * 0.5)
            n -= 1
        return state

    result = jax.jit(convert(f))(3)
    assert type(result) is State
    assert (float(result.position), float(result.speed)) == (1.75, 0.125)


def test_dictionaries_keep_the_order_of_their_keys():
    def f(n):
        state = {"z": 1.0, "a": {"q": 2.0, "b": 3.0}}
        codes = 0
        if n > 1:
            state["z"] = 5.0
            state["a"].update(q=7.0)
        while n > 0:
            for place, key in enumerate(state):
                codes = codes * 10 + place * (2 if key == "z" else 1)
            state = {"z": state["z"] + 1, "a": dict(state["a"])}
            n -= 1
        items = [*state.items(), *state["a"].items()]
        return codes, [value for key, value in items if key != "a"], "".join(k for k, _ in items)

    def arrays_alone(n):
        codes, values, name = convert(f)(n)
        names.append(name)
        return codes, values

    names = []
    codes, values = jax.jit(arrays_alone)(2)
    expected = f(2)
    assert (int(codes), [float(v) for v in values], names[0]) == expected


def test_what_is_popped_in_a_branch():
    def f(x):
        items = [1.0, 2.0, 3.0]
        other = [0.0]
        if x > 0:
            last = items.pop()
            other.append(last)
            items.insert(0, last)
        else:
            last = 5.0
            other.append(items[0])
        return last, items, other

    for x in (1.0, -1.0):
        result = jax.jit(convert(f))(x)
        assert jax.tree.map(float, result) == f(x)


def test_what_is_popped_in_one_branch_only():
    def f(x):
        items = [1.0, 2.0, 3.0]
        if x > 0:
            items.pop()
        return items

    with pytest.raises(errors.ArgumentTypeError, match="`items` has 2 arrays after one branch and"):
        jax.jit(convert(f))(1.0)


STACKERS = [
    jnp.stack,
    jnp.asarray,
    jnp.array,
    deepkit.ops.stack,
    deepkit.ops.array,
    lambda items: jnp.stack(items, axis=-1).T,
    lambda items: deepkit.ops.stack(items, 1).T,
]


@pytest.mark.parametrize("stack", STACKERS)
def test_stacking_what_a_loop_appended_is_free(stack):
    def f(xs):
        seen = []
        for x in xs:
            seen.append(x * 2)
        return stack(seen)

    x = jnp.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(jax.jit(convert(f))(x), 2 * x)
    assert "concatenate" not in str(jax.make_jaxpr(convert(f))(x))


def test_stacking_another_list_is_stacking():
    def f(xs):
        seen = []
        for x in xs:
            seen.append(x * 2)
        backward = seen[::-1]
        more = [*seen, xs[0]]
        seen[0] = xs[1]
        parts = jnp.stack(backward), jnp.stack(more), jnp.stack(seen)
        return *parts, jnp.asarray(backward, dtype="int32"), jnp.stack([]) if not seen else 0

    results = jax.jit(convert(f))(XS)
    for result, expected in zip(results, ([6, 4, 2], [2, 4, 6, 1], [2, 4, 6], [6, 4, 2])):
        np.testing.assert_array_equal(result, expected)


def test_stacks_are_forgotten():
    before = len(_stacks._STACKS)
    jax.jit(convert(lambda xs: filled(xs)))(XS)
    gc.collect()
    assert len(_stacks._STACKS) == before


def filled(xs):
    seen = []
    for x in xs:
        seen.append(x)
    return jnp.stack(seen)
