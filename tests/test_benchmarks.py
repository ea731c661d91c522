"""The benchmarks run, in small sizes, and their hand-written nets do the work that deepkit's do."""

import pathlib
import re
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import deepkit

# The benchmarks are programs, not a package: their modules find each other by their folder.
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "benchmarks"))
import by_hand
import large
import measure
import models
import scenarios
import table

FOLDER = pathlib.Path(sys.path.pop(0))

# In float32 the large nets run among the others.
LARGE = ("resnet50_bf16", "decoder_bf16")
NETS = {
    "tab": {},
    "mlp": {},
    "cnn": {"dropout": 0.0},
    "convnet": {"size": 8},
    "lstm": {},
    "transformer": {},
    "resnet50": scenarios.LARGE["resnet50"].tiny,
    "decoder": scenarios.LARGE["decoder"].tiny,
}


def _sample(name, sizes, generator):
    if name == "decoder":
        tokens = generator.integers(0, sizes["vocabulary"], (3, sizes["tokens"] + 1))
        return tokens[:, :-1].astype("int32"), tokens[:, 1:].astype("int32")
    if "size" in sizes:
        shape = (3, sizes["size"], sizes["size"], 3)
        return generator.normal(size=shape).astype("float32"), np.array([1, 5, 6], "int32")
    return models.data(name, 3)


def _fused(values):
    """Weights of an attention as the hand-written nets hold them."""
    projections = values[:6]
    kernels, biases = jnp.stack(projections[::2], 1), jnp.stack(projections[1::2])
    return kernels, biases, *values[6:]


def _by_layer(model):
    """Trainable weights and others by the name of their layer, with noise against equal ones."""
    generator = np.random.default_rng(1)
    params, moving = {}, {}
    for layer in model.layers:
        for weight in layer.weights:
            noise = np.abs(generator.normal(size=weight.shape)).astype("float32")
            weight.assign(weight.value + 0.05 * noise)
        values = tuple(jnp.copy(weight.value) for weight in layer.trainable_variables)
        if layer.name.endswith("_attention"):
            values = _fused(values)
        if values:
            params[layer.name] = values
        if layer.name.endswith("norm") or "_norm" in layer.name:
            moving[layer.name] = tuple(jnp.copy(v.value) for v in layer.non_trainable_variables)
    moving = {name: values for name, values in moving.items() if values}
    return params, moving


@pytest.mark.parametrize("name", NETS)
def test_a_net_by_hand_does_the_work_of_deepkits(name):
    sizes = NETS[name]
    model = getattr(models, name)(deepkit, **sizes)
    net = getattr(by_hand, name)(**sizes)
    state = by_hand.begin(net)
    params, moving = _by_layer(model)
    assert _shapes((state.params, state.moving)) == _shapes((params, moving))
    state = state._replace(params=params, moving=moving)
    x, y = _sample(name, sizes, np.random.default_rng(0))
    step = jax.jit(by_hand.step, static_argnums=0)
    for _ in range(3):
        expected = model.train_on_batch(x, y, return_dict=True)
        state, values = step(net, state, x, y)
        # Sums in another order; Adam makes steps of one size out of gradients near zero.
        np.testing.assert_allclose(values, list(expected.values()), rtol=1e-4)
        model.reset_metrics()


@pytest.mark.parametrize("name", LARGE)
def test_a_net_by_hand_computes_in_the_precision_of_deepkits(name):
    net = scenarios.LARGE[name].net
    sizes = scenarios.LARGE[name].tiny
    model = large.model(deepkit, name, tiny=True)
    assert model.layers[-1].dtype_policy.name == "float32"
    assert model.layers[1].dtype_policy.name == "mixed_bfloat16"
    params, moving = _by_layer(model)
    x, y = _sample(net, sizes, np.random.default_rng(0))
    # JAX's attention mixes dtypes.
    with jax.numpy_dtype_promotion("standard"):
        loss, _ = jax.jit(large.net_by_hand(name, tiny=True).loss)(params, moving, None, x, y)
    # bfloat16 has 8 bits; the errors of some layers add up.
    expected = model.train_on_batch(x, y, return_dict=True)["loss"]
    np.testing.assert_allclose(loss, expected, rtol=2e-2)


def _shapes(tree):
    return jax.tree.map(jnp.shape, tree)


@pytest.mark.parametrize("name", [*[n for n in scenarios.CPU if n != "import"], *LARGE])
def test_scenarios_give_figures_in_small_sizes(name):
    assert 0 < measure.measure(name, "deepkit", tiny=True) < float("inf")


@pytest.mark.parametrize("name", [*scenarios.FITS, "decoder_bf16"])
def test_nets_by_hand_give_figures_in_small_sizes(name):
    # JAX's attention mixes dtypes.
    with jax.numpy_dtype_promotion("standard"):
        assert 0 < measure.measure(name, "hand", tiny=True) < float("inf")


def test_large_nets_have_the_size_of_their_names():
    def count(net):
        params, _ = jax.eval_shape(net.init, jax.random.key(0))
        return sum(leaf.size for leaf in jax.tree.leaves(params))

    # As counted for torchvision's ResNet-50, and for GPT-2 with 47 rows more in its table.
    assert count(by_hand.resnet50()) == 25_557_032
    assert count(by_hand.decoder()) == 124_439_808 + 47 * 768


