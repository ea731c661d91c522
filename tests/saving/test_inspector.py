"""Files are looked into without making anything that they describe."""

import base64
import json
import marshal
import sys
import zipfile

import h5py
import numpy as np
import pytest

import deepkit
from deepkit.errors import ArgumentError, CorruptFileError, UnsafeFileError
from deepkit.saving import MissingFileError, custom_object_scope, inspect_file
from tests.saving.crafted import archive, layer, older, sequential
from tests.saving.models import KINDS, fill

ENDINGS = (".keras", ".h5", ".weights.h5")


def _saved(model, path):
    (model.save_weights if path.name.endswith(".weights.h5") else model.save)(path)
    return path


@pytest.fixture
def trained():
    model = fill(KINDS["chained"](deepkit))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    model.fit(np.ones((4, 5), "float32"), np.ones((4, 2), "float32"), verbose=0)
    return model


# What is there


@pytest.mark.parametrize("ending", ENDINGS)
def test_all_arrays_are_listed_by_kind(ending, trained, tmp_path):
    report = inspect_file(_saved(trained, tmp_path / f"model{ending}"))
    expected = {
        "weights": trained.weights,
        "optimizer": trained.optimizer.variables,
        "seeds": [trained.layers[2].seed_generator.state],
    }
    for kind, variables in expected.items():
        found = sorted((a.shape, a.dtype, a.nbytes) for a in report.of_kind(kind))
        wanted = [np.asarray(v) for v in variables]
        assert found == sorted((a.shape, a.dtype.name, a.nbytes) for a in wanted), kind
    assert report.total_bytes == sum(array.nbytes for array in report.arrays)
    assert report.manifest == "verified" and report.refusals == ()
    assert report.nbytes == (tmp_path / f"model{ending}").stat().st_size


@pytest.mark.parametrize("ending", ENDINGS[:2])
def test_the_architecture_is_a_table(ending, trained, tmp_path):
    report = inspect_file(_saved(trained, tmp_path / f"model{ending}"))
    assert [(row.class_name, row.depth, row.settings) for row in report.layers] == [
        ("Sequential", 0, {}),
        ("InputLayer", 1, {}),
        ("Dense", 1, {"units": 3, "activation": "relu"}),
        ("BatchNormalization", 1, {"axis": -1}),
        ("Dropout", 1, {"rate": 0.5}),
        ("Dense", 1, {"units": 2}),
    ]
    assert report.layers[2].name == "first" and report.layers[2].shape == [None, 5]
    assert report.compiled["loss"] == "mse" or report.compiled["loss"] == "mean_squared_error"
    assert report.compiled["optimizer"].startswith("Adam (learning_rate 0.001")
    assert report.compiled["metrics"] == ["mae"]


def test_models_and_wrapped_layers_are_shown_inside_their_owners(tmp_path):
    inner = deepkit.Sequential([deepkit.Input((3, 4)), deepkit.layers.Dense(5)])
    wrapped = deepkit.layers.Bidirectional(deepkit.layers.LSTM(2, return_sequences=True))
    inputs = deepkit.Input((3, 4))
    model = deepkit.Model(inputs, wrapped(inner(inputs)))
    rows = inspect_file(_saved(model, tmp_path / "model.keras")).layers
    found = [(row.class_name, row.depth) for row in rows]
    assert found[2:5] == [("Sequential", 1), ("InputLayer", 2), ("Dense", 2)]
    assert ("Bidirectional", 1) in found and ("LSTM", 2) in found
    lstm = next(row for row in rows if row.class_name == "LSTM")
    assert lstm.settings["units"] == 2 and lstm.settings["return_sequences"] is True


def test_versions_and_their_writer_are_told(trained, tmp_path):
    for ending in ENDINGS:
        writer = inspect_file(_saved(trained, tmp_path / f"model{ending}")).writer
        assert writer["deepkit_version"] == deepkit.__version__, ending
    assert inspect_file(tmp_path / "model.h5").writer["backend"] == "jax"


def test_shared_arrays_are_counted_once(tmp_path):
    class Tied(deepkit.layers.Layer):
        def __init__(self, kernel=None, **kwargs):
            super().__init__(**kwargs)
            self.kernel = kernel

        def build(self, shape):
            if self.kernel is None:
                self.kernel = self.add_weight((4, 4), name="kernel")

        def call(self, x):
            return x @ self.kernel

        def save_own_variables(self, store):
            store["0"] = self.kernel

    first = Tied()
    first.build((None, 4))
    model = deepkit.Sequential([deepkit.Input((4,)), first, Tied(first.kernel)])
    report = inspect_file(_saved(model, tmp_path / "a.weights.h5"))
    assert [array.same_as for array in report.arrays] == [None, "layers/tied/vars/0"]
    assert report.total_bytes == 64
    assert "same as layers/tied/vars/0" in str(report)


