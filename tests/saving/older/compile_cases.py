"""Losses, metrics, optimizers and schedules of older Keras: a title and what `compile` takes.

Names that a version does not have raise, and are left out by the caller.
"""

LOSS_NAMES = """mse mae mape msle mean_squared_error mean_absolute_error hinge squared_hinge
    mean_absolute_percentage_error mean_squared_logarithmic_error categorical_hinge logcosh kld
    categorical_crossentropy binary_crossentropy kullback_leibler_divergence poisson
    cosine_proximity cosine_similarity MSE log_cosh huber huber_loss bce KLD
    MeanSquaredError categorical_focal_crossentropy binary_focal_crossentropy"""
LOSS_CLASSES = """BinaryCrossentropy CategoricalCrossentropy CategoricalHinge CosineSimilarity Hinge
    Huber KLDivergence LogCosh MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError
    MeanSquaredLogarithmicError Poisson SquaredHinge BinaryFocalCrossentropy
    CategoricalFocalCrossentropy"""
METRIC_NAMES = """acc accuracy mae mse MSE mape msle mean_squared_error binary_accuracy
    categorical_accuracy top_k_categorical_accuracy cosine_proximity cosine_similarity hinge
    kullback_leibler_divergence KLD logcosh poisson categorical_crossentropy crossentropy ce
    binary_crossentropy AUC"""
METRIC_CLASSES = """Accuracy BinaryAccuracy CategoricalAccuracy TopKCategoricalAccuracy
    BinaryCrossentropy CategoricalCrossentropy CategoricalHinge CosineSimilarity Hinge KLDivergence
    LogCoshError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError RootMeanSquaredError
    MeanSquaredLogarithmicError Poisson SquaredHinge Precision Recall AUC TruePositives
    TrueNegatives FalsePositives FalseNegatives"""


