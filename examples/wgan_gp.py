"""A Wasserstein GAN with a gradient penalty: a tape in a tape, in a compiled loop.

The critic learns by the gradient of a gradient. `train` is one compiled program: its loops depend
on numbers that it is given and are converted by AutoGraph. What is made should lie on a circle.
"""

import numpy as np

import deepkit
from deepkit import layers, ops

deepkit.utils.set_random_seed(0)
BATCH = 128


def ring(count):
    """Points on a circle of radius 1."""
    angle = deepkit.random.uniform((count, 1), 0.0, 2 * np.pi)
    return ops.concatenate([ops.cos(angle), ops.sin(angle)], axis=1)


def net(inputs, outputs):
    hidden = [layers.Dense(64, "relu"), layers.Dense(64, "relu")]
    return deepkit.Sequential([deepkit.Input((inputs,)), *hidden, layers.Dense(outputs)])


maker, critic = net(4, 2), net(2, 1)
maker_optimizer = deepkit.optimizers.Adam(0.002, beta_1=0.5, beta_2=0.9)
critic_optimizer = deepkit.optimizers.Adam(0.002, beta_1=0.5, beta_2=0.9)


def made(count):
    return maker(deepkit.random.normal((count, 4)))


def gradient_penalty(real, fake):
    """How far the slope of the critic is from 1 between real points and those that are made."""
    between = real + deepkit.random.uniform((len(real), 1)) * (fake - real)
    with deepkit.GradientTape() as tape:
        tape.watch(between)
        scores = critic(between)
    squares = ops.sum(ops.square(tape.gradient(scores, between)), axis=1)
    slopes = ops.sqrt(squares + 1e-12)  # the root has no derivative at 0
    return ops.mean(ops.square(slopes - 1))


def improve(part, optimizer, loss_function):
    with deepkit.GradientTape() as tape:
        loss = loss_function()
    variables = part.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


def critic_loss():
    real, fake = ring(BATCH), made(BATCH)
    distance = ops.mean(critic(real)) - ops.mean(critic(fake))
    return gradient_penalty(real, fake) - distance


def maker_loss():
    return -ops.mean(critic(made(BATCH)))


@deepkit.function
def train(steps):
    """Improve the maker so many times, and the critic five times as often."""
    for _ in range(steps):
        for _ in range(ops.array(5)):
            improve(critic, critic_optimizer, critic_loss)
        improve(maker, maker_optimizer, maker_loss)
    return gradient_penalty(ring(1000), made(1000))


for steps in (0, 300, 1200):
    penalty = float(train(ops.array(steps)))
    points = np.asarray(made(1000))
    off = np.abs(np.linalg.norm(points, axis=1) - 1).mean()
    angles = np.sort(np.degrees(np.arctan2(*points.T)))
    gap = np.diff(angles, append=angles[0] + 360).max()
    print(f"{steps} steps: {off:.3f} off the circle, widest gap {gap:.0f} degrees, ", end="")
    print(f"penalty {penalty:.3f}")
