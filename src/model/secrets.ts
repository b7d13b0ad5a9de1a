/**
 * The forms of secrets: one list for replays, views, `validate` and both recorders. `src/recorder/__init__.py` has a copy, which a
 * test keeps equal, so a pattern uses only what JavaScript and Python have in common. A match is a secret, except for its first
 * group, which is kept because it explains the text. The search takes linear time, whatever the text.
 */

/** A key with a prefix: not within a word, though an underscore may precede it (`KEY_sk-…`). */
const key = (prefix: string, shortest = 20) => `(?<![A-Za-z0-9])${prefix}[\\w.=-]{${shortest},}`;

const MODEL_PROVIDERS =
  '[spr]k[-_] gsk_ xai- tvly- pplx- bb_(?:live|test)_ nvapi- lsv2_ pcsk_ jina_ e(?:2b|secret)_ csk- tgp_v1_'.split(
    ' ',
  );
const SERVICES =
  'do[opr]_v1_ shp(?:at|ca|pa|ss)_ lin_(?:api|oauth)_ figd_ sntry[su]_ NRAK- pypi- rubygems_ dckr_(?:pat|oat)_ hv[sbr]\\. pul- pscale_ PMAK- sb(?:p|_secret)_ nfp_ HRKU- f[mo][12]_ AT(?:ATT3|BB|CTT3) sq0(?:atp|csp)- EAA ntn_ dp\\.(?:pt|st|ct|sa)\\. syt_ ph[cx]_ rnd_ sgp_ xkeysib- CFPAT- tskey- gl(?:sa|c)_ whsec_ dt0[cs]\\d\\d\\. sq[apu]_ odt_ pnu_ rdme_ dbt[cu]_ pat\\.acc\\.'.split(
    ' ',
  );

/**
 * Keys by the form that their issuers gave them: a prefix and a length, so that prose stays. Case matters. Many short patterns are
 * faster than one with many alternatives, because the engine can then skip to the prefix.
 */
export const ISSUED = {
  'model provider key': [
    ...MODEL_PROVIDERS.map((prefix) => key(prefix, 16)),
    key('BSA'),
    '(?<![A-Za-z0-9])(?:fc-|fw_|r8_)[A-Za-z0-9]{16,}',
  ],
  'GitHub token': [key('gh[oprsu]_'), key('github_pat_')],
  'GitLab token': [key('gl[a-z]{2,8}-', 16)],
  'AWS access key': ['(?<![A-Za-z0-9])A(?:KI|SI|RO|ID)A[A-Z0-9]{16}'],
  'Google key': [key('AIza', 30), key('ya29\\.'), key('GOCSPX-'), key('1//', 30)],
  'Slack token': [
    key('xox[abceoprs][-.]', 10),
    key('xapp-', 10),
    'hooks\\.slack\\.com/(?:services|workflows|triggers)/[\\w/]{20,}',
  ],
  'Discord token': [
    '(?<![A-Za-z0-9])[MNO][\\w-]{23,27}\\.[\\w-]{6}\\.[\\w-]{27,}',
    'discord(?:app)?\\.com/api/webhooks/\\d{1,30}/[\\w-]{20,}',
  ],
  'Telegram bot token': ['(?<!\\d)\\d{8,10}:AA[\\w-]{30,}'],
  'npm token': [key('npm_', 30)],
  'Hugging Face token': [key('hf_'), key('api_org_')],
  'service token': [
    ...SERVICES.map((prefix) => key(prefix)),
    '(?<![A-Za-z0-9])SG\\.[\\w-]{16,}\\.[\\w-]{16,}',
    '(?<![A-Za-z0-9])(?:SK|AC|key-|dapi)[0-9a-f]{32}',
    '(?<![A-Za-z0-9])cio[A-Za-z0-9]{32}',
    '(?<![A-Za-z0-9])[A-Za-z0-9]{14}\\.atlasv1\\.[\\w-]{20,}',
    '(?<![A-Za-z0-9])secret_[A-Za-z0-9]{40,}',
    '(?<![A-Za-z0-9])re_[A-Za-z0-9]{6,}_\\w{16,}',
    '(?<![A-Za-z0-9])pat[A-Za-z0-9]{14}\\.[0-9a-f]{40,}',
    'AGE-SECRET-KEY-1[A-Z0-9]{30,}',
    'webhook\\.office\\.com/webhookb2/[\\w@/-]{20,}',
    'hooks\\.zapier\\.com/hooks/catch/\\d{1,20}/[\\w/]{6,}',
    'maker\\.ifttt\\.com/trigger/[\\w-]{1,100}/(?:json/)?with/key/[\\w-]{16,}',
  ],
  'JSON web token': ['(?<![\\w-])eyJ[\\w-]{8,512}\\.[\\w-]{8,}(?:\\.[\\w-]{0,4000})?'],
  'private key': [
    '-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\\s\\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)',
  ],
  'password hash': ['\\$(?:1|2[aby]|5|6|y|apr1|argon2id?)\\$[\\w./$,=+-]{20,}'],
} as const satisfies Forms;

