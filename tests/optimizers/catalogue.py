"""Every optimizer and option: what is tested, under a name that says it."""

from typing import Any, NamedTuple


class Row(NamedTuple):
    """An optimizer's class and arguments."""

    class_name: str
    arguments: dict[str, Any]


OPTIMIZERS = {
    "sgd": Row("SGD", {}),
    "sgd momentum": Row("SGD", {"momentum": 0.9}),
    "sgd nesterov": Row("SGD", {"momentum": 0.9, "nesterov": True}),
    "adam": Row("Adam", {}),
    "adam amsgrad": Row("Adam", {"amsgrad": True, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}),
    "adamw": Row("AdamW", {"weight_decay": 0.1}),
    "adamw amsgrad": Row("AdamW", {"amsgrad": True}),
    "adamax": Row("Adamax", {}),
    "nadam": Row("Nadam", {}),
    "adadelta": Row("Adadelta", {}),
    "adafactor": Row("Adafactor", {}),
    "adafactor options": Row(
        "Adafactor", {"beta_2_decay": -0.6, "clip_threshold": 0.5, "relative_step": False}
    ),
    "adagrad": Row("Adagrad", {"initial_accumulator_value": 0.3}),
    "rmsprop": Row("RMSprop", {}),
    "rmsprop momentum": Row("RMSprop", {"momentum": 0.8}),
    "rmsprop centered": Row("RMSprop", {"centered": True, "rho": 0.8}),
    "rmsprop all": Row("RMSprop", {"centered": True, "momentum": 0.8}),
    "ftrl": Row("Ftrl", {}),
    "ftrl options": Row(
        "Ftrl",
        {
            "learning_rate_power": -0.7,
            "l1_regularization_strength": 0.02,
            "l2_regularization_strength": 0.1,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.1,
        },
    ),
    "lion": Row("Lion", {}),
    "lamb": Row("Lamb", {}),
    "muon": Row("Muon", {"exclude_layers": ["head"]}),
    "muon plain": Row(
        "Muon",
        {
            "nesterov": False,
            "rms_rate": None,
            "ns_steps": 3,
            "exclude_embeddings": False,
            "adam_lr_ratio": 0.5,
            "weight_decay": None,
        },
    ),
    "schedule free": Row("ScheduleFreeAdamW", {}),
    "schedule free warmup": Row("ScheduleFreeAdamW", {"warmup_steps": 4, "beta_1": 0.7}),
}

OPTIONS = {
    "weight decay": Row("Adam", {"weight_decay": 0.3}),
    "clipnorm": Row("SGD", {"clipnorm": 0.4}),
    "clipvalue": Row("SGD", {"clipvalue": 0.2}),
    "global clipnorm": Row("SGD", {"global_clipnorm": 0.5}),
    "ema": Row("SGD", {"use_ema": True, "ema_momentum": 0.7}),
    "ema overwrite": Row(
        "Adam", {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3}
    ),
    "loss scale": Row("SGD", {"loss_scale_factor": 8.0}),
    "accumulation": Row("SGD", {"gradient_accumulation_steps": 3}),
    "accumulation adam": Row(
        "Adam", {"gradient_accumulation_steps": 2, "clipnorm": 0.4, "weight_decay": 0.1}
    ),
    "accumulation nadam": Row("Nadam", {"gradient_accumulation_steps": 2}),
    "accumulation ema": Row(
        "Adam",
        {
            "gradient_accumulation_steps": 2,
            "use_ema": True,
            "ema_momentum": 0.6,
            "ema_overwrite_frequency": 2,
        },
    ),
}

EVERYTHING = {**OPTIMIZERS, **OPTIONS}
# The classes that wrap others or the base have tests of their own.
APART = ("Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap", "OptaxOptimizer")
