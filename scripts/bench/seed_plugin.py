"""Ratio (c): the live plugin's own eight hooks, called with what the log says. argv: log. Resource usage goes to descriptor 3."""

import json
import os
import resource
import sys

import hermes_plugin_otel_tracing as plugin

hooks = {}


class Context:
    def register_hook(self, name, callback):
        hooks[name] = callback


plugin.register(Context())
if len(hooks) != 8:
    sys.exit("the plugin registered %d hooks, not 8" % len(hooks))

with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        body = json.loads(line)
        hook = hooks.get(body.get("event") or body.get("hook_event_name"))
        if hook is None:
            continue
        fields = {**body, **body.get("extra", {})}
        if "tool_input" in fields:
            fields["args"] = fields.pop("tool_input")
        hook(**fields)

# The plugin leaves the rest to the providers' own clean-up at exit; here it is waited for.
plugin._tracer_provider.shutdown() if getattr(plugin, "_tracer_provider", None) else None

used = resource.getrusage(resource.RUSAGE_SELF)
os.write(3, json.dumps({"cpuMillis": (used.ru_utime + used.ru_stime) * 1000, "rssMb": used.ru_maxrss / 1024}).encode())
