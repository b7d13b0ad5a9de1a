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

# Copies of the whole conversation, or objects: up to 356 KB per line. Only HERMES_OTEL_RECORD_MESSAGES writes some of them.
HEAVY = frozenset(
    "conversation_history request_messages request response assistant_message system_prompt".split()
)

# What HERMES_OTEL_RECORD_MESSAGES writes: of a request the newest messages, which is where the conversation goes on.
MESSAGES = frozenset("request response system_prompt".split())
RECENT_MESSAGES = 20
TOOL_CHARS = 200

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

# The first words of the prompt of Hermes's background review, whose turns only the message distinguishes from the user's.
REVIEW_OPENING = "Review the conversation above"

# The forms of secrets, written by test/record/secrets.test.ts from src/model/secrets.ts: those whose case matters, then
# the others. What the first group of a form matches is kept.
# BEGIN SECRETS
ISSUED = (
    "(?<![A-Za-z0-9])[spr]k[-_][\\w.=-]{16,}",
    "(?<![A-Za-z0-9])gsk_[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])xai-[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])tvly-[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])pplx-[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])bb_(?:live|test)_[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])nvapi-[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])lsv2_[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])pcsk_[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])jina_[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])e(?:2b|secret)_[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])csk-[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])tgp_v1_[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])BSA[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])(?:fc-|fw_|r8_)[A-Za-z0-9]{16,}",
    "(?<![A-Za-z0-9])gh[oprsu]_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])github_pat_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])gl[a-z]{2,8}-[\\w.=-]{16,}",
    "(?<![A-Za-z0-9])A(?:KI|SI|RO|ID)A[A-Z0-9]{16}",
    "(?<![A-Za-z0-9])AIza[\\w.=-]{30,}",
    "(?<![A-Za-z0-9])ya29\\.[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])GOCSPX-[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])1//[\\w.=-]{30,}",
    "(?<![A-Za-z0-9])xox[abceoprs][-.][\\w.=-]{10,}",
    "(?<![A-Za-z0-9])xapp-[\\w.=-]{10,}",
    "hooks\\.slack\\.com/(?:services|workflows|triggers)/[\\w/]{20,}",
    "(?<![A-Za-z0-9])[MNO][\\w-]{23,27}\\.[\\w-]{6}\\.[\\w-]{27,}",
    "discord(?:app)?\\.com/api/webhooks/\\d{1,30}/[\\w-]{20,}",
    "(?<!\\d)\\d{8,10}:AA[\\w-]{30,}",
    "(?<![A-Za-z0-9])npm_[\\w.=-]{30,}",
    "(?<![A-Za-z0-9])hf_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])api_org_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])do[opr]_v1_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])shp(?:at|ca|pa|ss)_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])lin_(?:api|oauth)_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])figd_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])sntry[su]_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])NRAK-[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])pypi-[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])rubygems_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])dckr_(?:pat|oat)_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])hv[sbr]\\.[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])pul-[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])pscale_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])PMAK-[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])sb(?:p|_secret)_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])nfp_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])HRKU-[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])f[mo][12]_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])AT(?:ATT3|BB|CTT3)[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])sq0(?:atp|csp)-[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])EAA[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])ntn_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])dp\\.(?:pt|st|ct|sa)\\.[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])syt_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])ph[cx]_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])rnd_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])sgp_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])xkeysib-[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])CFPAT-[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])tskey-[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])gl(?:sa|c)_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])whsec_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])dt0[cs]\\d\\d\\.[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])sq[apu]_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])odt_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])pnu_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])rdme_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])dbt[cu]_[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])pat\\.acc\\.[\\w.=-]{20,}",
    "(?<![A-Za-z0-9])SG\\.[\\w-]{16,}\\.[\\w-]{16,}",
    "(?<![A-Za-z0-9])(?:SK|AC|key-|dapi)[0-9a-f]{32}",
    "(?<![A-Za-z0-9])cio[A-Za-z0-9]{32}",
    "(?<![A-Za-z0-9])[A-Za-z0-9]{14}\\.atlasv1\\.[\\w-]{20,}",
    "(?<![A-Za-z0-9])secret_[A-Za-z0-9]{40,}",
    "(?<![A-Za-z0-9])re_[A-Za-z0-9]{6,}_\\w{16,}",
    "(?<![A-Za-z0-9])pat[A-Za-z0-9]{14}\\.[0-9a-f]{40,}",
    "AGE-SECRET-KEY-1[A-Z0-9]{30,}",
    "webhook\\.office\\.com/webhookb2/[\\w@/-]{20,}",
    "hooks\\.zapier\\.com/hooks/catch/\\d{1,20}/[\\w/]{6,}",
    "maker\\.ifttt\\.com/trigger/[\\w-]{1,100}/(?:json/)?with/key/[\\w-]{16,}",
    "(?<![\\w-])eyJ[\\w-]{8,512}\\.[\\w-]{8,}(?:\\.[\\w-]{0,4000})?",
    "-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\\s\\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)",
    "\\$(?:1|2[aby]|5|6|y|apr1|argon2id?)\\$[\\w./$,=+-]{20,}",
)
ANNOUNCED = (
    "(authorization(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?!(?:(?:bearer|basic|token|api-?key|key|digest|negotiate|sso-key|ssws|aws4-hmac-sha256)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){1,4})?\\[redacted)(?:(?:bearer|basic|token|api-?key|key|digest|negotiate|sso-key|ssws|aws4-hmac-sha256)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){1,4})?)[^\\s\"'`\\\\]{4,}",
    "((?:a(?:ccess|ccount|dmin|pi|pp|uth)|bot|client|consumer|deploy|encryption|gpg|integration|license|master|private|routing|s(?:ecret|ervice|hared|igning|sh|torage|ubscription)|webhook)[ _.-]?key(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)((?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?:\\\\{1,40}\\2|(?!\\2)[\\s\\S]){3,4000}",
    "(token(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)((?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?:\\\\{1,40}\\2|(?!\\2)[\\s\\S]){3,4000}",
    "(secret(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)((?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?:\\\\{1,40}\\2|(?!\\2)[\\s\\S]){3,4000}",
    "(credentials?(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)((?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?:\\\\{1,40}\\2|(?!\\2)[\\s\\S]){3,4000}",
    "(connection[ _-]?string(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)((?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?:\\\\{1,40}\\2|(?!\\2)[\\s\\S]){3,4000}",
    "((?:PHPSESS|JSESSION)ID(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)((?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?:\\\\{1,40}\\2|(?!\\2)[\\s\\S]){3,4000}",
    "(pass(?:w(?:or)?d|phrase|code)(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)((?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?:\\\\{1,40}\\2|(?!\\2)[\\s\\S]){3,4000}",
    "(pwd(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)((?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?:\\\\{1,40}\\2|(?!\\2)[\\s\\S]){3,4000}",
    "([_-]pass(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)((?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?:\\\\{1,40}\\2|(?!\\2)[\\s\\S]){3,4000}",
    "((?:a(?:ccess|ccount|dmin|pi|pp|uth)|bot|client|consumer|deploy|encryption|gpg|integration|license|master|private|routing|s(?:ecret|ervice|hared|igning|sh|torage|ubscription)|webhook)[ _.-]?key(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)(?:(?:bearer|basic)\\s)?)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\&;,<>(){}|]{6,}",
    "(token(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)(?:(?:bearer|basic)\\s)?)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\&;,<>(){}|]{6,}",
    "(secret(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)(?:(?:bearer|basic)\\s)?)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\&;,<>(){}|]{6,}",
    "(credentials?(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)(?:(?:bearer|basic)\\s)?)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\&;,<>(){}|]{6,}",
    "(connection[ _-]?string(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)(?:(?:bearer|basic)\\s)?)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\&;,<>(){}|]{6,}",
    "((?:PHPSESS|JSESSION)ID(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)(?:(?:bearer|basic)\\s)?)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\&;,<>(){}|]{6,}",
    "(pass(?:w(?:or)?d|phrase|code)(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\&;,<>(){}|]{3,}",
    "(pwd(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\&;,<>(){}|]{3,}",
    "([_-]pass(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>))(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\&;,<>(){}|]{3,}",
    "((?<![A-Za-z0-9])_?(?:auth|signature|sig|jwt|sas)(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?=\\S{0,400}?[\\d=])[\\w.~+/=%-]{12,}",
    "((?:(?:api|access|secret|private)[ _-]?key|token|secret|passw(?:or)?d|passphrase|passcode|credentials?)(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){1,3}(?:is|was|are|provided|given|used|value|set|to|not|valid|invalid|incorrect|as|equals)(?![A-Za-z])){0,4}(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,2}[:=]?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){1,3}(?:(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])|\\()?)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?=\\S{0,400}?\\d)(?=\\S{0,400}?[A-Za-z])[\\w.~+/=@!#$%^*-]{6,}",
    "((?:passw(?:or)?d|passphrase|passcode) [\\w .-]{1,40}[:=](?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){1,3}(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?=\\S{0,400}?\\d)(?=\\S{0,400}?[A-Za-z])[\\w.~+/=@!#$%^*-]{6,}",
    "((?<![\\w-])key(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){1,3}(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)(?=\\S{0,400}?\\d)(?=\\S{0,400}?[A-Za-z])[\\w~+/=-]{20,}",
    "((?<![\\w-])--?(?:password|passwd|pass|token|api-?key|secret|access-?key|auth-?token|client-?secret)(?:[ =]{1,3}|(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])\\s{0,2},\\s{0,2})(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!-)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\]{3,}",
    "(sshpass\\s{1,3}-p\\s{0,3}(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!-)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\]{3,}",
    "(mysql(?:dump)?(?=\\s)[^\\n|;&]{0,100}?\\s-p(?=\\S)(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!-)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\]{3,}",
    "((?:docker|podman|registry|oc|az|argocd)\\s{1,3}login\\s[^\\n|;&]{0,100}?-p[ =](?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!-)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\]{3,}",
    "(redis-cli\\s[^\\n|;&]{0,100}?-a\\s{1,3}(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!-)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\]{3,}",
    "(ldap(?:search|modify|add|delete|passwd|whoami)\\s[^\\n|;&]{0,100}?-w\\s{0,3}(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!-)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\]{3,}",
    "(openssl\\s[^\\n|;&]{0,100}?-k\\s{1,3}(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!-)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\]{3,}",
    "(--from-literal[= ][\\w.-]{1,60}=(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!-)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\]{3,}",
    "(--with-token\\s{1,3}<<<\\s{0,3}(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!-)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\]{3,}",
    "((?:identified\\s{1,3}by|with\\s{1,3}(?:encrypted\\s{1,3})?password)\\s{1,3}(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!-)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\]{3,}",
    "((?<![\\w-])(?:-u|--user|--proxy-user|--auth)(?:[ =]{1,3}|(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])\\s{0,2},\\s{0,2})(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?[^\\s:\"'`\\\\/]{1,100}:)(?!\\d{1,6}(?!\\S)|//)(?!(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)[^\\s\"'`\\\\]{2,}",
    "(://)(?!\\[redacted\\]@)[^\\s/?#\"'`<>\\\\]{1,1000}(?=@)",
    "(://)(?!\\[redacted)[^\\s/:@?#\"'`[\\\\]{0,200}:(?!\\d{1,5}(?:[/?#\\s]|$))[^\\s\"'`<>\\\\]{1,400}(?=@[\\w.-])",
    "(%3A%2F%2F)(?!\\[redacted)(?:(?!%2F)[^\\s\"'&]){1,1000}(?=%40)",
    "([?&#;](?:amp;)?[\\w.%-]{0,40}?(?:key|token|secret|sig|signature|passw(?:or)?d|pwd|pass|auth|authorization|code|credential|jwt|sas|sid|session|otp|ticket|assertion)=)(?!\\[redacted)[^\\s&#\"'`<>\\\\]{4,}",
    "((?:%3F|%26)[\\w.-]{0,40}?(?:key|token|secret|sig|signature|passw(?:or)?d|pwd|pass|auth|code|credential|jwt|session)%3D)(?!\\[redacted)(?:(?!%26)[^\\s&#\"'`<>\\\\]){4,}",
    "((?<![A-Za-z0-9])(?:bearer|basic|ssws)(?:(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍])|\\+){1,4}(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?=\\S{0,400}?[\\d=]|\\S{24})[\\w.~+/=:-]{8,}",
    "(cookie(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}(?:(?::=|=>|[:=：]|%3A|%3D)(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[␉␊␍]){0,4}|>)(?:\\\\{0,40}[\"'`]|&quot;|&#3[49];|%2[27])?)(?!\\[redacted)(?=[^\\s;=]{1,100}=)[^\\r\\n\"'`\\\\]{4,}",
)
# END SECRETS

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
# Shorter than any key, or an id.
_plain_name = re.compile(r"[A-Za-z0-9_.]{0,13}\Z|(?!.*(?:fc-|e2b_|dapi))(?:[0-9a-f:_-]|api|call)*\Z")
_log = logging.getLogger(__name__)


