"""What people train by hand: several optimizers, changed gradients, penalties, added losses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit
from deepkit import layers, ops

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 6)).astype("float32")
Y = (X[:, :1] * X[:, 1:2] + X[:, 2:3]).astype("float32")
HOW = {"batch_size": 16, "epochs": 3, "shuffle": False, "verbose": 0}


def net(*sizes, activation="tanh"):
    hidden = [layers.Dense(size, activation) for size in sizes[1:-1]]
    return deepkit.Sequential([deepkit.Input((sizes[0],)), *hidden, layers.Dense(sizes[-1])])


def update(optimizer, tape, loss, variables):
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))


def assert_close(found, expected):
    # Sums in another order.
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


class Adversaries(deepkit.Model):
    """A GAN whose `judge` is frozen, as in Keras's older form, while its `maker` learns."""

    def __init__(self):
        super().__init__()
        self.maker, self.judge = net(4, 8, 6), net(6, 8, 1)
        self.maker_optimizer = deepkit.optimizers.Adam(0.01)
        self.judge_optimizer = deepkit.optimizers.SGD(0.1)
        self.entropy = deepkit.losses.BinaryCrossentropy(from_logits=True)

    def train_step(self, real):
        noise = deepkit.random.normal((len(real), 4))
        ones = ops.ones((len(real), 1))
        self.judge.trainable = True
        with deepkit.GradientTape() as tape:
            judge_loss = self.entropy(ones, self.judge(real))
            judge_loss += self.entropy(0 * ones, self.judge(self.maker(noise)))
        update(self.judge_optimizer, tape, judge_loss, self.judge.trainable_variables)
        self.judge.trainable = False
        with deepkit.GradientTape() as tape:
            maker_loss = self.entropy(ones, self.judge(self.maker(noise)))
        assert self.trainable_variables == self.maker.trainable_variables
        update(self.maker_optimizer, tape, maker_loss, self.trainable_variables)
        return {"judge": judge_loss, "maker": maker_loss}


def test_adversaries_learn_in_fit_as_line_by_line():
    runs = []
    for eagerly in (False, True):
        deepkit.utils.set_random_seed(3)
        model = Adversaries()
        model.compile(run_eagerly=eagerly)
        begun = model.get_weights()
        history = model.fit(X, **HOW).history
        assert int(model.judge_optimizer.iterations) == int(model.maker_optimizer.iterations) == 9
        assert min(np.abs(a - b).max() for a, b in zip(begun, model.get_weights())) > 1e-3
        runs.append([*history["judge"], *history["maker"], *model.get_weights()])
    assert_close(*runs)


