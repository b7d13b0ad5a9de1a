"""Recorder of hermes-otel: writes every Hermes hook event as one line of NDJSON, with the time of the event.

It does not influence the agent: callbacks return None and never raise, and a log that cannot be written costs lines,
never a turn. Standard library only. docs/recording.md explains the settings.
"""

import json
import logging
import math
import os
import re
import stat
import threading
import time
from hashlib import blake2b

# Copies of the whole conversation, or objects: up to 356 KB per line, and no span needs them.
HEAVY = frozenset(
    "conversation_history request_messages request response assistant_message system_prompt".split()
)

# The only strings that are written without content: ids, names and codes. Any other field counts as content, so a new
# hook or field of a later Hermes cannot leak.
PLAIN = frozenset(
    """
    hook_event_name telemetry_schema_version session_id task_id turn_id api_request_id tool_call_id session_key
    parent_session_id parent_turn_id parent_subagent_id child_session_id child_subagent_id child_role child_status
    old_session_id new_session_id sender_id run_id room_id thread_id member_id delivery_id profile profile_name board
    model response_model provider base_url api_mode platform surface finish_reason turn_exit_reason reason
    invalidation_reason status error_type error_code type tool_name env_type aux_task kind event_type pattern_key
    choice decided_by skill_name action provenance
    """.split()
)
# The only objects and lists whose values are written without content.
PLAIN_OBJECTS = frozenset(("usage", "error"))
PLAIN_LISTS = frozenset(("pattern_keys",))
# In these hooks `reason` is prose, not a code.
PROSE_REASON = "kanban_"

# The first words of the prompt of Hermes's background review, whose turns only the message tells from the user's.
REVIEW_OPENING = "Review the conversation above"

# Names that the line itself uses. An argument of a hook with such a name (`pre_gateway_dispatch` has an `event`) gets
# a trailing underscore.
OWN = frozenset(("ts", "event", "pid", "seq"))

ID_CHARS = 1024
KEY_CHARS = 256
# Limits for one line, independent of its content: they bound the cost of an event.
MAX_DEPTH = 16
MAX_VALUES = 2000
# How many strings of full length fit in one line.
FULL_STRINGS = 8

# Never written, so that nobody can test guessed arguments against a digest.
DIGEST_KEY = os.urandom(16)

STALE_LOCK_SECONDS = 60.0
MAX_KEEP = 1000

# Used when `hermes_cli.plugins.VALID_HOOKS` cannot be imported.
FALLBACK_HOOKS = """
    on_session_start on_session_end on_session_finalize on_session_reset pre_llm_call post_llm_call pre_api_request
    post_api_request pre_tool_call post_tool_call
""".split()

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode
_url_secrets = re.compile(r"(?<=//)[^/@]*@|[?#].*", re.DOTALL)
_log = logging.getLogger(__name__)


class Settings:
    """Settings from the environment. An invalid value counts as not given."""

    def __init__(self, env):
        self.path = _log_path(env)
        self.max_chars = _whole_number(env.get("HERMES_OTEL_RECORD_MAX_CHARS"), 4096)
        self.max_bytes = _whole_number(env.get("HERMES_OTEL_RECORD_MAX_BYTES"), 64 * 1024 * 1024)
        self.keep = min(_whole_number(env.get("HERMES_OTEL_RECORD_KEEP"), 5), MAX_KEEP)
        self.content = _is_on(env.get("HERMES_OTEL_RECORD_CONTENT"))
        self.enabled = _is_on(env.get("HERMES_OTEL_ENABLED"))


def _log_path(env):
    given = (env.get("HERMES_OTEL_RECORD_FILE") or "").strip()
    if given:
        return os.path.abspath(os.path.expanduser(given))
    home = (env.get("HERMES_HOME") or "").strip() or os.path.join("~", ".hermes")
    return os.path.join(os.path.abspath(os.path.expanduser(home)), "hermes-otel", "hooks.ndjson")


def _is_on(text):
    return (text or "").strip().lower() not in ("false", "0", "no", "off")


def _whole_number(text, default):
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default


