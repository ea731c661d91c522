"""Weights from mappings and files of other libraries: names, kinds, strictness, and the table."""

import io
import pickle
import re
import zipfile

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

import deepkit
from deepkit import layers
from deepkit.errors import (
    ArgumentError,
    ArgumentTypeError,
    CorruptFileError,
    NotBuiltError,
    UnknownNameError,
    UnsafeFileError,
    WeightMismatchError,
)
from deepkit.saving import MissingFileError, load_weights_from
from tests.saving.models import KINDS, assert_equal_values, fill, values

KERNEL = np.arange(6, dtype="float32").reshape(3, 2)
BIAS = np.array([7.0, 8.0], "float32")


def _model(name="fc"):
    return fill(deepkit.Sequential([deepkit.Input((3,)), layers.Dense(2, name=name)]))


def _load(model, mapping, rename=None, **kwargs):
    return load_weights_from(model, mapping, rename, **{"verbose": False, **kwargs})


def _assert_loaded(model):
    assert_equal_values(values(model), [KERNEL, BIAS])


# Names


@pytest.mark.parametrize("path", ["layers.dense", "layers.0", "fc"])
def test_a_layer_is_found_by_path_number_and_name(path):
    model = _model()
    _load(model, {f"{path}.kernel": KERNEL, f"{path}.bias": BIAS})
    _assert_loaded(model)


def test_attributes_lists_and_dicts_are_paths():
    class Net(deepkit.Model):
        def __init__(self):
            super().__init__()
            self.tail = [layers.Dense(2), {"deep": layers.Dense(2)}]

        def call(self, x):
            return self.tail[1]["deep"](self.tail[0](x))

    model = Net()
    model(np.ones((1, 2), "float32"))
    arrays = {
        "tail.0.kernel": np.full((2, 2), 1.0),
        "tail.0.bias": np.full(2, 2.0),
        "tail.1.deep.kernel": np.full((2, 2), 3.0),
        "tail.1.deep.bias": np.full(2, 4.0),
    }
    _load(model, arrays)
    assert [float(np.max(value)) for value in values(model)] == [1.0, 2.0, 3.0, 4.0]


def test_a_name_of_two_layers_is_nobodys():
    inner = deepkit.Sequential([layers.Dense(2, name="fc")], name="inner")
    model = deepkit.Sequential([deepkit.Input((2,)), layers.Dense(2, name="fc"), inner])
    with pytest.raises(WeightMismatchError, match=r"Without a place in the model:\n  fc.kernel"):
        _load(model, {"fc.kernel": np.ones((2, 2))})


RENAMES = {
    "whole names": {"a.w": "fc.kernel", "a.b": "fc.bias", "extra": None},
    "beginnings": {"a": "fc", "a.w": "fc.kernel", "a.b": "fc.bias", "extra": None},
    "patterns": {
        re.compile(r"^a\.w$"): "fc.kernel",
        re.compile(r"^a\.(b)$"): r"fc.\1ias",
        re.compile("extra"): None,
    },
    "function": lambda name: {"a.w": "fc.kernel", "a.b": "fc.bias"}.get(name),
}


@pytest.mark.parametrize("rename", RENAMES.values(), ids=RENAMES)
def test_names_are_changed_or_left_out(rename):
    model = _model()
    report = _load(model, {"a.w": KERNEL, "a.b": BIAS, "extra": np.ones(1)}, rename)
    _assert_loaded(model)
    assert [match.sources for match in report.matched] == [("a.w",), ("a.b",)]


def test_the_longest_beginning_wins_and_an_empty_one_takes_steps_away():
    model = _model()
    arrays = {"net.head.kernel": KERNEL, "net.head.bias": BIAS}
    _load(model, arrays, {"net": "nowhere", "net.head": "fc"})
    _assert_loaded(model)
    _load(fill(model), {f"module.fc.{k}": v for k, v in _state().items()}, {"module": ""})
    _assert_loaded(model)


def _state():
    return {"kernel": KERNEL, "bias": BIAS}


def test_two_arrays_of_one_name_are_refused():
    with pytest.raises(ArgumentError, match="'a' and 'b' both become 'fc.bias'"):
        _load(_model(), {"a": BIAS, "b": BIAS}, {"a": "fc.bias", "b": "fc.bias"})


@pytest.mark.parametrize(
    "rename", [3, {3: "a"}, {"a": 3}, lambda name: 3], ids=["3", "key", "value", "result"]
)
def test_a_rename_of_another_kind(rename):
    with pytest.raises(ArgumentTypeError, match="Expected `rename` to be a function"):
        _load(_model(), {"a": BIAS}, rename)


