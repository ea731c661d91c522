"""An Equinox module trained with `fit`: a body that learns slowly, a head that learns fast."""

import equinox as eqx
import jax

import deepkit


class Net(eqx.Module):
    """A network for one image; the model maps it over the batch."""

    body: eqx.nn.MLP
    dropout: eqx.nn.Dropout
    head: eqx.nn.Linear

    def __init__(self, key):
        first, second = jax.random.split(key)
        self.body = eqx.nn.MLP(64, 64, 128, 2, final_activation=jax.nn.relu, key=first)
        self.dropout = eqx.nn.Dropout(0.2)
        self.head = eqx.nn.Linear(64, 10, key=second)

    def __call__(self, x, key):
        return self.head(self.dropout(self.body(x), key=key))


(x_train, y_train), (x_test, y_test) = deepkit.datasets.digits.load_data()
x_train, x_test = x_train.reshape(-1, 64) / 16, x_test.reshape(-1, 64) / 16

deepkit.utils.set_random_seed(0)
model = deepkit.JaxModel(Net(jax.random.key(0)))
model.compile(
    optimizer={"body/.*": deepkit.optimizers.Adam(1e-3), "head/.*": deepkit.optimizers.Adam(1e-2)},
    loss=deepkit.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(x_train, y_train, epochs=20, verbose=0)
print("test:", model.evaluate(x_test, y_test, verbose=0, return_dict=True))

net = eqx.nn.inference_mode(model.module())
labels = jax.vmap(lambda x: net(x, key=None))(x_test.astype("float32")).argmax(1)
print("accuracy of the module itself:", float((labels == y_test).mean()))
