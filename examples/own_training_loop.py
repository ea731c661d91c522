"""A training loop by hand: a tape, an optimizer, metrics, constraints; eager or compiled.

`step` adds gradients up over some batches, and then clips them all together and applies them: an
`if` that depends on a variable, which AutoGraph compiles in a `deepkit.function`. Without the
decorator the same code runs line by line, and gives the same numbers.
"""

import time

import numpy as np

import deepkit
from deepkit import layers, ops

BATCH, WAIT, LIMIT = 32, 2, 1.0
(x_train, y_train), (x_test, y_test) = deepkit.datasets.digits.load_data()
x_train, x_test = (x.reshape(-1, 64).astype("float32") / 16 for x in (x_train, x_test))


def train(epochs, decorate):
    """Trains a new model by a step that `decorate` was applied to."""
    deepkit.utils.set_random_seed(0)
    penalty = deepkit.regularizers.L2(0.0005)
    model = deepkit.Sequential(
        [
            deepkit.Input((64,)),
            layers.Dense(128, "relu", kernel_regularizer=penalty, kernel_constraint="max_norm"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(10),
        ]
    )
    variables = model.trainable_variables
    loss_function = deepkit.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = deepkit.optimizers.SGD(0.05, momentum=0.9)
    mean_loss = deepkit.metrics.Mean()
    accuracy = deepkit.metrics.SparseCategoricalAccuracy()
    sums = [deepkit.Variable(ops.zeros_like(v), trainable=False) for v in variables]
    batches = deepkit.Variable(0, dtype="int32", trainable=False)

    def apply_sums():
        norm = ops.sqrt(sum(ops.sum(ops.square(total)) for total in sums))
        scale = ops.minimum(1.0, LIMIT / norm)
        optimizer.apply_gradients((scale * total, v) for total, v in zip(sums, variables))
        for variable in model.variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))
        for total in sums:
            total.assign(ops.zeros_like(total))

    @decorate
    def step(x, y):
        with deepkit.GradientTape() as tape:
            scores = model(x, training=True)
            loss = loss_function(y, scores) + sum(model.losses)
        for total, gradient in zip(sums, tape.gradient(loss, variables)):
            total.assign_add(gradient / WAIT)
        batches.assign_add(1)
        if batches % WAIT == 0:
            apply_sums()
        mean_loss.update_state(loss)
        accuracy.update_state(y, scores)

    rng = np.random.default_rng(0)
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        order = rng.permutation(len(x_train))
        for first in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[first : first + BATCH]
            step(x_train[rows], y_train[rows])
        results = f"loss {mean_loss.result():.4f}, accuracy {accuracy.result():.3f}"
        print(f"epoch {epoch}: {results}, {time.perf_counter() - start:.2f} s")
        mean_loss.reset_state()
        accuracy.reset_state()
    return model


print("Eagerly")
by_line = train(2, decorate=lambda function: function)
print("Compiled")
compiled = train(2, decorate=deepkit.function)
gaps = [np.abs(a - b).max() for a, b in zip(by_line.get_weights(), compiled.get_weights())]
print(f"Largest difference of a weight: {max(gaps):.0e}")
print("Compiled, for longer")
model = train(12, decorate=deepkit.function)
guesses = np.argmax(model.predict(x_test, verbose=0), axis=-1)
print(f"test accuracy: {np.mean(guesses == y_test):.3f}")