def test_files_of_other_writers_have_no_manifest(tmp_path):
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        file["layers/dense/vars/0"] = np.ones((2, 3), "float16")
        file["layers/dense/vars/1"] = np.ones(4, "S3")
    report = inspect_file(tmp_path / "a.weights.h5")
    assert report.manifest == "none"
    found = [(a.path, a.shape, a.dtype, a.nbytes) for a in report.arrays]
    assert found[0] == ("layers/dense/vars/0", (2, 3), "float16", 12)
    assert found[1][2] is None and "no numbers" in str(report)


def test_a_report_is_plain_data(trained, tmp_path):
    report = inspect_file(_saved(trained, tmp_path / "model.keras"))
    data = json.loads(json.dumps(report.to_dict()))
    assert data["total_bytes"] == report.total_bytes
    assert data["arrays"][0]["shape"] == list(report.arrays[0].shape)
    assert data["layers"][2]["settings"] == {"units": 3, "activation": "relu"}


def test_the_text_has_all_of_it(trained, tmp_path):
    text = str(inspect_file(_saved(trained, tmp_path / "model.keras")))
    assert "Model: 5 layers" in text and "manifest" in text
    assert "layers/dense/vars/0" in text and "(5, 3)" in text
    assert f"All arrays: {len(trained.weights) + 14 + 1} arrays" in text


def test_long_tables_are_cut_in_the_text_alone(tmp_path):
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        for index in range(1003):
            file[f"layers/dense_{index}/vars/0"] = np.float32(1)
    report = inspect_file(tmp_path / "a.weights.h5")
    assert len(report.arrays) == 1003 and "and 3 more" in str(report)


# What loading would refuse


def _bytecode(canary):
    code = compile(f"open({str(canary)!r}, 'w').close()", "<file>", "exec")
    return base64.b64encode(marshal.dumps(code)).decode()


LAMBDAS = {
    "now": lambda code: layer(
        "Lambda",
        trainable=True,
        function={"class_name": "__lambda__", "config": {"value": [code, None, None]}},
    ),
    "older": lambda code: {
        "class_name": "Lambda",
        "config": {
            "name": "made",
            "trainable": True,
            "function": [code, None, None],
            "function_type": "lambda",
        },
    },
}


@pytest.mark.parametrize("form", LAMBDAS)
@pytest.mark.parametrize("write", [archive, older], ids=["keras", "h5"])
def test_lambdas_are_told_and_not_run(write, form, tmp_path):
    canary = tmp_path / "canary"
    config = sequential(LAMBDAS[form](_bytecode(canary)))
    weights = tmp_path / "w.h5"
    older(weights, {})
    if write is archive:
        path = archive(tmp_path / "a.keras", config, weights.read_bytes())
    else:
        path = older(tmp_path / "a.h5", config)
    report = inspect_file(path)
    assert len(report.refusals) == 1
    assert "'made': It holds a lambda as Python bytecode" in report.refusals[0]
    assert not canary.exists()


def test_unknown_classes_are_told_with_what_helps(tmp_path):
    entries = [
        layer("Swish2", module="my.layers"),
        layer("function", module="os", trainable=True, function=None),
        layer("Dense", units=2, activation={"class_name": "function", "config": "system"}),
        layer("get_file"),
        layer("Swish2", module="my.layers"),
    ]
    path = older(tmp_path / "a.h5", sequential(*entries))
    refusals = inspect_file(path).refusals
    text = "\n".join(refusals)
    for name in ("'Swish2'", "'system'", "'get_file'"):
        assert f"Unknown class {name}" in text or f"Unknown function {name}" in text
    assert "custom_objects={'Swish2': Swish2}" in text
    assert text.count("Swish2'.") == 1
    with custom_object_scope({"Swish2": deepkit.layers.Dense}):
        assert "Swish2" not in "\n".join(inspect_file(path).refusals)


def test_a_class_name_that_is_no_text_is_told(tmp_path):
    path = older(tmp_path / "a.h5", sequential({"class_name": ["Dense"], "config": {}}))
    assert "Expected `class_name` to be text" in inspect_file(path).refusals[0]