_secrets = []


def redact(text):
    """`text` without secrets. Compiles the forms at the first text that is more than a name, which takes 0.1 s."""
    if _plain_name.match(text):
        return text
    if not _secrets:
        for forms, flags in ((ISSUED, re.ASCII), (ANNOUNCED, re.ASCII | re.IGNORECASE)):
            _secrets.extend(re.compile(form, flags) for form in forms)
    for form in _secrets:
        text = form.sub(_marked, text)
    return text


def _marked(match):
    return (match.group(1) if match.re.groups else "") + "[redacted]"


class Settings:
    """Settings from the environment. An invalid value counts as not given."""

    def __init__(self, env):
        self.path = _log_path(env)
        self.max_chars = _whole_number(env.get("HERMES_OTEL_RECORD_MAX_CHARS"), 4096)
        self.max_bytes = _whole_number(env.get("HERMES_OTEL_RECORD_MAX_BYTES"), 64 * 1024 * 1024)
        self.keep = min(_whole_number(env.get("HERMES_OTEL_RECORD_KEEP"), 5), MAX_KEEP)
        self.content = _is_on(env.get("HERMES_OTEL_RECORD_CONTENT"))
        self.messages = self.content and _is_true(env.get("HERMES_OTEL_RECORD_MESSAGES"))
        self.enabled = _is_on(env.get("HERMES_OTEL_ENABLED"))