class Line:
    """Builds the line of one event: removes and truncates values, and converts what JSON cannot represent."""

    __slots__ = ("max_chars", "content", "chars_left", "values_left")

    def __init__(self, max_chars, content):
        self.max_chars = max_chars
        self.content = content
        self.chars_left = max_chars * FULL_STRINGS
        self.values_left = MAX_VALUES

    def text(self, head, event, kwargs):
        fields = dict(head)
        for name, value in kwargs.items():
            if name in HEAVY:
                continue
            if self.content or self.is_plain(event, name, value):
                fields[name + "_" if name in OWN else name] = self.value(name, value, 0)
        fields.update(self.derived(event, kwargs))
        return _encode(fields)

    def is_plain(self, event, name, value):
        if isinstance(value, str):
            return name in PLAIN and not (name == "reason" and event.startswith(PROSE_REASON))
        if value is None or isinstance(value, (bool, int, float)):
            return True
        if isinstance(value, dict):
            return name in PLAIN_OBJECTS
        return name in PLAIN_LISTS and isinstance(value, (list, tuple))

    def value(self, name, value, depth):
        kind = type(value)
        if kind is str:
            return self.string(name, value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if -(1 << 63) <= value < 1 << 63 else "<int of %d bits>" % value.bit_length()
        if kind is float:
            return value if math.isfinite(value) else None
        if isinstance(value, dict):
            return self.mapping(value, depth + 1)
        if isinstance(value, (list, tuple)):
            return self.sequence(name, value, depth + 1)
        return self.other(name, value, depth)

    def mapping(self, mapping, depth):
        if depth > MAX_DEPTH:
            return "<nested too deep>"
        out = {}
        for key, value in mapping.items():
            self.values_left -= 1
            if self.values_left < 0:
                out["<more>"] = len(mapping) - len(out)
                break
            key = (key if isinstance(key, str) else _str(key))[:KEY_CHARS]
            if not (self.content or self.is_plain("", key, value)):
                continue
            out[key] = self.value(key, value, depth)
        return out

    def sequence(self, name, sequence, depth):
        if depth > MAX_DEPTH:
            return "<nested too deep>"
        out = []
        for value in sequence:
            self.values_left -= 1
            if self.values_left < 0:
                out.append("<%d more>" % (len(sequence) - len(out)))
                break
            out.append(self.value(name, value, depth))
        return out

    def other(self, name, value, depth):
        """Subclasses of JSON's own types are written as these types (a `str` enum, numpy's float64), others as `str()`."""
        for base in (str, int, float):
            if isinstance(value, base):
                return self.value(name, getattr(base, "__%s__" % base.__name__)(value), depth)
        if isinstance(value, (bytes, bytearray)):
            return self.string(name, value[: self.max_chars].decode("utf-8", "backslashreplace"))
        return self.string(name, _str(value))

    def string(self, name, text):
        # Ids are compared for pairing, so they have a limit of their own.
        if name in PLAIN:
            if name == "base_url":
                text = _url_secrets.sub("", text)
            return text if len(text) <= ID_CHARS else text[:ID_CHARS]
        room = min(self.max_chars, self.chars_left)
        if len(text) <= room:
            self.chars_left -= len(text)
            return text
        self.chars_left -= room
        return "%s... [%d more]" % (text[:room], len(text) - room)

    def derived(self, event, kwargs):
        """What a replay needs to know of content that is removed or truncated."""
        out = {}
        if not self.content:
            if "user_message" in kwargs:
                out["review_prompt"] = _opening(kwargs["user_message"]).startswith(REVIEW_OPENING)
            # Calls without an id are paired by name and arguments; before 0.16 only the end of a call had the id.
            if "args" in kwargs and not (kwargs.get("tool_call_id") and "telemetry_schema_version" in kwargs):
                out["args_digest"] = self.digest(kwargs["args"])
        if event == "post_tool_call" and not kwargs.get("status"):
            out.update(self.outcome(kwargs.get("result")))
        return out

    def digest(self, args):
        """Equal for equal arguments within one process, and meaningless outside it."""
        text = _encode(Line(self.max_chars, True).value("args", args, 0))
        return blake2b(text.encode("utf-8", "backslashreplace"), key=DIGEST_KEY, digest_size=6).hexdigest()

    def outcome(self, result):
        """The rule of Hermes 0.16 and later, for versions that send no `status`."""
        error = _error_of(result)
        if not error:
            return {"status": "ok"}
        if not self.content:
            return {"status": "error"}
        message = error if isinstance(error, str) else _str(error)
        return {"status": "error", "error_message": self.string("", message)}


def _str(value):
    try:
        return str(value)
    except Exception:
        return "<%s>" % type(value).__name__


def _opening(message):
    """The first text of a user message, which is a string or a list of content parts."""
    if isinstance(message, (list, tuple)) and message:
        message = message[0].get("text") if isinstance(message[0], dict) else message[0]
    return message if isinstance(message, str) else ""


def _error_of(result):
    if isinstance(result, str):
        # Parsing a large result costs milliseconds. Without this word it has no error.
        if '"error"' not in result:
            return None
        try:
            result = json.loads(result)
        except (ValueError, RecursionError):
            return None
    return result.get("error") if isinstance(result, dict) else None


class Log:
    """The log file: opened at the first event, reopened when it was moved away, rotated when it is full."""

    def __init__(self, settings):
        self.path = settings.path
        self.max_bytes = settings.max_bytes
        self.keep = settings.keep
        self.fd = None
        self.identity = None
        # True when the file may end in half a line, which a line break then ends.
        self.torn = False

    def append(self, data):
        """One event, one write: with O_APPEND, lines of several processes never mix. Raises OSError."""
        found = self.stat()
        if found is not None and self.is_full(found, len(data)):
            self.rotate(len(data))
            found = self.stat()
        if self.fd is None or found is None or (found.st_dev, found.st_ino) != self.identity:
            self.open()
        if self.torn:
            data = b"\n" + data
        self.torn = os.write(self.fd, data) != len(data)

    def stat(self):
        try:
            return os.stat(self.path)
        except FileNotFoundError:
            return None

    def open(self):
        self.close()
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        # Read access is for the last byte. Non-blocking: if the path is a FIFO, the agent must not wait for its
        # reader.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        self.fd = os.open(self.path, flags, 0o600)
        found = os.fstat(self.fd)
        self.identity = (found.st_dev, found.st_ino)
        self.torn = stat.S_ISREG(found.st_mode) and self.ends_in_half_line() and self.still_ends_in_half_line()

    def ends_in_half_line(self):
        if os.fstat(self.fd).st_size == 0:
            return False
        os.lseek(self.fd, -1, os.SEEK_END)
        return os.read(self.fd, 1) != b"\n"

    def still_ends_in_half_line(self):
        """A large line that another process is writing grows page by page."""
        time.sleep(0.002)
        return self.ends_in_half_line()

    def close(self):
        fd, self.fd = self.fd, None
        if fd is not None:
            os.close(fd)

    def is_full(self, found, more):
        return 0 < self.max_bytes < found.st_size + more and found.st_size > 0 and stat.S_ISREG(found.st_mode)

    def rotate(self, more):
        """`hooks.ndjson` becomes `.1`, `.1` becomes `.2`, and so on.

        Of several processes that find the file full, the one that creates the lock file renames; the others continue
        to write, and find the new file at their next event. The lock of a killed process is removed after a minute.
        """
        lock = self.path + ".lock"
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError:
            self.remove_stale(lock)
            return
        try:
            found = self.stat()
            if found is not None and self.is_full(found, more):
                self.close()
                self.shift()
        except OSError as problem:
            _warn_once("cannot rotate %s: %s", self.path, problem)
        finally:
            try:
                os.unlink(lock)
            except FileNotFoundError:
                # Another process has removed it as stale.
                pass

    def shift(self):
        if self.keep == 0:
            os.unlink(self.path)
            return
        names = [self.path] + ["%s.%d" % (self.path, number) for number in range(1, self.keep + 1)]
        free = next((at for at, name in enumerate(names) if at > 0 and not os.path.exists(name)), self.keep)
        for at in range(free, 0, -1):
            os.replace(names[at - 1], names[at])

    def remove_stale(self, lock):
        try:
            if time.time() - os.stat(lock).st_mtime > STALE_LOCK_SECONDS:
                os.unlink(lock)
        except OSError:
            pass


class Recorder:
    """Numbers the events of this process and appends them to the log. Safe with threads, forks and signal handlers."""

    def __init__(self, settings):
        self.settings = settings
        self.log = Log(settings)
        self.seq = 0
        # Re-entrant: a signal handler that ends the session calls hooks on the thread it interrupted.
        self.lock = threading.RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.after_fork)

    def after_fork(self):
        # A thread that does not exist in the child may have held the lock.
        self.lock = threading.RLock()
        self.seq = 0

    def record(self, event, kwargs):
        ts = round(time.time(), 6)
        try:
            with self.lock:
                # Counted before anything can fail: a gap in `seq` shows that a line was lost.
                self.seq += 1
                head = {"ts": ts, "event": event, "pid": os.getpid(), "seq": self.seq}
                text = Line(self.settings.max_chars, self.settings.content).text(head, event, kwargs) + "\n"
                # The backslash form of a lone surrogate is its escape in a JSON string.
                self.log.append(text.encode("utf-8", "backslashreplace"))
        except Exception as problem:
            _warn_once("cannot record %s: %s: %s", event, type(problem).__name__, problem)

    def callback(self, event):
        def record_event(**kwargs):
            self.record(event, kwargs)

        return record_event


_warned = set()


def _warn_once(message, *args):
    """Warns in Hermes's own log, once for each kind of problem: a full disk must not fill it."""
    if message in _warned:
        return
    _warned.add(message)
    try:
        _log.warning("hermes-otel recorder: " + message, *args)
    except Exception:
        pass


def hook_names():
    """All hooks of this Hermes, in a fixed order."""
    try:
        from hermes_cli.plugins import VALID_HOOKS

        return sorted(VALID_HOOKS)
    except Exception:
        return list(FALLBACK_HOOKS)


def register(ctx):
    """Called by Hermes when the plugin is loaded."""
    settings = Settings(os.environ)
    if not settings.enabled:
        return
    recorder = Recorder(settings)
    for name in hook_names():
        ctx.register_hook(name, recorder.callback(name))
