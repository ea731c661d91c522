"""Weights of PyTorch: a net that was trained there predicts the same here, and is trained on.

`data/make_pytorch_digits.py` trained it and wrote its state dict in the safetensors format. Here
the same layers are made, each by the name that its module has in PyTorch.
"""

import pathlib

import deepkit
from deepkit import layers

FILE = pathlib.Path(__file__).parent / "data" / "pytorch_digits.safetensors"

(x_train, y_train), (x_test, y_test) = deepkit.datasets.digits.load_data()
x_train, x_test = x_train[..., None] / 16, x_test[..., None] / 16

model = deepkit.Sequential(
    [
        deepkit.Input((8, 8, 1)),
        layers.Conv2D(8, 3, padding="same", name="0"),
        layers.BatchNormalization(epsilon=1e-5, name="1"),
        layers.ReLU(),
        layers.Conv2D(16, 3, strides=2, name="3"),
        layers.ReLU(),
        # PyTorch flattens channels first.
        layers.Permute((3, 1, 2)),
        layers.Flatten(),
        layers.Dense(10, name="6"),
    ]
)
model.compile(
    deepkit.optimizers.Adam(0.001),
    deepkit.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.load_weights_from(FILE, layout="torch")
print("as it came:", model.evaluate(x_test, y_test, verbose=0, return_dict=True))

model.fit(x_train, y_train, epochs=5, verbose=0)
print("trained on:", model.evaluate(x_test, y_test, verbose=0, return_dict=True))
