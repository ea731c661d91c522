"""Kills processes that overwrite a file, and looks what is left; run by `test_killed.py`.

JAX has threads, which a forked process lacks: the children only save, which needs none of them.
"""

import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import time
import warnings

from tests.saving import ways

warnings.filterwarnings("ignore", message="os.fork", category=RuntimeWarning)
warnings.filterwarnings("ignore", message=".*fork", category=DeprecationWarning)


# In memory, where there is such a folder: other programs may keep the disk busy for seconds.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def overwriting(models, path):
    """The id of a new process that overwrites a file with one model after the other, for ever."""
    process = os.fork()
    if process:
        return process
    try:
        while True:
            for model in models:
                ways.save(model, path)
    finally:
        os._exit(1)


def end(process):
    os.kill(process, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def kill_at_random(name, count, seed, models, states):
    """How often the old or the new state was found, temporary files, and anything else."""
    generator = random.Random(seed)
    found = {"complete": 0, "half": 0, "wrong": []}
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = pathlib.Path(folder, name)
        ways.save(models[0], path)
        start = time.perf_counter()
        ways.save(models[1], path)
        once = time.perf_counter() - start
        into = ways.make(99)
        for _ in range(count):
            names = set(os.listdir(folder))
            process = overwriting(models, path)
            time.sleep(generator.uniform(0.5, 3.5) * once)
            if end(process) != -signal.SIGKILL:
                found["wrong"].append("the saver failed")
            found["half"] += any(n.endswith(".tmp") for n in set(os.listdir(folder)) - names)
            try:
                loaded = ways.state(ways.load(path, into))
            except Exception as error:
                found["wrong"].append(repr(error))
            else:
                found["complete"] += loaded in states
        found["left"] = left_after_a_save(models[0], path)
    return found


def left_after_a_save(model, path):
    """What is in the folder after one more save, an hour later."""
    for other in path.parent.iterdir():
        os.utime(other, (time.time() - 3600,) * 2)
    before = set(os.listdir(path.parent))
    ways.save(model, path)
    return sorted(set(os.listdir(path.parent)) & before - {path.name})


def poll(name, count, models, states):
    """How often a reader found a whole file while two processes overwrote it."""
    found = {"complete": 0, "wrong": []}
    seen = set()
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = pathlib.Path(folder, name)
        ways.save(models[0], path)
        into = ways.make(99)
        writers = [overwriting(models[i:] + models[:i], path) for i in range(2)]
        for _ in range(count):
            try:
                loaded = ways.state(ways.load(path, into))
            except Exception as error:
                found["wrong"].append(repr(error))
                continue
            found["complete"] += loaded in states
            seen.add(states.index(loaded) if loaded in states else -1)
        for writer in writers:
            if end(writer) != -signal.SIGKILL:
                found["wrong"].append("a saver failed")
    return {**found, "seen": sorted(seen)}


def main():
    kills, reads = int(sys.argv[1]), int(sys.argv[2])
    models = [ways.make(seed) for seed in (1, 2)]
    states = [ways.state(model) for model in models]
    result = {
        "killed": {
            name: kill_at_random(name, kills, seed, models, states)
            for seed, name in enumerate(ways.FILES)
        },
        "polled": {name: poll(name, reads, models, states) for name in ways.FILES},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