def test_flops_of_a_step_are_those_of_its_matrix_products():
    # Forward, and twice as much backward: 2 FLOPs a weight and token, and the scores both ways.
    sizes = scenarios.LARGE["decoder"].tiny
    depth, width, tokens = sizes["depth"], sizes["width"], sizes["tokens"]
    weights = 12 * depth * width**2 + sizes["vocabulary"] * width
    products = 3 * 2 * tokens * (2 * weights + 2 * 2 * depth * tokens * width)
    assert products < large.flops("decoder", tiny=True)


def test_large_nets_ask_for_a_gpu():
    with pytest.raises(SystemExit, match="need a GPU"):
        measure.measure("decoder", "deepkit")


ROWS = {
    "tab": {"figures": {"keras": 2e-4, "hand": 5e-6, "deepkit": 1e-5}, "rounds": 5},
    "mlp": {"figures": {"keras": 4e-4, "hand": 2e-4, "torch": 3e-4, "deepkit": 2e-4}, "rounds": 5},
    "stream": {"figures": {"keras": 4e-4, "deepkit": 2.1e-4}, "rounds": 5},
    "memory": {"figures": {"keras": 2**30, "deepkit": 2**29}, "rounds": 1},
}
for _row in ROWS.values():
    _row |= {"date": "2030-01-31", "with": "2 cores"}


def test_the_table_says_which_targets_are_met():
    lines = table.table("cpu", ROWS).splitlines()
    assert lines[2:] == [
        "| `fit`, 8→30→1, batch 32, a step | 200 µs | 5 µs |  | 10 µs | 20.00 | 2.00 |  "
        "| ≤ 1.15 times by hand | no | 2030-01-31 |",
        "| `fit`, 784→128→10, batch 32, a step | 400 µs | 200 µs | 300 µs | 200 µs | 2.00 | 1.00 "
        "| 1.50 | ≤ 1.1 times by hand | yes | 2030-01-31 |",
        "| `fit`, 784→128→10 from a generator, batch 32, a step | 400 µs |  |  | 210 µs | 1.90 "
        "|  |  | ≤ 1.1 times `mlp` | yes | 2030-01-31 |",
        "| peak memory of `fit`, 784→128→10 | 1024 MiB |  |  | 512 MiB | 2.00 |  |  "
        "| ≤ 420 MiB | no | 2030-01-31 |",
    ]


def test_the_table_shows_large_nets_as_a_part_of_the_peak():
    row = {"figures": {"keras": 0.2, "deepkit": 0.1}, "flops": 989e11 / 2, "rounds": 5}
    row |= {"date": "2030-01-31", "with": "2 cores"}
    known = table.table("NVIDIA H100 80GB HBM3", {"resnet50": row})
    assert "| 5 steps/s, 25% of peak | 10 steps/s, 50% of peak | 2.00 |" in known
    assert "| 5 steps/s | 10 steps/s | 2.00 |" in table.table("another GPU", {"resnet50": row})


def test_results_keep_what_was_measured_before(tmp_path):
    path = tmp_path / "results.json"
    assert table.load(path) == {}
    table.save(table.merge({}, "cpu", {"tab": ROWS["tab"]}), path)
    table.save(table.merge(table.load(path), "cpu", {"mlp": ROWS["mlp"]}), path)
    table.save(table.merge(table.load(path), "NVIDIA H100", {"tab": ROWS["tab"]}), path)
    kept = table.load(path)
    assert kept["cpu"] == {"tab": ROWS["tab"], "mlp": ROWS["mlp"]}
    text = table.markdown(kept)
    assert text.count("8→30→1") == 2
    assert "- 2030-01-31, medians of 5 rounds: 2 cores." in text


def _run(*arguments, program="run.py"):
    command = [sys.executable, str(FOLDER / program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=FOLDER.parent)


def test_tapes_and_functions_are_measured():
    done = _run("--tiny", program="tape.py")
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows if row[0] != "| ---"] == [
        "| net",
        "| a subclassed model",
        "| a `Sequential` model",
        "| `jnp`",
        "| state",
        "| 30 variables",
        "| net",
        "| `mlp`, batch 32",
    ]
    by_hand, with_tape = rows[-1][-2:]
    assert int(by_hand) == int(with_tape.removesuffix(" |")) > 0
    done = _run("--tiny", "--write", program="tape.py")
    assert done.returncode == 2 and "Figures of tiny sizes are not written" in done.stderr


def test_the_command_makes_a_table():
    done = _run("--tiny", "--only", "tab")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "# Results of `python benchmarks/run.py`"
    assert any(line.startswith("| `fit`, 8→30→1, batch 32, a step |") for line in lines)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--tiny", "--write"), "Figures of tiny sizes are not written"),
        (("--only", "nothing"), r"unknown scenarios \['nothing'\]"),
        (("--gpu",), "JAX finds no GPU"),
    ],
)
def test_the_command_refuses(arguments, message):
    done = _run(*arguments)
    assert done.returncode == 2
    assert re.search(message, done.stderr)