def test_an_array_that_comes_by_two_paths_is_left_over():
    arrays = {"fc.kernel": KERNEL, "layers.0.kernel": KERNEL, "fc.bias": BIAS}
    with pytest.raises(WeightMismatchError, match=r"Without a place in the model:\n  layers.0.ker"):
        _load(_model(), arrays)


# Where arrays come from


class Tensor:
    """As much of a tensor of PyTorch as is needed."""

    def __init__(self, array, dtype="torch.float32"):
        self.array, self.dtype, self.shape = array, dtype, array.shape
        self.steps = []

    def __array__(self, *args, **kwargs):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    def detach(self):
        self.steps.append("detach")
        return self

    def cpu(self):
        self.steps.append("cpu")
        return self

    def float(self):
        return Tensor(self.array.astype("float32"))

    def numpy(self):
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.array


def test_tensors_of_pytorch_are_detached_and_brought_to_the_cpu():
    model, tensor = _model(), Tensor(KERNEL)
    _load(model, {"fc": {"kernel": tensor, "bias": Tensor(BIAS)}})
    _assert_loaded(model)
    assert tensor.steps == ["detach", "cpu"]
    half = {k: Tensor(v.astype(ml_dtypes.bfloat16), "torch.bfloat16") for k, v in _state().items()}
    _load(fill(model), {"fc": half})
    _assert_loaded(model)


def test_a_module_is_asked_for_its_state():
    class Module:
        def state_dict(self):
            return {"fc.kernel": KERNEL, "fc.bias": BIAS}

    model = _model()
    _load(model, Module())
    _assert_loaded(model)


def test_arrays_of_jax_and_lists_are_taken():
    model = _model()
    _load(model, {"fc.kernel": deepkit.ops.array(KERNEL), "fc.bias": [7.0, 8.0]})
    _assert_loaded(model)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_files(save, tmp_path):
    save(tmp_path / "a.npz", **{"fc.kernel": KERNEL, "fc.bias": BIAS})
    model = _model()
    report = _load(model, tmp_path / "a.npz")
    _assert_loaded(model)
    assert report.origin == f"'{tmp_path / 'a.npz'}'"


def test_safetensors_files_with_shared_arrays(tmp_path):
    save_file({"fc.kernel": KERNEL, "b": BIAS}, tmp_path / "a.safetensors", {"fc.bias": "b"})
    model = _model()
    _load(model, str(tmp_path / "a.safetensors"), {"b": None})
    _assert_loaded(model)


@pytest.mark.parametrize("kind", KINDS)
def test_own_files_fit_without_renaming(kind, tmp_path):
    model, other = fill(KINDS[kind](deepkit)), fill(KINDS[kind](deepkit), seed=1)
    model.save_weights(tmp_path / "a.safetensors")
    _load(other, tmp_path / "a.safetensors")
    assert_equal_values(values(other), values(model))


@pytest.mark.parametrize("ending", [".pt", ".pth", ".bin", ".ckpt", ".pkl"])
def test_pickles_are_refused_with_the_way_out(ending, tmp_path):
    path = tmp_path / f"a{ending}"
    path.write_bytes(pickle.dumps({"fc.kernel": KERNEL}))
    with pytest.raises(ArgumentError) as caught:
        _load(_model(), path)
    assert "is a pickle" in str(caught.value) and "save_file(torch.load(" in str(caught.value)


def test_origins_of_other_kinds(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"")
    with pytest.raises(ArgumentError, match="Expected the path of a `.safetensors` or `.npz`"):
        _load(_model(), tmp_path / "a.h5")
    with pytest.raises(MissingFileError, match="There is no file"):
        _load(_model(), tmp_path / "none.npz")
    with pytest.raises(ArgumentTypeError, match="Expected a mapping of names and arrays"):
        _load(_model(), [KERNEL])
    with pytest.raises(ArgumentTypeError, match="Leave it out by `rename={'fc.bias': None}`"):
        _load(_model(), {"fc.kernel": KERNEL, "fc.bias": np.array(["a", "b"])})