def _log_path(env):
    given = (env.get("HERMES_OTEL_RECORD_FILE") or "").strip()
    if given:
        return os.path.abspath(os.path.expanduser(given))
    home = (env.get("HERMES_HOME") or "").strip() or os.path.join("~", ".hermes")
    return os.path.join(os.path.abspath(os.path.expanduser(home)), "hermes-otel", "hooks.ndjson")


def _is_on(text):
    return (text or "").strip().lower() not in ("false", "0", "no", "off")


def _is_true(text):
    return (text or "").strip().lower() in ("true", "1", "yes", "on")


def _whole_number(text, default):
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default


class Line:
    """Builds the line of one event: removes and truncates values, and converts what JSON cannot represent."""

    __slots__ = ("max_chars", "content", "messages", "chars_left", "values_left")

    def __init__(self, max_chars, content, messages=False):
        self.max_chars = max_chars
        self.content = content
        self.messages = messages
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
        if self.messages:
            fields.update(self.conversation(kwargs))
        return _encode(fields)

    def conversation(self, kwargs):
        """Request and response of a model, within limits of their own: they take no room from the other fields."""
        out = {}
        for name in sorted(MESSAGES.intersection(kwargs)):
            value = _recent(kwargs[name])
            # Before 0.16 a response was an object of the provider's library.
            if isinstance(value, (dict, list, str)):
                out[name] = Line(self.max_chars, True).value(name, value, 0)
        return out

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
            # Hermes puts the texts of exceptions into some codes.
            if not self.content:
                text = redact(text)
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


def _recent(request):
    """A request with its newest messages and the names of its tools; anything else as it is."""
    body = request.get("body") if isinstance(request, dict) else None
    if not isinstance(body, dict):
        return request
    kept = dict(body)
    for key in ("messages", "input"):
        if isinstance(body.get(key), list):
            kept[key] = body[key][-RECENT_MESSAGES:]
    if isinstance(body.get("tools"), list):
        kept["tools"] = [_named(tool) for tool in body["tools"]]
    return {"body": kept}


def _named(tool):
    """A tool without its schema: all schemas are 40 KB, with each request."""
    tool = tool.get("function", tool) if isinstance(tool, dict) else {}
    if not isinstance(tool, dict):
        return {}
    return {key: _str(tool[key])[:TOOL_CHARS] for key in ("name", "description") if tool.get(key)}


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
                text = Line(self.settings.max_chars, self.settings.content, self.settings.messages).text(head, event, kwargs) + "\n"
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
