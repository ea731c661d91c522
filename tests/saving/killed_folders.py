"""Kills processes that overwrite a folder before each of their steps; run by `test_exchange.py`.

JAX has threads, which a forked process lacks: the children only save, which needs none of them.
"""

import collections
import itertools
import json
import os
import pathlib
import signal
import sys
import tempfile
import time
import warnings

from deepkit.saving import MissingFileError, _exchange
from deepkit.saving._formats import _output
from tests.saving import ways
from tests.saving.killed import MEMORY

warnings.filterwarnings("ignore", message="os.fork", category=RuntimeWarning)
warnings.filterwarnings("ignore", message=".*fork", category=DeprecationWarning)

EVENTS = ("open", "os.mkdir", "os.rename", "os.chmod", "os.remove", "os.rmdir")
# What Python tells nobody of.
CALLS = ((os, "fsync"), (_output, "_write"), (_exchange, "_renameat2"))


def kill_before(step):
    """Have this process killed before one of the steps that it takes from now on."""
    count = itertools.count(1)

    def note():
        if next(count) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(call):
        def function(*args):
            note()
            return call(*args)

        return function

    for module, name in CALLS:
        if getattr(module, name) is not None:
            setattr(module, name, counted(getattr(module, name)))
    sys.addaudithook(lambda event, args: note() if event in EVENTS else None)


def is_killed(model, path, step):
    """Whether a process that saves a model took so many steps, before which it was killed."""
    process = os.fork()
    if not process:
        try:
            kill_before(step)
            ways.save(model, path)
            os._exit(0)
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if code == 1:
        raise RuntimeError(f"the saver failed at step {step}")
    return code == -signal.SIGKILL


def kind_found(path, into, states):
    """What is under the name of a folder."""
    try:
        into.load_weights(path)
    except MissingFileError as error:
        return "named" if "A save was cut off: rename" in str(error) else "missing"
    except Exception as error:
        return f"wrong: {error!r}"
    state = ways.state(into)
    return ("old", "new")[states.index(state)] if state in states else "wrong: other numbers"


def kill_at_each_step(models, states, into):
    """What was found after each step, what was left, and what the next save did not remove."""
    found, left, stays = collections.Counter(), set(), set()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = pathlib.Path(folder, "model")
        ways.save(models[0], path)
        for step in itertools.count(1):
            is_done = not is_killed(models[1], path, step)
            found[kind_found(path, into, states)] += 1
            left |= {name.rpartition(".")[2] for name in os.listdir(folder) if name != "model"}
            for other in path.parent.iterdir():
                os.utime(other, (time.time() - 3600,) * 2)
            ways.save(models[0], path)
            stays |= set(os.listdir(folder)) - {"model"}
            if is_done:
                return {"found": found, "left": sorted(left), "stays": sorted(stays)}
    return None


def main():
    models = [ways.make(seed, width=8) for seed in (1, 2)]
    states = [ways.state(model) for model in models]
    into = ways.make(99, width=8)
    result = {"exchanged": kill_at_each_step(models, states, into)}
    _exchange._renameat2 = None
    result["moved"] = kill_at_each_step(models, states, into)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
