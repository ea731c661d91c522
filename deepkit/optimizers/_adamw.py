"""AdamW: Adam with decoupled weight decay."""

from typing import Any

from ._adam_base import AdamBase
from ._checks import check_number


class AdamW(AdamBase):
    """Adam with weight decay that is decoupled from the gradient.

    The standard for transformers. Exclude biases and scales from the decay by
    `optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])`.

    `w = w - learning_rate * weight_decay * w` before each step of Adam.

    Paper: Loshchilov and Hutter, "Decoupled Weight Decay Regularization",
    https://arxiv.org/abs/1711.05101

    Args:
        learning_rate: a number, a schedule, or a function without arguments.
        weight_decay: the part of itself, times the learning rate, that a weight loses in each step.
        beta_1: decay rate of the mean gradient, at least 0 and below 1.
        beta_2: decay rate of the mean square, at least 0 and below 1.
        epsilon: keeps the division finite.
        amsgrad: whether the largest mean square so far is used.
        name: and all other arguments: see `deepkit.optimizers.Optimizer`.

    Raises:
        ArgumentError: an option has a value that is not allowed.

    Example:
        >>> import deepkit
        >>> weight = deepkit.Variable(3.0)
        >>> optimizer = deepkit.optimizers.AdamW(learning_rate=0.5, weight_decay=0.1)
        >>> optimizer.apply([4.0], [weight])
        >>> round(float(weight), 4)
        2.35
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **kwargs,
        )
        check_number("weight_decay", weight_decay)
        self._set_options(beta_1, beta_2, epsilon, amsgrad)
