"""What the groups of files are called that are not named after attributes of a model."""

# The attribute of a group of variables that a file may lack; it says whose they are.
CLASS_ATTRIBUTE = "class_name"
# The group of what a training run needs besides the state of a model.
RUN = "deepkit_run"
# The states of seeds in the `.h5` format. Keras has no place for them, and leaves it alone.
SEEDS = "deepkit_seeds"
# The seeds of layers in TensorFlow's Keras.
OLD_SEEDS = "_random_generator"
# The state of the optimizer in the `.h5` format.
OPTIMIZER_WEIGHTS = "optimizer_weights"


def is_of_optimizer(step: str) -> bool:
    """Whether a step of a path is the attribute that holds an optimizer."""
    return step == "optimizer" or step.endswith("_optimizer")
