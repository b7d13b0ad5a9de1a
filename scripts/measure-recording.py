"""What recording costs an agent per event, on this machine. Wants a build: `npm run build` first.

The plugin is loaded and called as Hermes does it. Shell hooks are run as Hermes runs them: a process per event, the
body on its standard input, its end waited for. The events are those of a turn with tools: small ones, and a tool's
result of 20,000 characters beside a conversation of 200 messages.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EVENTS = 5000
PROCESSES = 60
IDS = {
    "session_id": "20261123_081442_04901a",
    "task_id": "b753ede2-9f12-42ea-a4a0-9639ec327a20",
    "turn_id": "20261123_081442_04901a:b753ede2-9f12-42ea-a4a0-9639ec327a20:dfd5c8c8",
    "api_request_id": "20261123_081442_04901a:b753ede2-9f12-42ea-a4a0-9639ec327a20:dfd5c8c8:api:1",
    "telemetry_schema_version": "hermes.observer.v1",
}
CONVERSATION = [{"role": "user", "content": "x" * 500}] * 200
CASES = {
    "a small event": ("pre_tool_call", {**IDS, "tool_name": "terminal", "args": {"command": "ls -la"}, "tool_call_id": "call_1"}),
    "an API call": ("pre_api_request", {**IDS, "model": "m", "provider": "p", "user_message": "hello", "message_count": 200,
                                        "request_messages": CONVERSATION, "conversation_history": CONVERSATION}),
    "a tool's result": ("post_tool_call", {**IDS, "tool_name": "terminal", "args": {"command": "ls -la"}, "tool_call_id": "call_1",
                                           "result": "x" * 20000, "status": "ok", "duration_ms": 12}),
}


class Context:
    def __init__(self):
        self.hooks = {}

    def register_hook(self, name, callback):
        self.hooks[name] = callback


def load_plugin():
    spec = importlib.util.spec_from_file_location("recorder", os.path.join(ROOT, "src", "recorder", "__init__.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    context = Context()
    module.register(context)
    return context.hooks


def measure_plugin():
    hooks = load_plugin()
    for title, (hook, kwargs) in CASES.items():
        wall, cpu = [], []
        for _ in range(EVENTS):
            started, used = time.perf_counter_ns(), time.thread_time_ns()
            hooks[hook](**kwargs)
            cpu.append(time.thread_time_ns() - used)
            wall.append(time.perf_counter_ns() - started)
        show("plugin, " + title, [value / 1e6 for value in wall], [value / 1e6 for value in cpu])


def measure_commands(directory):
    """Back to back, in turns, so that all of them meet the same load."""
    bare = os.path.join(directory, "bare.mjs")
    with open(bare, "w") as file:
        file.write("import { appendFileSync, readFileSync } from 'node:fs';\n"
                   "appendFileSync(process.argv[2], `${readFileSync(0, 'utf8')}\\n`);\n")
    log = os.path.join(directory, "bare.ndjson")
    commands = {
        "shell hook, bare Node": ["node", bare, log],
        "shell hook, hermes-otel record": ["node", os.path.join(ROOT, "bin", "hermes-otel.js"), "record"],
    }
    hook, kwargs = CASES["a tool's result"]
    body = json.dumps({"hook_event_name": hook, "tool_name": "terminal", "tool_input": kwargs["args"], "extra": kwargs})
    spent = {title: [] for title in commands}
    for _ in range(PROCESSES):
        for title, command in commands.items():
            started = time.perf_counter_ns()
            subprocess.run(command, input=body, text=True, capture_output=True, check=True)
            spent[title].append((time.perf_counter_ns() - started) / 1e6)
    for title, values in spent.items():
        show(title, values)


def show(title, wall, cpu=None):
    def at(values, share):
        return sorted(values)[int(len(values) * share)]

    used = "" if cpu is None else "   processor %.3f" % at(cpu, 0.5)
    print("%-34s least %.3f   median %.3f   95 %% below %.3f ms%s" % (title, min(wall), at(wall, 0.5), at(wall, 0.95), used))


def main():
    directory = tempfile.mkdtemp(prefix="hermes-otel-cost-")
    os.environ["HERMES_OTEL_RECORD_FILE"] = os.path.join(directory, "hooks.ndjson")
    try:
        print("Python %s, %d processors" % (sys.version.split()[0], os.cpu_count()))
        measure_plugin()
        measure_commands(directory)
    finally:
        shutil.rmtree(directory)


sys.dont_write_bytecode = True
main()
