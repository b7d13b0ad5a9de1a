"""Loads the recorder plugin as Hermes does and fires hooks at it: `drive.py SCENARIO`.

The file it writes is named by HERMES_OTEL_RECORD_FILE; what a callback returned, and what else a test asks, goes to
standard output as one JSON object.
"""

import enum
import importlib.util
import json
import logging
import os
import signal
import sys
import threading
import time
import types

HERE = os.path.dirname(os.path.abspath(__file__))
PLUGIN = os.path.join(HERE, "..", "..", "src", "recorder", "__init__.py")
HOOKS = ["pre_llm_call", "pre_tool_call", "post_tool_call", "pre_gateway_dispatch", "on_hook_of_tomorrow"]


class Context:
    """The part of Hermes's PluginContext that a plugin of hooks uses."""

    def __init__(self):
        self.hooks = {}

    def register_hook(self, name, callback):
        self.hooks[name] = callback

    def fire(self, name, **kwargs):
        # Hermes swallows what a callback raises; here it must be seen.
        returned.append(self.hooks[name](**kwargs))


returned = []


def load(valid_hooks=None):
    if valid_hooks is not None:
        package = types.ModuleType("hermes_cli")
        plugins = types.ModuleType("hermes_cli.plugins")
        plugins.VALID_HOOKS = set(valid_hooks)
        sys.modules.update({"hermes_cli": package, "hermes_cli.plugins": plugins})
    spec = importlib.util.spec_from_file_location("hermes_plugins.hermes_otel_recorder", PLUGIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    context = Context()
    module.register(context)
    return module, context


def events():
    """Fires what stands on standard input: one [hook, arguments] per line."""
    fired = [json.loads(line) for line in sys.stdin]
    _, context = load({hook for hook, _ in fired})
    for hook, kwargs in fired:
        context.fire(hook, **kwargs)
    return {}


def odd_values():
    class Hostile:
        def __str__(self):
            raise RuntimeError("no")

    class Color(str, enum.Enum):
        RED = "red"

    class Level(enum.IntEnum):
        HIGH = 3

    class Real(float):
        def __repr__(self):
            return "Real()"

    loop = []
    loop.append(loop)
    deep = "bottom"
    for _ in range(5000):
        deep = {"d": deep}
    _, context = load(HOOKS)
    context.fire(
        "pre_tool_call",
        tool_name="odd",
        nan=float("nan"), infinity=float("inf"), minus=float("-inf"), huge=10**6000, big=2**60,
        hostile=Hostile(), thing=object, binary=b"a\xff", many={3, }, color=Color.RED, level=Level.HIGH,
        real=Real(1.5), pair=(1, 2), loop=loop, deep=deep,
        text="a\ud800b\u2028c", **{"k\udfff": 1},
        keys={1: "one", (1, 2): "two", None: "three"},
        wide=list(range(100000)),
    )
    return {}


def own_names():
    _, context = load(HOOKS)
    context.fire("pre_gateway_dispatch", event="theirs", seq=7, ts=1, pid=2)
    return {}


def threads():
    _, context = load(HOOKS)

    def work(number):
        for count in range(250):
            context.fire("pre_tool_call", tool_name="t", worker=number, count=count, args={"text": "x" * 2000})

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {}


def one_of_many():
    """One of several processes that write to one log: told its number, fires 400 events."""
    _, context = load(HOOKS)
    for count in range(400):
        context.fire("pre_tool_call", tool_name="t", worker=int(sys.argv[2]), count=count, args={"text": "x" * 300})
    return {}


def fork():
    """A child born while another thread holds the recorder's lock must not wait for it."""
    module, context = load(HOOKS)
    recorder = context.hooks["pre_llm_call"].__closure__
    locks = [cell.cell_contents.lock for cell in recorder if hasattr(cell.cell_contents, "lock")]
    held, release = threading.Event(), threading.Event()

    def hold():
        with locks[0]:
            held.set()
            release.wait(20)

    context.fire("pre_llm_call", who="parent")
    threading.Thread(target=hold, daemon=True).start()
    held.wait(20)
    child = os.fork()
    if child == 0:
        signal.alarm(10)
        context.fire("pre_llm_call", who="child")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    release.set()
    context.fire("pre_llm_call", who="parent")
    return {"child_status": status, "locks": len(locks)}


def signals():
    """A signal handler that fires a hook, again and again, while the same thread is recording."""
    _, context = load(HOOKS)
    fired = [0]

    def handler(_number, _frame):
        fired[0] += 1
        context.fire("post_tool_call", tool_name="t", status="ok", by="handler")

    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    total = 0
    until = time.monotonic() + 50
    while fired[0] < 100 and time.monotonic() < until:
        context.fire("pre_tool_call", tool_name="t", args={"text": "x" * 4000}, by="main")
        total += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    return {"main": total, "handler": fired[0]}


def moved():
    """The log is renamed, then removed, by somebody else between events."""
    _, context = load(HOOKS)
    path = os.environ["HERMES_OTEL_RECORD_FILE"]
    context.fire("pre_llm_call", n=1)
    os.rename(path, path + ".moved")
    context.fire("pre_llm_call", n=2)
    os.unlink(path)
    context.fire("pre_llm_call", n=3)
    return {}


def recovers():
    """A directory stands where the log should be, and then no longer does."""
    _, context = load(HOOKS)
    path = os.environ["HERMES_OTEL_RECORD_FILE"]
    context.fire("pre_llm_call", n=1)
    os.mkdir(path + ".away")
    os.rmdir(path)
    context.fire("pre_llm_call", n=2)
    return {}


def stolen_lock():
    """Another process removes the rotation lock as stale while this one renames the logs."""
    module, context = load(HOOKS)
    shift = module.Log.shift

    def steal_and_shift(log):
        os.unlink(log.path + ".lock")
        shift(log)

    module.Log.shift = steal_and_shift
    for number in range(4):
        context.fire("pre_llm_call", n=number, user_message="x" * 90)
    return {}


def full_disk():
    """How often Hermes's own log hears of it."""
    heard = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    _, context = load(HOOKS)
    for _ in range(5):
        context.fire("pre_llm_call", user_message="x")
    return {"heard": heard}


def cost():
    """CPU time of one event in microseconds, as this process counts it: the median of 1000."""
    _, context = load(HOOKS)
    fields = {"tool_name": "terminal", "args": {"command": "ls -la"}, "result": "x" * 20000, "status": "ok",
              "session_id": "20261123_081442_04901a", "task_id": "t" * 36, "turn_id": "u" * 90, "tool_call_id": "c" * 29,
              "api_request_id": "a" * 100, "duration_ms": 12, "conversation_history": [{"content": "x" * 1000}] * 200}
    spent = []
    for _ in range(1000):
        before = time.thread_time_ns()
        context.fire("post_tool_call", **fields)
        spent.append(time.thread_time_ns() - before)
    return {"median_micros": sorted(spent)[500] / 1000}


def names():
    module, context = load(HOOKS)
    return {
        "registered": sorted(context.hooks),
        "heavy": sorted(module.HEAVY), "plain": sorted(module.PLAIN), "plain_objects": sorted(module.PLAIN_OBJECTS),
        "plain_lists": sorted(module.PLAIN_LISTS), "prose_reason": module.PROSE_REASON,
        "review_opening": module.REVIEW_OPENING,
        "bounds": [module.ID_CHARS, module.KEY_CHARS, module.MAX_DEPTH, module.MAX_VALUES, module.FULL_STRINGS],
    }


def without_hermes():
    _, context = load()
    return {"registered": sorted(context.hooks)}


SCENARIOS = (events, odd_values, own_names, threads, one_of_many, fork, signals, moved, recovers, stolen_lock, full_disk, cost, names, without_hermes)
told = {scenario.__name__: scenario for scenario in SCENARIOS}[sys.argv[1]]()
told["returned_only_none"] = all(value is None for value in returned)
json.dump(told, sys.stdout)
