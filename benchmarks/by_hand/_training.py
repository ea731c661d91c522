"""Adam, a step, and epochs over rows that lie on the device."""

import functools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

B1, B2, EPSILON, RATE = 0.9, 0.999, 1e-7, 1e-3


class Net(NamedTuple):
    """A net and its loss.

    Attributes:
        init: takes a key; returns parameters and moving averages, as dicts by name of a layer.
        loss: takes both, a key, inputs and targets; returns the loss, and the new moving averages
            with a tuple of metrics.
        scanned: whether epochs run as one scan on CPU too. XLA compiles convolutions badly inside
            of a loop there (fifty times slower); an expert calls a compiled step from Python.
    """

    init: Callable[..., Any]
    loss: Callable[..., Any]
    scanned: bool = True


class State(NamedTuple):
    """What training carries from step to step."""

    params: Any
    moving: Any
    m: Any
    v: Any
    t: jax.Array
    key: jax.Array


def begin(net: Net, seed: int = 0) -> State:
    """The state before the first step."""
    key, used = jax.random.split(jax.random.key(seed))
    params, moving = jax.jit(net.init)(used)
    zeros = functools.partial(jax.tree.map, jnp.zeros_like)
    return State(params, moving, zeros(params), zeros(params), jnp.int32(0), key)


def step(net: Net, state: State, x: Any, y: Any) -> tuple[State, tuple[Any, ...]]:
    """One step; returns the loss and the metrics too."""
    used = jax.random.fold_in(state.key, state.t)
    (value, (moving, metrics)), gradients = jax.value_and_grad(net.loss, has_aux=True)(
        state.params, state.moving, used, x, y
    )
    t = state.t + 1
    params, m, v = adam(state.params, state.m, state.v, t.astype("float32"), gradients)
    return State(params, moving, m, v, t, state.key), (value, *metrics)


def adam(params: Any, m: Any, v: Any, t: Any, gradients: Any) -> tuple[Any, Any, Any]:
    """One step of Adam (Kingma and Ba, 2015)."""
    rate = RATE * jnp.sqrt(1 - B2**t) / (1 - B1**t)
    m = jax.tree.map(lambda m, g: B1 * m + (1 - B1) * g, m, gradients)
    v = jax.tree.map(lambda v, g: B2 * v + (1 - B2) * g * g, v, gradients)
    params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), params, m, v)
    return params, m, v


def _step_on(net: Net, state: State, x: Any, y: Any, rows: Any) -> tuple[State, Any]:
    inside = "promise_in_bounds"
    return step(net, state, x.at[rows].get(mode=inside), y.at[rows].get(mode=inside))


@functools.partial(jax.jit, static_argnames="net", donate_argnums=0)
def _scanned_epoch(state: State, x: Any, y: Any, order: Any, net: Net) -> tuple[State, Any]:
    state, values = lax.scan(lambda s, rows: _step_on(net, s, x, y, rows), state, order)
    return state, jax.tree.map(jnp.mean, values)


@functools.partial(jax.jit, static_argnames="net", donate_argnums=(0, 1))
def _step_and_add(
    state: State, totals: Any, x: Any, y: Any, rows: Any, net: Net
) -> tuple[State, Any]:
    state, values = _step_on(net, state, x, y, rows)
    return state, jax.tree.map(jnp.add, totals, values)


def _stepped_epoch(state: State, x: Any, y: Any, order: Any, net: Net) -> tuple[State, Any]:
    shapes = jax.eval_shape(functools.partial(_step_on, net), state, x, y, order[0])[1]
    totals = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)
    for rows in order:
        state, totals = _step_and_add(state, totals, x, y, rows, net)
    return state, jax.tree.map(lambda total: total / len(order), totals)


def seconds_a_step(net: Net, x: Any, y: Any, batch: int, epochs: int, warm_up: int = 2) -> float:
    """The time of a step, after some epochs to warm up."""
    scanned = net.scanned or jax.default_backend() != "cpu"
    run = _scanned_epoch if scanned else _stepped_epoch
    state = begin(net)
    x, y = jax.device_put(x), jax.device_put(y)
    generator = np.random.default_rng(0)
    start = 0.0
    for epoch in range(warm_up + epochs):
        if epoch == warm_up:
            start = time.perf_counter()
        order = generator.permutation(len(x)).astype("int32").reshape(-1, batch)
        state, means = run(state, x, y, jax.device_put(order) if scanned else order, net)
        jax.device_get(means)
    return (time.perf_counter() - start) / (epochs * (len(x) // batch))
