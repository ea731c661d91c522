"""The nets of the benchmarks in JAX alone, as an expert writes them: the yardstick for deepkit.

The work is that of `fit`: the same layers, initial values of the same sizes, Adam, the same loss
and metrics for every batch, and all rows in a new order each epoch. A test gives these nets and
deepkit's the same weights and asks for the same loss.
"""

from ._attention import decoder as decoder
from ._attention import transformer as transformer
from ._dense import mlp as mlp
from ._dense import tab as tab
from ._images import cnn as cnn
from ._images import convnet as convnet
from ._images import resnet50 as resnet50
from ._recurrent import lstm as lstm
from ._training import Net as Net
from ._training import begin as begin
from ._training import seconds_a_step as seconds_a_step
from ._training import step as step
