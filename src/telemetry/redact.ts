import { withoutSecrets } from '../model/key.ts'

/** How deep a log line may nest; what lies deeper is left out. */
const DEPTH_MAX = 6
const REDACTED = '[redacted]'
/** Characters of one text that are kept: what looks for secrets must not be kept busy by whoever wrote it. */
const TEXT_MAX = 16_384

/**
 * A copy of what a log line would hold, without secrets: fields by their names, texts by what looks like a
 * secret in them, and the secrets that `known` lists wherever they stand.
 */
export function redactor(known: readonly string[]): (value: unknown) => unknown {
  const cut = (text: string): string => {
    let rest = withoutSecrets(text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text)
    for (const secret of known) if (rest.includes(secret)) rest = rest.replaceAll(secret, REDACTED)
    for (const [pattern, put] of PATTERNS) rest = rest.replaceAll(pattern, put)
    return rest
  }
  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return cut(value)
    if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value
    if (depth === DEPTH_MAX) return '[deeper]'
    if (value instanceof Error) return copy({ ...value, error: value.message, stack: value.stack }, depth)
    if (Array.isArray(value)) return value.map((part) => copy(part, depth + 1))
    const entries = Object.entries(value).map(([name, part]) => {
      return [cut(name), isSecretName(name) ? REDACTED : copy(part, depth + 1)] as const
    })
    return Object.fromEntries(entries)
  }
  return (value) => copy(value, 0)
}

/** Whether what stands under this name is a secret whatever it looks like: `x-api-key`, `clientSecret`, `cookie`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replaceAll(/[-_.\s]/g, '').toLowerCase())
}

const SECRET_NAME =
  /(?:^|x|proxy)authorization$|cookie$|passw(?:or)?d|passphrase|secret|credential|(?:api|private|access|signing)keys?$|token$|^pem$/

/** What looks like a secret of someone else, wherever it stands. */
const PATTERNS: readonly (readonly [pattern: RegExp, put: string])[] = [
  // Name and password in a URL.
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@"']{1,512}@/gi, `$1${REDACTED}@`],
  [/\b(bearer|basic|digest)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  // Names with values, as in queries, cookies and forms.
  [
    /\b((?:[\w.-]{0,40}[-_.])?(?:api[-_]?key|access[-_]?token|token|key|secret|passw(?:or)?d|sig(?:nature)?|session|auth(?:orization)?))(["']?\s*[=:]\s*["']?)[^\s&"',;}]{6,}/gi,
    `$1$2${REDACTED}`,
  ],
  // Stripe, GitHub, Slack, AWS, Google, OpenAI.
  [/\b(?:[sr]k|pk|whsec)_(?:live_|test_)?[A-Za-z0-9]{10,}/g, REDACTED],
  [/\b(?:gh[pousr]|github_pat)_\w{16,}|\bxox[a-z]-[\w-]{10,}|\bAKIA[0-9A-Z]{16}\b/g, REDACTED],
  [/\bAIza[\w-]{30,}|\bsk-[\w-]{16,}/g, REDACTED],
  // JSON Web Tokens.
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, REDACTED],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
]