def test_modules_named_in_a_file_are_not_imported(tmp_path, monkeypatch):
    (tmp_path / "evil_module_of_a_file.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    entry = layer("Thing", module="evil_module_of_a_file")
    report = inspect_file(older(tmp_path / "a.h5", sequential(entry)))
    assert "'Thing'" in report.refusals[0]
    assert "evil_module_of_a_file" not in sys.modules


def test_huge_layers_are_described_and_not_made(tmp_path):
    path = older(tmp_path / "a.h5", sequential(layer("Dense", units=10**12)))
    assert inspect_file(path).layers[-1].settings == {"units": 10**12}


def test_text_of_a_file_cannot_steer_the_terminal(tmp_path):
    entry = layer("Dense\x1b[2J", units=2)
    entry["config"]["name"] = "\x1b[31mred\ud800" + "x" * 500
    report = inspect_file(older(tmp_path / "a.h5", sequential(entry)))
    text = str(report)
    assert text.replace("\n", "").isprintable() and "x" * 200 not in text
    assert "\\x1b[31mred\\ud800" in text


# What is damaged


@pytest.mark.parametrize("ending", ENDINGS)
def test_damage_is_an_error_as_in_loading(ending, trained, tmp_path):
    path = _saved(trained, tmp_path / f"model{ending}")
    content = bytearray(path.read_bytes())
    place = content.find(np.asarray(trained.layers[0].kernel).tobytes())
    assert place > 0
    content[place + 3] ^= 0x40
    path.write_bytes(content)
    with pytest.raises(CorruptFileError, match=r"damaged"):
        inspect_file(path)
    path.write_bytes(content[:200])
    with pytest.raises(CorruptFileError):
        inspect_file(path)


def test_damage_can_be_looked_at_without_verifying(trained, tmp_path):
    path = _saved(trained, tmp_path / "model.h5")
    content = bytearray(path.read_bytes())
    content[content.find(np.asarray(trained.layers[0].kernel).tobytes())] ^= 1
    path.write_bytes(content)
    report = inspect_file(path, verify=False)
    assert report.manifest == "not verified" and len(report.layers) == 6


@pytest.mark.parametrize(
    "config", [[], {"class_name": 3, "config": {}}, {"config": {}}, 3], ids=str
)
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_configs_of_no_model(ending, config, tmp_path):
    path = tmp_path / f"a{ending}"
    (archive if ending == ".keras" else older)(path, config)
    with pytest.raises(CorruptFileError, match="describes no model"):
        inspect_file(path)


def test_a_config_that_is_not_as_it_should_be(tmp_path):
    first = {"class_name": "Dense", "config": [[3]]}
    config = {"class_name": "Sequential", "config": {"layers": [first]}}
    with pytest.raises(CorruptFileError, match="is not as it should be"):
        inspect_file(older(tmp_path / "a.h5", config))


def test_links_to_elsewhere_are_refused(tmp_path):
    path = tmp_path / "a.weights.h5"
    with h5py.File(path, "w") as file:
        file["layers"] = h5py.ExternalLink("/victim.h5", "/")
    with pytest.raises(UnsafeFileError, match="ExternalLink"):
        inspect_file(path)


def test_members_that_are_missing_or_outside(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as out:
        out.writestr("metadata.json", "{}")
    with pytest.raises(CorruptFileError, match="it has no 'config.json'"):
        inspect_file(tmp_path / "a.keras")
    with pytest.raises(MissingFileError, match="There is no file"):
        inspect_file(tmp_path / "none.keras")
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(ArgumentError, match="Expected a path that ends in `.keras`"):
        inspect_file(tmp_path / "a.txt")


def test_a_folder_is_told_like_an_archive(tmp_path):
    model = deepkit.Sequential([deepkit.Input((3,)), deepkit.layers.Dense(2)])
    model.save(tmp_path / "model.keras")
    model.save(tmp_path / "model", zipped=False)
    archive, folder = (inspect_file(tmp_path / name) for name in ("model.keras", "model"))
    assert folder.format == "model in a folder"
    assert (folder.layers, folder.arrays, folder.manifest) == (
        archive.layers,
        archive.arrays,
        "verified",
    )


def test_shards_are_told_like_one_file(tmp_path):
    model = fill(deepkit.Sequential([deepkit.Input((300,)), deepkit.layers.Dense(300)]))
    model.save_weights(tmp_path / "all.weights.h5")
    model.save_weights(tmp_path / "parts.weights.json", max_shard_size=0.000336)
    whole, parts = (inspect_file(tmp_path / n) for n in ("all.weights.h5", "parts.weights.json"))
    assert parts.format == "weights in 2 files and an index of them"
    assert (parts.arrays, parts.manifest) == (whole.arrays, "verified")
    assert parts.writer == whole.writer
    shard = next(tmp_path.glob("parts_*_00001.weights.h5"))
    data = bytearray(shard.read_bytes())
    at = data.find(np.asarray(model.layers[0].bias).tobytes())
    data[at] ^= 1
    shard.write_bytes(data)
    with pytest.raises(CorruptFileError):
        inspect_file(tmp_path / "parts.weights.json")