/** The start of a key, at the end of a text that a recorder or a limit has cut. */
export const CUT_KEY = `(?<![A-Za-z0-9])(?:${[...MODEL_PROVIDERS, ...SERVICES, 'gh[oprsu]_', 'github_pat_', 'AIza', 'xox[abceoprs]-', 'npm_', 'hf_', 'AKIA', 'eyJ'].join('|')})[\\w.=-]{4,}(?=(?:\\.{3} \\[\\d+ more\\])?$)`;

type Forms = Readonly<Record<string, readonly string[]>>;

/** Also escaped, as in JSON within JSON, or as HTML. */
const QUOTE = '(?:\\\\{0,40}["\'`]|&quot;|&#3[49];|%2[27])';
/** Also escaped: in JSON, in a URL, and as outputs of this program show it. */
const SPACE = '(?:\\s|\\\\{1,40}(?:[nrt]|u\\{?0{0,3}[9adAD]\\}?)|%20|[\u2409\u240a\u240d])';
/** Between a name and its value: `=`, `: "`, and the same in XML, in a URL and in JSON within JSON. */
const IS = `${QUOTE}?${SPACE}{0,4}(?:(?::=|=>|[:=\uff1a]|%3A|%3D)${SPACE}{0,4}|>)`;
/** What was redacted before, words that are no secret, and the name of the next value. */
const NOT = `(?!${QUOTE}?\\[redacted|(?:true|false|null|none|undefined)(?![\\w-])|[\\w.-]{1,40}[:=]\\s)`;
/** The end of a name, such as `_2` or `_BASE`. */
const END = '(?:[_-]?(?:base|value|data|\\d{1,3}))?(?![A-Za-z0-9_-])';
const KEYS = [
  `(?:a(?:ccess|ccount|dmin|pi|pp|uth)|bot|client|consumer|deploy|encryption|gpg|integration|license|master|private|routing|s(?:ecret|ervice|hared|igning|sh|torage|ubscription)|webhook)[ _.-]?key${END}`,
  `token${END}`,
  `secret${END}`,
  `credentials?${END}`,
  `connection[ _-]?string${END}`,
  `(?:PHPSESS|JSESSION)ID${END}`,
];
const PASSWORDS = [`pass(?:w(?:or)?d|phrase|code)${END}`, `pwd${END}`, `[_-]pass${END}`];
const NAMES = [...KEYS, ...PASSWORDS];
/** The name of a field whose value is a secret. */
export const SECRET_NAME = `(?:${NAMES.join('|')})$`;

/** Of an `Authorization` header. */
const SCHEME = '(?:bearer|basic|token|api-?key|key|digest|negotiate|sso-key|ssws|aws4-hmac-sha256)';
/** A value without quotation marks. */
const BARE = '[^\\s"\'`\\\\&;,<>(){}|]';
/** Digits and letters in one word, unlike words of prose. */
const MIXED = '(?=\\S{0,400}?\\d)(?=\\S{0,400}?[A-Za-z])';

/**
 * Secrets after a name, a scheme or in a place that announces them. Case does not matter. They are searched in this order: those
 * that take the most of a text come last.
 */