def _npz(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(f"{name}.npy", content)
    return path


def _npy(header, data=b""):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + data


def test_npz_files_that_lie(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, a=np.array([{}, {}]))
    with pytest.raises(ArgumentTypeError, match="Expected arrays of numbers in"):
        _load(_model(), path)
    header = {"descr": "<f4", "fortran_order": False, "shape": (2**40,)}
    with pytest.raises(CorruptFileError, match="speaks of 4,398,046,511,104 bytes, and has fewer"):
        _load(_model(), _npz(path, a=_npy(header)))
    for content in (b"", b"PK\x03\x04", b"nothing"):
        path.write_bytes(content)
        with pytest.raises(CorruptFileError, match="truncated or damaged"):
            _load(_model(), path)
    with pytest.raises(CorruptFileError, match="truncated or damaged"):
        _load(_model(), _npz(path, a=b"no array"))
    with pytest.raises(UnsafeFileError, match="lies outside of the archive"):
        _load(_model(), _npz(path, **{"../a": _npy(header)}))


def test_huge_arrays_are_not_read(tmp_path):
    np.savez_compressed(
        tmp_path / "a.npz", **{"fc.kernel": np.zeros((3000, 2000)), "fc.bias": BIAS}
    )
    with pytest.raises(WeightMismatchError, match=r"\(3000, 2000\)"):
        _load(_model(), tmp_path / "a.npz")


# What does not fit


def test_both_sides_are_listed_and_nothing_is_changed():
    model = fill(deepkit.Sequential([deepkit.Input((3,)), layers.Dense(2), layers.Dense(2)]))
    before = values(model)
    arrays = {"layers.0.kernel": KERNEL.T, "layers.0.bias": BIAS, "other.bias": BIAS}
    with pytest.raises(WeightMismatchError) as caught:
        _load(model, arrays)
    text = str(caught.value)
    assert "none was changed. 1 of 4 weights fit." in text
    assert re.search(r"Different in shape or kind:\n  layers.0.kernel  \(2, 3\) .* \(3, 2\)", text)
    assert "Without a place in the model:\n  other.bias  (2,)" in text
    missing = text.split("In the model, but without an array:")[1]
    assert "dense_1/kernel" in missing or missing.count("kernel") == 1
    assert "strict=False" in text
    assert_equal_values(values(model), before)
    report = _load(model, arrays, strict=False)
    np.testing.assert_array_equal(values(model)[1], BIAS)
    assert [match.sources for match in report.mismatched] == [("layers.0.kernel",)]
    assert report.unused == (("other.bias", (2,)),) and len(report.missing) == 2


@pytest.mark.parametrize(
    ("kernel", "reason"),
    [
        (KERNEL.astype("int32"), "dtype int32 where the model has float32"),
        (np.full((3, 2), 1e300), "numbers too large for float32"),
        (np.ones((3, 2, 1)), ""),
    ],
    ids=["integers", "too large", "axes"],
)
def test_other_reasons_are_said(kernel, reason):
    for layout in (None, "torch"):
        with pytest.raises(WeightMismatchError, match=f"Different in shape or kind:.*\n.*{reason}"):
            array = kernel.swapaxes(0, 1) if layout else kernel
            _load(_model(), {"fc.kernel": array, "fc.bias": BIAS}, layout=layout)


def test_the_table_is_printed(capsys):
    load_weights_from(_model(), {"fc.weight": KERNEL.T, "fc.bias": BIAS}, layout="torch")
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"Loaded 2 of 2 weights of 'sequential(_\d+)?' from the mapping:", lines[0])
    assert re.fullmatch(r"  fc\.weight  \(2, 3\)  .*fc/kernel  \(3, 2\)", lines[2])
    _load(_model(), {"fc.kernel": KERNEL, "fc.bias": BIAS})
    assert capsys.readouterr().out == ""


def test_long_tables_are_cut():
    arrays = {f"x.{index}": BIAS for index in range(205)}
    report = _load(_model(), arrays, strict=False)
    assert len(report.unused) == 205 and "  and 5 more" in str(report)


def test_an_unknown_layout_and_a_model_without_weights():
    with pytest.raises(UnknownNameError, match="Expected `layout` to be None or one of .'torch'."):
        _load(_model(), {}, layout="torhc")
    with pytest.raises(NotBuiltError, match="it is not built"):
        _load(deepkit.Sequential([layers.Dense(2)]), {})


def test_models_have_it_as_a_method():
    model = _model()
    report = model.load_weights_from(
        {"fc.weight": KERNEL.T, "fc.bias": BIAS}, layout="torch", verbose=False
    )
    _assert_loaded(model)
    assert report.missing == ()


def test_the_state_of_the_optimizer_stays(tmp_path):
    model = _model()
    model.compile(optimizer="adam", loss="mse")
    model.fit(np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), verbose=0)
    state = [np.asarray(variable) for variable in model.optimizer.variables]
    _load(model, {"fc.kernel": KERNEL, "fc.bias": BIAS})
    assert_equal_values([np.asarray(v) for v in model.optimizer.variables], state)
