"""Headers of safetensors files that ask for much, or lie."""

import json


def raw(path, header, data=b""):
    """A file of a header, given as bytes or as what JSON makes of it, and of data."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def entry(shape, start=0, stop=0, dtype="F32"):
    """What a header says of an array."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


def _many(count):
    one = json.dumps(entry([0])).encode()
    return b"{" + b",".join(b'"a%d":%s' % (index, one) for index in range(count)) + b"}"


BOMBS = {
    "8-PiB": ({"dense.kernel": entry([2**25, 2**25], 0, 2**52)}, "header speaks of"),
    "a-hundred": (
        {f"a{i}": entry([2**29], i * 2**31, (i + 1) * 2**31) for i in range(100)},
        "header speaks of",
    ),
    "nothing by much": ({"dense.kernel": entry([2**62, 2**62, 0])}, "do not fit the model"),
    "beyond all": ({"dense.kernel": entry([2**64, 0])}, "not whole numbers"),
    "endless": ({"dense.kernel": entry([10**4000] * 3)}, "not whole numbers"),
    "far away": ({"dense.kernel": entry([1], 10**4000, 10**4000 + 4)}, "not whole numbers"),
    "arrays": (_many(200_000), "cannot be read"),
    "metadata": ({"__metadata__": {"a": "x" * 2**24}}, "do not fit the model"),
    "names": ({"__metadata__": {"deepkit_names": "[" * 100_000}}, "nested brackets"),
    "manifest": ({"__metadata__": {"deepkit_manifest": "0" * 2**22}}, "has been changed"),
    "lists": (b"[" + b"[]," * 800_000 + b"[]]", "cannot be read"),
    "emoji": (
        json.dumps({"\U0001f600" + "x" * 2**23: 3}, ensure_ascii=False).encode(),
        "cannot be read",
    ),
    "long number": (b"[" + b"1" * 10**6 + b"]", "cannot be read"),
    "spaces": (b"{" + b" " * (33 * 2**20) + b"}", "its header has"),
}