def cases(keras):
    """Dicts of a title, a function that makes the arguments of `compile`, and its kind."""
    losses, metrics, optimizers = keras.losses, keras.metrics, keras.optimizers

    def loss(title, make):
        return {
            "kind": "loss",
            "title": title,
            "make": lambda: {"loss": make(), "optimizer": "sgd"},
        }

    def metric(title, make):
        return {
            "kind": "metric",
            "title": title,
            "make": lambda: {"loss": "mse", "optimizer": "sgd", "metrics": [make()]},
        }

    def optimizer(class_name, _title="", **kwargs):
        def make():
            values = {k: v() if callable(v) else v for k, v in kwargs.items()}
            home = optimizers
            for part in class_name.split("."):
                home = getattr(home, part)
            return {"loss": "mse", "optimizer": home(**values)}

        return {
            "kind": "optimizer",
            "title": class_name + " " + (_title or repr(kwargs)),
            "make": make,
        }

    for name in LOSS_NAMES.split():
        yield loss(name, lambda n=name: n)
    for name in LOSS_CLASSES.split():
        yield loss(name + "()", lambda n=name: getattr(losses, n)())
        for reduction in ("sum", "sum_over_batch_size", "auto", "none"):
            if name == "MeanSquaredError":
                yield loss(
                    name + " " + reduction,
                    lambda n=name, r=reduction: getattr(losses, n)(reduction=r, name="mine"),
                )
    yield loss("function", lambda: losses.mean_squared_error)
    yield loss("smoothed", lambda: losses.CategoricalCrossentropy(label_smoothing=0.1))
    yield loss("logits", lambda: losses.CategoricalCrossentropy(from_logits=True))
    yield loss(
        "binary logits", lambda: losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2)
    )
    yield loss("Huber 0.1", lambda: losses.Huber(delta=0.1))
    yield loss("CosineSimilarity 0", lambda: losses.CosineSimilarity(axis=0))
    yield loss("list", lambda: ["mae"])
    yield loss("dict", lambda: {"layer": "mae"})
    for name in METRIC_NAMES.split():
        yield metric(name, lambda n=name: n)
    for name in METRIC_CLASSES.split():
        yield metric(name + "()", lambda n=name: getattr(metrics, n)())
    yield metric("function", lambda: metrics.mean_absolute_error)
    yield metric("named", lambda: metrics.MeanSquaredError(name="mine"))
    yield metric("BinaryAccuracy 0.3", lambda: metrics.BinaryAccuracy(threshold=0.3, name="b"))
    yield metric("TopK 2", lambda: metrics.TopKCategoricalAccuracy(k=2))
    yield metric("Precision 0.4", lambda: metrics.Precision(thresholds=0.4, class_id=1))
    yield metric("Recall many", lambda: metrics.Recall(thresholds=[0.2, 0.4]))
    yield metric("AUC PR", lambda: metrics.AUC(num_thresholds=20, curve="PR"))
    yield metric("AUC majoring", lambda: metrics.AUC(10, "ROC", "majoring", multi_label=True))
    yield metric("AUC thresholds", lambda: metrics.AUC(thresholds=[0.2, 0.5]))
    yield metric("MeanIoU", lambda: metrics.MeanIoU(num_classes=2))
    yield metric("OneHotMeanIoU", lambda: metrics.OneHotMeanIoU(num_classes=3))
    yield metric("BinaryIoU", lambda: metrics.BinaryIoU(threshold=0.3))
    yield metric("Sensitivity", lambda: metrics.SensitivityAtSpecificity(0.5, num_thresholds=20))
    yield metric("Specificity", lambda: metrics.SpecificityAtSensitivity(0.5, num_thresholds=20))
    yield metric("PrecisionAtRecall", lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=20))
    yield metric("RecallAtPrecision", lambda: metrics.RecallAtPrecision(0.3, num_thresholds=20))
    yield metric("F1Score", lambda: metrics.F1Score(average="macro"))
    yield metric("FBetaScore", lambda: metrics.FBetaScore(average="micro", beta=2.0))
    yield metric("R2Score", lambda: metrics.R2Score())
    yield metric("crossentropy logits", lambda: metrics.BinaryCrossentropy(from_logits=True))

    for name in [
        "SGD",
        "RMSprop",
        "Adagrad",
        "Adadelta",
        "Adam",
        "Adamax",
        "Nadam",
        "Ftrl",
        "AdamW",
        "Lion",
        "Adafactor",
    ]:
        yield optimizer(name)
        yield optimizer(name, lr=0.02)
        yield optimizer(name, learning_rate=0.02)
        yield optimizer(name, lr=0.02, decay=0.5)
        yield optimizer(name, learning_rate=0.02, weight_decay=0.1)
        yield optimizer(name, learning_rate=0.02, epsilon=1e-4)
    for name in ("SGD", "Adam"):
        yield optimizer(name, learning_rate=0.02, clipnorm=0.05)
        yield optimizer(name, lr=0.02, clipnorm=0.05)
        yield optimizer(name, learning_rate=0.02, clipvalue=0.02)
        yield optimizer(name, learning_rate=0.02, global_clipnorm=0.05)
        yield optimizer(name, learning_rate=0.02, use_ema=True, ema_momentum=0.5)
    for name in ["SGD", "RMSprop", "Adagrad", "Adam", "Nadam"]:
        yield optimizer("legacy." + name, learning_rate=0.02, decay=0.5)
        yield optimizer("legacy." + name, learning_rate=0.02, clipnorm=0.05)
    yield optimizer("SGD", learning_rate=0.1, momentum=0.8)
    yield optimizer("SGD", learning_rate=0.1, momentum=0.8, nesterov=True)
    yield optimizer("SGD", lr=0.1, momentum=0.8, nesterov=True)
    yield optimizer("RMSprop", learning_rate=0.02, rho=0.8, momentum=0.5, centered=True)
    yield optimizer("RMSprop", lr=0.02, rho=0.8)
    yield optimizer("Adagrad", learning_rate=0.02, initial_accumulator_value=0.3)
    yield optimizer("Adadelta", learning_rate=0.5, rho=0.8)
    for amsgrad in (False, True):
        yield optimizer("Adam", learning_rate=0.02, beta_1=0.8, beta_2=0.9, amsgrad=amsgrad)
    yield optimizer("Adam", lr=0.02, beta_1=0.8, beta_2=0.9)
    yield optimizer("Adam", lr=0.02, epsilon=None)
    yield optimizer("Adam", learning_rate=0.02, jit_compile=False)
    yield optimizer("Adamax", learning_rate=0.02, beta_1=0.8, beta_2=0.9)
    yield optimizer("Nadam", learning_rate=0.02, beta_1=0.8, beta_2=0.9)
    yield optimizer("Nadam", lr=0.02, schedule_decay=0.1)
    yield optimizer(
        "Ftrl",
        learning_rate=0.1,
        learning_rate_power=-0.4,
        l1_regularization_strength=0.01,
        l2_regularization_strength=0.02,
        l2_shrinkage_regularization_strength=0.03,
    )
    schedules = {
        "ExponentialDecay": (0.1, 2, 0.5, True),
        "PiecewiseConstantDecay": ([1, 2], [0.1, 0.05, 0.02]),
        "PolynomialDecay": (0.1, 3, 0.01, 2.0, False),
        "InverseTimeDecay": (0.1, 2, 0.5, False),
        "CosineDecay": (0.1, 3, 0.1),
        "CosineDecayRestarts": (0.1, 2, 1.5, 0.9, 0.1),
    }
    for name, args in sorted(schedules.items()):
        yield optimizer(
            "SGD", name, learning_rate=lambda n=name, a=args: getattr(optimizers.schedules, n)(*a)
        )
    yield optimizer("SGD", "warm", learning_rate=lambda: optimizers.schedules.CosineDecay(
        0.0, 3, 0.1, warmup_target=0.2, warmup_steps=1))  # fmt: skip
    yield {
        "kind": "optimizer",
        "title": "LossScaleOptimizer",
        "make": lambda: {"loss": "mse", "optimizer": keras.mixed_precision.LossScaleOptimizer(
            optimizers.SGD(0.1), initial_scale=16.0, dynamic_growth_steps=2)},
    }  # fmt: skip
    yield {
        "kind": "optimizer",
        "title": "LossScaleOptimizer fixed",
        "make": lambda: {"loss": "mse", "optimizer": keras.mixed_precision.LossScaleOptimizer(
            optimizers.SGD(0.1), dynamic=False, initial_scale=16.0)},
    }  # fmt: skip
    for name in ("loss_weights", "weighted_metrics"):
        given = [0.5] if name == "loss_weights" else ["mae"]
        yield {
            "kind": "loss",
            "title": name,
            "make": lambda n=name, g=given: {"loss": "mse", "optimizer": "adam", n: g},
        }
