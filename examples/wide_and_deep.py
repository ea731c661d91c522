"""A drawn model with two inputs, two outputs and weighted losses."""

import numpy as np

import deepkit
from deepkit import layers

deepkit.utils.set_random_seed(0)
input_wide = deepkit.Input(shape=[5], name="wide")
input_deep = deepkit.Input(shape=[6], name="deep")
hidden = layers.Dense(30, activation="relu")(input_deep)
hidden = layers.Dense(30, activation="relu")(hidden)
joined = layers.concatenate([input_wide, hidden])
output = layers.Dense(1, name="output")(joined)
helper = layers.Dense(1, name="helper")(hidden)
model = deepkit.Model(inputs=[input_wide, input_deep], outputs=[output, helper])
model.compile(
    optimizer=deepkit.optimizers.Adam(0.003),
    loss={"output": "mse", "helper": "mse"},
    loss_weights={"output": 0.9, "helper": 0.1},
    metrics={"output": ["mae", deepkit.metrics.R2Score()]},
)
model.summary()

rng = np.random.default_rng(0)
x = rng.normal(size=(4000, 8)).astype("float32")
y = (x[:, 0] - 2 * x[:, 1] + np.cos(2 * x[:, 6]) * x[:, 7])[:, None]
inputs = {"wide": x[:, :5], "deep": x[:, 2:]}
targets = {"output": y, "helper": y}
history = model.fit(inputs, targets, epochs=20, validation_split=0.2, verbose=0).history
print({name: round(values[-1], 3) for name, values in history.items()})
main, helper = model.predict({name: part[:3] for name, part in inputs.items()}, verbose=0)
print("Targets:    ", y[:3, 0].round(2))
print("Predictions:", main[:, 0].round(2))
