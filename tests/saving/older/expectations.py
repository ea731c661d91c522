"""What is known to differ between older Keras and today, each with its reason."""

# What an argument of older Keras is called today; by class, or for all classes.
RENAMED = {
    ("LeakyReLU", "alpha"): "negative_slope",
    ("ThresholdedReLU", "theta"): "threshold",
}
# Arguments without a meaning today, and the values with which they are dropped: all, if `None`.
RECURRENT = ("SimpleRNN", "GRU", "LSTM", "RNN", "CuDNNGRU", "CuDNNLSTM")
CELLS = ("SimpleRNNCell", "GRUCell", "LSTMCell")
SEPARABLE = ("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D")
DROPPED = {
    **{(name, "implementation"): None for name in (*RECURRENT, *CELLS)},
    **{(name, "time_major"): [False] for name in RECURRENT},
    **{(name, "num_constants"): [None] for name in RECURRENT},
    **{(name, "groups"): [1] for name in SEPARABLE},
    **{(name, "kernel_initializer"): None for name in SEPARABLE},
    **{(name, "kernel_regularizer"): [None] for name in SEPARABLE},
    **{(name, "kernel_constraint"): [None] for name in SEPARABLE},
    **{(f"Conv{rank}DTranspose", "groups"): [1] for rank in (1, 2, 3)},
    **{(f"SpatialDropout{rank}D", "noise_shape"): [None] for rank in (1, 2, 3)},
    **{(f"SpatialDropout{rank}D", "trainable"): [True] for rank in (1, 2, 3)},
    **{("MultiHeadAttention", f"{part}_shape"): None for part in ("query", "key", "value")},
    # It becomes an argument of the call, whose numbers are compared.
    ("Attention", "causal"): None,
    ("AdditiveAttention", "causal"): None,
    ("Dense", "activity_regularizer"): [None],
    ("Embedding", "batch_input_shape"): None,
    ("Embedding", "input_length"): None,
    ("StackedRNNCells", "reverse_state_order"): [False],
}
# Values that have another spelling today.
RESPELLED = [
    ("hard_sigmoid", "hard_sigmoid_of_keras_2"),
    ("swish", "silu"),
]

# Cases that are refused, and words of the reason.
REFUSED = {
    "LocallyConnected1D 3 2": "of a class that deepkit has no equal of",
    "ConvLSTM2D 3 2": "of a class that deepkit has no equal of",
    "Resizing 3 3": "of a class that deepkit has no equal of",
    "MaxoutDense 3": "of a class that deepkit has no equal of",
    "Highway": "of a class that deepkit has no equal of",
    "ParametricSoftplus": "of a class that deepkit has no equal of",
    "SReLU": "of a class that deepkit has no equal of",
    "UpSampling2D (2, 2) interpolation=area": "to be one of",
    "UpSampling2D (2, 2) interpolation=gaussian": "to be one of",
    "UpSampling2D (2, 2) interpolation=mitchellcubic": "to be one of",
    "LSTM 3 time_major=True": "has time_major=True, for which there is no equal here",
    "op einsum": "is one of TensorFlow's that deepkit has no equal of",
    "op bessel": "is one of TensorFlow's that deepkit has no equal of",
    "LossScaleOptimizer fixed": "has a loss scale that never changes",
}
# The same in some versions alone.
REFUSED_IN = {
    ("keras 2.", "UpSampling2D (2, 3) interpolation=bilinear"): "with other pixel centers",
    ("tf_115", "op swish"): "(IdentityN)",
    ("tf_115", "op resize"): "(ResizeBilinear)",
}
# Files that do not say what the model did, so that no reader can do it.
LOST = {
    "Attention causal=True": "the argument is not written by 2.15",
    "AdditiveAttention causal=True use_scale=False": "the same",
    "given_mask": "Keras alone does not write masks that are passed by hand",
}
