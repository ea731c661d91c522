"""deepkit's layers and optimizer inside a `jax.jit` of one's own."""

import jax
import jax.numpy as jnp
import numpy as np

import deepkit
from deepkit import layers

deepkit.utils.set_random_seed(0)
model = deepkit.Sequential(
    [
        deepkit.Input((64,)),
        layers.Dense(128, activation="relu"),
        layers.BatchNormalization(),
        layers.Dropout(0.3),
        layers.Dense(10),
    ]
)
optimizer = deepkit.optimizers.Adam(0.003)
optimizer.build(model.trainable_variables)
cross_entropy = deepkit.losses.SparseCategoricalCrossentropy(from_logits=True)


def loss_fn(trainable, non_trainable, x, y):
    scores, non_trainable = model.stateless_call(trainable, non_trainable, x, training=True)
    return cross_entropy(y, scores), non_trainable


@jax.jit
def epoch(state, xs, ys):
    """A scan over the batches of an epoch; the state is a tuple of lists of arrays."""

    def step(state, batch):
        trainable, non_trainable, slots = state
        grad = jax.value_and_grad(loss_fn, has_aux=True)
        (loss, non_trainable), gradients = grad(trainable, non_trainable, *batch)
        trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        return (trainable, non_trainable, slots), loss

    state, losses = jax.lax.scan(step, state, (xs, ys))
    return state, jnp.mean(losses)


(x_train, y_train), (x_test, y_test) = deepkit.datasets.digits.load_data()
x_train, x_test = (x.reshape(-1, 64).astype("float32") / 16 for x in (x_train, x_test))
groups = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
state = tuple([variable.value for variable in group] for group in groups)
for number in range(1, 21):
    rows = np.random.permutation(len(x_train))[: len(x_train) // 32 * 32].reshape(-1, 32)
    state, loss = epoch(state, x_train[rows], y_train[rows])
    if number % 5 == 0:
        print(f"epoch {number}: loss {float(loss):.4f}")
for variables, values in zip(groups, state):  # the model gets what was learned
    for variable, value in zip(variables, values):
        variable.assign(value)
guesses = np.argmax(model.predict(x_test, verbose=0), axis=-1)
print(f"test accuracy: {np.mean(guesses == y_test):.3f}")
