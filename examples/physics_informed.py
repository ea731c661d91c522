"""A net that solves a differential equation: second derivatives by nested tapes.

A damped oscillator, x'' + 2 d x' + w² x = 0 with x(0) = 1 and x'(0) = 0, whose solution is known.
The net is trained on the equation alone, at points drawn anew in each step.
"""

import numpy as np

import deepkit
from deepkit import layers, ops

deepkit.utils.set_random_seed(0)
DAMPING, FREQUENCY, END = 0.2, 2.0, 5.0
net = deepkit.Sequential(
    [deepkit.Input((1,)), *(layers.Dense(32, "tanh") for _ in range(3)), layers.Dense(1)]
)


def position(time):
    """x(t) in a form that begins as it should: x(0) = 1 and x'(0) = 0."""
    return 1 + ops.square(ops.tanh(time)) * net(time)


def residual(time):
    """What is left of the equation."""
    with deepkit.GradientTape() as outer:
        outer.watch(time)
        with deepkit.GradientTape() as inner:
            inner.watch(time)
            x = position(time)
        velocity = inner.gradient(x, time)
    acceleration = outer.gradient(velocity, time)
    return acceleration + 2 * DAMPING * velocity + FREQUENCY**2 * x


@deepkit.function
def step():
    time = deepkit.random.uniform((128, 1), 0.0, END)
    with deepkit.GradientTape() as tape:
        loss = ops.mean(ops.square(residual(time)))
    variables = net.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


STEPS = 6000
rate = deepkit.optimizers.schedules.CosineDecay(0.003, STEPS)
optimizer = deepkit.optimizers.Adam(rate)
time = np.linspace(0, END, 400, dtype="float32")[:, None]
shifted = np.sqrt(FREQUENCY**2 - DAMPING**2)
swing = np.cos(shifted * time) + DAMPING / shifted * np.sin(shifted * time)
exact = np.exp(-DAMPING * time) * swing
for number in range(1, STEPS + 1):
    loss = step()
    if number in (1, 1000, STEPS):
        error = np.abs(np.asarray(position(ops.array(time))) - exact).max()
        print(f"step {number}: loss {float(loss):.5f}, largest error {error:.5f}")