def test_each_part_of_a_model_has_an_optimizer():
    """Beside the two trained by themselves, with the other one's share as a constant."""

    class Sum(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.wide, self.deep = net(6, 1), net(6, 8, 1)
            self.optimizers = {
                "wide": deepkit.optimizers.SGD(0.05),
                "deep": deepkit.optimizers.Adam(0.01),
            }

        def call(self, x):
            return self.wide(x) + self.deep(x)

        def train_step(self, data):
            x, y = data
            with deepkit.GradientTape(persistent=True) as tape:
                loss = ops.mean(ops.square(self(x) - y))
            for name, optimizer in self.optimizers.items():
                update(optimizer, tape, loss, getattr(self, name).trainable_variables)
            return {"loss": loss}

    deepkit.utils.set_random_seed(3)
    model = Sum()
    model.compile()
    kernel, bias = (np.asarray(v) for v in model.wide.variables)
    deep = model.deep
    mirror = deepkit.models.clone_model(deep)
    mirror.set_weights(deep.get_weights())
    adam = deepkit.optimizers.Adam(0.01)
    model.fit(X, Y, **HOW)
    for _ in range(3):
        for start in range(0, 48, 16):
            x, y = X[start : start + 16], Y[start : start + 16]
            with deepkit.GradientTape() as tape:
                error = mirror(x) + x @ kernel + bias - y
                loss = ops.mean(ops.square(error))
            slopes = 2 * np.asarray(error) / 16
            update(adam, tape, loss, mirror.trainable_variables)
            kernel, bias = kernel - 0.05 * x.T @ slopes, bias - 0.05 * slopes.sum(0)
    assert_close(model.get_weights(), [kernel, bias, *mirror.get_weights()])


def clip(gradients, variables):
    norm = ops.sqrt(sum(ops.sum(ops.square(gradient)) for gradient in gradients))
    return [gradient * ops.minimum(1.0, 0.1 / norm) for gradient in gradients]


def sign(gradients, variables):
    return [ops.sign(gradient) for gradient in gradients]


def decay(gradients, variables):
    return [gradient + 0.3 * variable for gradient, variable in zip(gradients, variables)]


# What is done to gradients by hand, and an optimizer that does the same.
CHANGES = {
    "clip": (clip, lambda: deepkit.optimizers.SGD(0.1, global_clipnorm=0.1)),
    # With next to nothing kept of earlier steps Lion goes by the sign alone.
    "sign": (sign, lambda: deepkit.optimizers.Lion(0.1, beta_1=1e-9, beta_2=1e-9)),
    "decay": (decay, lambda: deepkit.optimizers.SGD(0.1, weight_decay=0.3)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_gradients_that_are_changed_by_hand(name):
    change, equal_optimizer = CHANGES[name]

    class Own(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.inner = net(6, 8, 1)

        def call(self, x):
            return self.inner(x)

        def train_step(self, data):
            x, y = data
            with deepkit.GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x))
            variables = self.trainable_variables
            gradients = change(tape.gradient(loss, variables), variables)
            self.optimizer.apply_gradients(zip(gradients, variables))
            return {"loss": loss}

    found = []
    for kind, optimizer in ((Own, deepkit.optimizers.SGD(0.1)), (None, equal_optimizer())):
        deepkit.utils.set_random_seed(3)
        model = net(6, 8, 1) if kind is None else kind()
        model.compile(optimizer, "mse")
        model.fit(X, Y, **HOW)
        found.append(model.get_weights())
    assert_close(*found)


@pytest.mark.parametrize("decorate", [lambda step: step, deepkit.function], ids=["eager", "fn"])
def test_gradients_that_are_added_up_by_hand(decorate):
    """An `if` on a variable, beside the optimizer's own accumulation."""
    deepkit.utils.set_random_seed(3)
    model = net(6, 8, 1)
    mirror = deepkit.models.clone_model(model)
    mirror.set_weights(model.get_weights())
    mirror.compile(deepkit.optimizers.Adam(0.01, gradient_accumulation_steps=3), "mse")
    mirror.fit(X, Y, **HOW)
    optimizer, variables = deepkit.optimizers.Adam(0.01), model.trainable_variables
    sums = [deepkit.Variable(ops.zeros_like(v), trainable=False) for v in variables]
    seen = deepkit.Variable(0, dtype="int32", trainable=False)

    @decorate
    def step(x, y):
        with deepkit.GradientTape() as tape:
            loss = ops.mean(ops.square(model(x) - y))
        for total, gradient in zip(sums, tape.gradient(loss, variables)):
            total.assign_add(gradient / 3)
        seen.assign_add(1)
        if seen % 3 == 0:
            optimizer.apply_gradients(zip(sums, variables))
            for total in sums:
                total.assign(ops.zeros_like(total))

    for _ in range(3):
        for start in range(0, 48, 16):
            step(X[start : start + 16], Y[start : start + 16])
    assert int(optimizer.iterations) == 3 and int(seen) == 9
    assert_close(model.get_weights(), mirror.get_weights())


@pytest.mark.parametrize("decorate", [lambda step: step, deepkit.function], ids=["eager", "fn"])
def test_a_gradient_penalty_is_that_of_jax(decorate):
    deepkit.utils.set_random_seed(3)
    critic = net(6, 8, 1)

    @decorate
    def penalized(x):
        with deepkit.GradientTape() as outer:
            with deepkit.GradientTape() as inner:
                inner.watch(x)
                scores = critic(x)
            slopes = inner.gradient(scores, x)
            penalty = ops.mean(ops.square(ops.norm(slopes, axis=1) - 1))
        return penalty, outer.gradient(penalty, critic.trainable_variables)

    def by_jax(weights, x):
        def scores(x):
            return jnp.sum(jnp.tanh(x @ weights[0] + weights[1]) @ weights[2])

        return jnp.mean((jnp.linalg.norm(jax.grad(scores)(x), axis=1) - 1) ** 2)

    penalty, gradients = penalized(jnp.asarray(X))
    expected = jax.value_and_grad(by_jax)([jnp.asarray(w) for w in critic.get_weights()[:3]], X)
    np.testing.assert_allclose(penalty, expected[0], rtol=1e-5)
    # The penalty does not depend on the last bias.
    assert gradients[3] is None
    assert_close(gradients[:3], expected[1])


def test_losses_that_layers_add_count_by_hand_as_in_fit():
    """A variational autoencoder: noise, and a divergence that its layer adds."""

    class Sampling(layers.Layer):
        def call(self, inputs):
            mean, log_variance = inputs
            divergence = ops.square(mean) + ops.exp(log_variance) - 1 - log_variance
            self.add_loss(ops.mean(divergence) / 2)
            return mean + ops.exp(log_variance / 2) * deepkit.random.normal(mean.shape)

    def made():
        deepkit.utils.set_random_seed(3)
        inputs = deepkit.Input((6,))
        hidden = layers.Dense(8, "tanh")(inputs)
        codes = Sampling()([layers.Dense(2)(hidden), layers.Dense(2)(hidden)])
        return deepkit.Model(inputs, layers.Dense(6)(codes)), deepkit.optimizers.Adam(0.01)

    fitted, optimizer = made()
    fitted.compile(optimizer, "mse")
    history = fitted.fit(X, X, **HOW).history["loss"]
    vae, optimizer = made()
    mean = deepkit.metrics.Mean()

    @deepkit.function
    def step(x):
        with deepkit.GradientTape() as tape:
            loss = ops.mean(ops.square(vae(x, training=True) - x)) + sum(vae.losses)
        update(optimizer, tape, loss, vae.trainable_variables)
        mean.update_state(loss)
        return vae.losses

    for expected in history:
        mean.reset_state()
        for start in range(0, 48, 16):
            (divergence,) = step(X[start : start + 16])
        np.testing.assert_allclose(mean.result(), expected, rtol=1e-5)
        assert 0 < float(divergence) < float(mean.result())
    assert_close(vae.get_weights(), fitted.get_weights())


@pytest.mark.parametrize("decorate", [lambda step: step, deepkit.function], ids=["eager", "fn"])
def test_gradients_by_what_a_layer_inside_gives(decorate):
    """As Grad-CAM takes them: beside `jax.grad` through the layers above."""
    deepkit.utils.set_random_seed(3)
    inputs = deepkit.Input((6, 6, 1))
    maps = layers.Conv2D(4, 3, activation="relu", name="maps")(inputs)
    outputs = layers.Dense(3)(layers.Flatten()(maps))
    model = deepkit.Model(inputs, outputs)
    looking = deepkit.Model(model.inputs, [model.get_layer("maps").output, model.output])
    images = RNG.normal(size=(2, 6, 6, 1)).astype("float32")

    @decorate
    def slopes(images, classes):
        with deepkit.GradientTape() as tape:
            maps, scores = looking(images)
            chosen = ops.take_along_axis(scores, classes[:, None], axis=1)
        return tape.gradient(chosen, maps)

    kernel = np.asarray(model.layers[-1].kernel)
    expected = np.stack([kernel[:, 2], kernel[:, 0]]).reshape(2, 4, 4, 4)
    found = slopes(images, jnp.asarray([2, 0], "int32"))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("decorate", [lambda step: step, deepkit.function], ids=["eager", "fn"])
def test_a_net_learns_from_its_second_derivative(decorate):
    """Gradients of a residual u'' + u by weights, beside nested `jax.grad`."""
    deepkit.utils.set_random_seed(3)
    model = net(1, 8, 1)
    t = jnp.linspace(0.0, 1.0, 10)[:, None]

    @decorate
    def gradients(t):
        with deepkit.GradientTape() as tape:
            with deepkit.GradientTape() as second:
                second.watch(t)
                with deepkit.GradientTape() as first:
                    first.watch(t)
                    u = model(t)
                slope = first.gradient(u, t)
            loss = ops.mean(ops.square(second.gradient(slope, t) + u))
        return loss, tape.gradient(loss, model.trainable_variables)

    def by_jax(weights):
        def u(t):
            return (jnp.tanh(t * weights[0] + weights[1]) @ weights[2] + weights[3])[0, 0]

        residual = jax.vmap(lambda t: jax.grad(jax.grad(u))(t) + u(t))(t[:, 0])
        return jnp.mean(residual**2)

    expected = jax.value_and_grad(by_jax)([jnp.asarray(w) for w in model.get_weights()])
    loss, found = gradients(t)
    np.testing.assert_allclose(loss, expected[0], rtol=1e-5)
    assert_close(found, expected[1])