export const ANNOUNCED = {
  // `Authorization: Bearer …`
  'authorization header': [
    `(authorization${IS}${QUOTE}?(?!(?:${SCHEME}${SPACE}{1,4})?\\[redacted)(?:${SCHEME}${SPACE}{1,4})?)[^\\s"'\`\\\\]{4,}`,
  ],
  // `"api_key": "…"`, up to the same quotation mark: within the value it has more backslashes.
  'value named as a secret': NAMES.map(
    (name) => `(${name}${IS}(${QUOTE}))${NOT}(?:\\\\{1,40}\\2|(?!\\2)[\\s\\S]){3,4000}`,
  ),
  'key after its name': KEYS.map((name) => `(${name}${IS}(?:(?:bearer|basic)\\s)?)${NOT}${BARE}{6,}`),
  'password after its name': PASSWORDS.map((name) => `(${name}${IS})${NOT}${BARE}{3,}`),
  'signature after its name': [
    `((?<![A-Za-z0-9])_?(?:auth|signature|sig|jwt|sas)${IS}${QUOTE}?)${NOT}(?=\\S{0,400}?[\\d=])[\\w.~+/=%-]{12,}`,
  ],
  // `Incorrect API key provided: …`, `the password is …`
  'secret in a sentence': [
    `((?:(?:api|access|secret|private)[ _-]?key|token|secret|passw(?:or)?d|passphrase|passcode|credentials?)${QUOTE}?(?:${SPACE}{1,3}(?:is|was|are|provided|given|used|value|set|to|not|valid|invalid|incorrect|as|equals)(?![A-Za-z])){0,4}${SPACE}{0,2}[:=]?${SPACE}{1,3}(?:${QUOTE}|\\()?)${NOT}${MIXED}[\\w.~+/=@!#$%^*-]{6,}`,
  ],
  'password in a sentence': [
    `((?:passw(?:or)?d|passphrase|passcode) [\\w .-]{1,40}[:=]${SPACE}{1,3}${QUOTE}?)${NOT}${MIXED}[\\w.~+/=@!#$%^*-]{6,}`,
  ],
  'key in a sentence': [`((?<![\\w-])key${SPACE}{1,3}${QUOTE}?)${NOT}${MIXED}[\\w~+/=-]{20,}`],
  // `--token …`, `["--token", "…"]`
  'secret in a command': [
    `((?<![\\w-])--?(?:password|passwd|pass|token|api-?key|secret|access-?key|auth-?token|client-?secret)(?:[ =]{1,3}|${QUOTE}\\s{0,2},\\s{0,2})`,
    '(sshpass\\s{1,3}-p\\s{0,3}',
    '(mysql(?:dump)?(?=\\s)[^\\n|;&]{0,100}?\\s-p(?=\\S)',
    '((?:docker|podman|registry|oc|az|argocd)\\s{1,3}login\\s[^\\n|;&]{0,100}?-p[ =]',
    '(redis-cli\\s[^\\n|;&]{0,100}?-a\\s{1,3}',
    '(ldap(?:search|modify|add|delete|passwd|whoami)\\s[^\\n|;&]{0,100}?-w\\s{0,3}',
    '(openssl\\s[^\\n|;&]{0,100}?-k\\s{1,3}',
    '(--from-literal[= ][\\w.-]{1,60}=',
    '(--with-token\\s{1,3}<<<\\s{0,3}',
    '((?:identified\\s{1,3}by|with\\s{1,3}(?:encrypted\\s{1,3})?password)\\s{1,3}',
  ].map((start) => `${start}${QUOTE}?)(?!-)${NOT}[^\\s"'\`\\\\]{3,}`),
  'user and password': [
    `((?<![\\w-])(?:-u|--user|--proxy-user|--auth)(?:[ =]{1,3}|${QUOTE}\\s{0,2},\\s{0,2})${QUOTE}?[^\\s:"'\`\\\\/]{1,100}:)(?!\\d{1,6}(?!\\S)|//)${NOT}[^\\s"'\`\\\\]{2,}`,
  ],
  // The password of a URL may contain `@`. One with `/` is distinguished from a path because it is no port.
  'password in a URL': [`(://)(?!\\[redacted\\]@)[^\\s/?#"'\`<>\\\\]{1,1000}(?=@)`],
  'password with a slash in a URL': [
    `(://)(?!\\[redacted)[^\\s/:@?#"'\`[\\\\]{0,200}:(?!\\d{1,5}(?:[/?#\\s]|$))[^\\s"'\`<>\\\\]{1,400}(?=@[\\w.-])`,
  ],
  'password in an encoded URL': ['(%3A%2F%2F)(?!\\[redacted)(?:(?!%2F)[^\\s"\'&]){1,1000}(?=%40)'],
  'secret in a query': [
    `([?&#;](?:amp;)?[\\w.%-]{0,40}?(?:key|token|secret|sig|signature|passw(?:or)?d|pwd|pass|auth|authorization|code|credential|jwt|sas|sid|session|otp|ticket|assertion)=)(?!\\[redacted)[^\\s&#"'\`<>\\\\]{4,}`,
  ],
  'secret in an encoded query': [
    '((?:%3F|%26)[\\w.-]{0,40}?(?:key|token|secret|sig|signature|passw(?:or)?d|pwd|pass|auth|code|credential|jwt|session)%3D)(?!\\[redacted)(?:(?!%26)[^\\s&#"\'`<>\\\\]){4,}',
  ],
  'authorization scheme': [
    `((?<![A-Za-z0-9])(?:bearer|basic|ssws)(?:${SPACE}|\\+){1,4}${QUOTE}?)(?=\\S{0,400}?[\\d=]|\\S{24})[\\w.~+/=:-]{8,}`,
  ],
  // `Cookie: session=…`, the last one because it takes the rest of the line.
  cookie: [`(cookie${IS}${QUOTE}?)(?!\\[redacted)(?=[^\\s;=]{1,100}=)[^\\r\\n"'\`\\\\]{4,}`],
} satisfies Forms;

export type SecretKind = keyof typeof ISSUED | keyof typeof ANNOUNCED;
