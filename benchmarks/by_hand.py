"""The small dense nets in JAX alone: an epoch as one scan over batches that lie on the device."""

import functools
import itertools
import time

import jax
import jax.numpy as jnp
from jax import lax

B1, B2, EPSILON, RATE = 0.9, 0.999, 1e-7, 1e-3


def init(key, sizes):
    """Glorot-uniform kernels and zero biases."""
    params = []
    for n, m in itertools.pairwise(sizes):
        key, used = jax.random.split(key)
        limit = (6 / (n + m)) ** 0.5
        params.append((jax.random.uniform(used, (n, m), minval=-limit, maxval=limit), jnp.zeros(m)))
    return params


def predict(params, x):
    """The net."""
    for kernel, bias in params[:-1]:
        x = jax.nn.relu(x @ kernel + bias)
    kernel, bias = params[-1]
    return x @ kernel + bias


def squared_error(params, x, y):
    """The mean squared error, and the mean absolute one as metric."""
    error = predict(params, x) - y
    return jnp.mean(error**2), jnp.mean(jnp.abs(error))


def crossentropy(params, x, y):
    """The crossentropy of classes, and the accuracy as metric."""
    logits = predict(params, x)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)
    return -jnp.mean(chosen), jnp.mean(jnp.argmax(logits, axis=1) == y)


def adam(state, gradients):
    """One step of Adam (Kingma and Ba, 2015)."""
    params, m, v, t = state
    t = t + 1
    rate = RATE * jnp.sqrt(1 - B2**t) / (1 - B1**t)
    m = jax.tree.map(lambda m, g: B1 * m + (1 - B1) * g, m, gradients)
    v = jax.tree.map(lambda v, g: B2 * v + (1 - B2) * g * g, v, gradients)
    params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), params, m, v)
    return params, m, v, t


@functools.partial(jax.jit, static_argnames=("loss", "batch"), donate_argnums=0)
def epoch(state, x, y, key, loss, batch):
    """An epoch in a new order; returns the state and the means of loss and metric."""
    order = jax.random.permutation(key, len(x))

    def step(carry, i):
        state, totals = carry
        rows = lax.dynamic_slice_in_dim(order, i * batch, batch)
        (value, metric), gradients = jax.value_and_grad(loss, has_aux=True)(
            state[0], x[rows], y[rows]
        )
        return (adam(state, gradients), (totals[0] + value, totals[1] + metric)), None

    steps = len(x) // batch
    carry = (state, (jnp.zeros(()), jnp.zeros(())))
    (state, totals), _ = lax.scan(step, carry, jnp.arange(steps))
    return state, (totals[0] / steps, totals[1] / steps)


def seconds_a_step(name, x, y, batch, epochs):
    """The time of a step of `tab` or `mlp`, after two epochs to warm up."""
    sizes, loss = {"tab": ((8, 30, 1), squared_error), "mlp": ((784, 128, 10), crossentropy)}[name]
    params = init(jax.random.key(0), sizes)
    zeros = jax.tree.map(jnp.zeros_like, params)
    state = (params, zeros, jax.tree.map(jnp.copy, zeros), jnp.zeros(()))
    x, y = jax.device_put(x), jax.device_put(y)
    for i in range(2 + epochs):
        if i == 2:
            start = time.perf_counter()
        state, means = epoch(state, x, y, jax.random.key(i), loss, batch)
        jax.device_get(means)
    return (time.perf_counter() - start) / (epochs * (len(x) // batch))
