import { answerField, type ReadAnswer, readAnswers } from './answer-reader.ts'
import { type Payload, plainRequest } from './payloads.ts'
import { ECHO, type RawOrigin } from './raw-origin.ts'
import { readStrictly, type StrictReading } from './request-reader.ts'
import { Wire } from './wire.ts'

/** What a proxy did that no proxy may do. */
export type FindingKind =
  /** A request reached the upstream that two servers could read differently. */
  | 'forwarded-not-canonical'
  /** The upstream got a request that no strict reader sees in what the client sent. */
  | 'canary-executed'
  /** An answer that belongs to someone else, or to no one, or a plain request that was not answered well. */
  | 'victim-polluted'
  /** More final answers than requests. */
  | 'answer-count'
  /** Bytes to the client that have no end both sides agree on. */
  | 'unframed-answer'
  /** Neither an answer nor the end of the connection. */
  | 'hang'

export interface Finding {
  readonly kind: FindingKind
  readonly payload: string
  readonly detail: string
}

/** A proxy on `port` in front of `origin`. */
export interface ProxyOnTrial {
  readonly port: number
  readonly origin: RawOrigin
  readonly secret: string
}

export interface TrialOptions {
  /** Payloads under way at a time. */
  readonly parallel: number
  /** What is waited for at most where an answer or an end must come. */
  readonly hangMs: number
  /** What is waited for where a proxy may rightly say nothing yet. */
  readonly quietMs: number
}

/** Sends each payload, and judges what client and upstream saw of it. */
export async function judgeCorpus(
  proxy: ProxyOnTrial,
  corpus: readonly Payload[],
  options: TrialOptions,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const answered = new Map<number, number>()
  const waiting = corpus.values()
  const worker = async () => {
    for (const payload of waiting) {
      const verdict = await judgePayload(proxy, payload, options)
      findings.push(...verdict.findings)
      answered.set(payload.number, verdict.requestsAtMost)
    }
  }
  await Promise.all(Array.from({ length: options.parallel }, worker))
  return [...findings, ...judgeOrigin(proxy, corpus, answered)]
}

/**
 * Sends one payload, then a plain request on the same connection if that is still open, then one on a
 * new connection, and judges what the client saw.
 */
export async function judgePayload(
  proxy: ProxyOnTrial,
  payload: Payload,
  options: TrialOptions,
): Promise<Verdict> {
  const wrong: [FindingKind, string][] = []
  const wire = new Wire(proxy.port)
  await converse(wire, proxy, payload, options, wrong)
  wire.destroy()
  const requestsAtMost = judgeAnswers(wire, payload, strictOf(payload, proxy.secret).whole, wrong)
  await judgeVictim(proxy, payload, options, wrong)
  const place = `${payload.number} ${payload.name}`
  return { findings: wrong.map(([kind, detail]) => ({ kind, payload: place, detail })), requestsAtMost }
}

/** What came of one payload. */
export interface Verdict {
  readonly findings: readonly Finding[]
  /** How many of its requests may have reached the upstream: none behind an answer that said `close`. */
  readonly requestsAtMost: number
}

/** Whether every request that was begun has an answer to come. */
function isWhole({ state }: StrictReading): boolean {
  return state === 'clean' || state === 'closed'
}

/** Payload and second request as a strict reader sees them: alone, and one behind the other. */
function strictOf(payload: Payload, secret: string): { alone: StrictReading; whole: StrictReading } {
  const second = plainRequest(`/second-${payload.number}`, secret)
  return { alone: readStrictly(payload.bytes), whole: readStrictly(payload.bytes + second) }
}

async function converse(
  wire: Wire,
  { secret }: ProxyOnTrial,
  payload: Payload,
  { hangMs, quietMs }: TrialOptions,
  wrong: [FindingKind, string][],
): Promise<void> {
  const { alone, whole } = strictOf(payload, secret)
  const answered = (count: number) => (received: string) =>
    readAnswers(received, methodsOf(payload, whole), false).finals.filter((each) => each.whole).length >=
    count
  wire.send(payload.bytes)
  const due = alone.requests.length
  if (!isWhole(alone)) await wire.sees(answered(due + 1), quietMs)
  else if (!(await wire.sees(answered(due), hangMs))) wrong.push(['hang', 'no answer to the payload'])
  if (alone.state === 'closed') await wire.seesEnd(quietMs)
  if (wire.ended) return
  wire.send(plainRequest(`/second-${payload.number}`, secret))
  if (isWhole(whole)) {
    const seen = await wire.sees(answered(whole.requests.length), hangMs)
    if (!seen) wrong.push(['hang', 'no answer to the second request'])
    // One answer too many would come now.
    await wire.seesEnd(quietMs)
    return
  }
  await wire.seesEnd(quietMs)
  wire.finish()
  if (!(await wire.seesEnd(hangMs))) wrong.push(['hang', 'open although the client said that it is done'])
}

function judgeAnswers(
  wire: Wire,
  payload: Payload,
  strict: StrictReading,
  wrong: [FindingKind, string][],
): number {
  const { finals, problem } = readAnswers(wire.received, methodsOf(payload, strict), wire.ended)
  if (problem !== undefined) wrong.push(['unframed-answer', problem])
  const { requests } = strict
  // What could not be read may be answered too, once.
  const most = requests.length + (isWhole(strict) ? 0 : 1)
  if (finals.length > most) {
    wrong.push(['answer-count', `${finals.length} answers to ${requests.length} requests, ${strict.state}`])
  }
  for (const [index, final] of finals.entries()) {
    const echo = echoOf(final)
    const own = nameOf(requests[index]?.target ?? `/p-${payload.number}`)
    if (echo !== undefined && nameOf(echo) !== own) {
      wrong.push(['victim-polluted', `answer ${index + 1} is of ${echo}, not of ${own}`])
    }
    if (final.untilClose && final.whole && requests[index]?.version === 'HTTP/1.1') {
      wrong.push(['unframed-answer', `answer ${index + 1} has neither length nor chunks`])
    }
  }
  const last = finals.findIndex((final) => answerField(final, 'connection').includes('close'))
  return last === -1 ? requests.length : last + 1
}

async function judgeVictim(
  proxy: ProxyOnTrial,
  { number }: Payload,
  { hangMs }: TrialOptions,
  wrong: [FindingKind, string][],
): Promise<void> {
  const wire = new Wire(proxy.port)
  wire.send(plainRequest(`/victim-${number}`, proxy.secret))
  const ended = await wire.seesEnd(hangMs)
  wire.destroy()
  const { finals, problem } = readAnswers(wire.received, ['GET'], wire.ended)
  if (problem !== undefined) wrong.push(['unframed-answer', `to the victim: ${problem}`])
  const [answer] = finals
  if (answer === undefined && !ended) wrong.push(['hang', 'no answer to the victim'])
  else if (
    finals.length !== 1 ||
    answer?.status !== 200 ||
    nameOf(echoOf(answer) ?? '') !== `victim-${number}`
  ) {
    wrong.push(['victim-polluted', `the victim saw ${JSON.stringify(wire.received.slice(0, 300))}`])
  }
}

/** What the upstream saw of all payloads; `atMost` says how many requests of each it may have seen. */
function judgeOrigin(
  { origin, secret }: ProxyOnTrial,
  corpus: readonly Payload[],
  atMost: ReadonlyMap<number, number>,
): readonly Finding[] {
  const byNumber = new Map(corpus.map((payload) => [payload.number, payload]))
  const findings: Finding[] = []
  for (const { target, problems, bytes } of origin.requests) {
    const name = nameOf(target)
    const payload = byNumber.get(Number(name?.split('-')[1]))
    const place = payload === undefined ? 'unknown' : `${payload.number} ${payload.name}`
    const quoted = JSON.stringify(bytes.slice(0, 400))
    if (problems.length > 0) {
      const detail = `${problems.join('; ')}: ${quoted}`
      findings.push({ kind: 'forwarded-not-canonical', payload: place, detail })
    }
    if (payload === undefined || !/^(?:canary|second)-/.test(name ?? '')) continue
    const requests = strictOf(payload, secret).whole.requests.slice(0, atMost.get(payload.number))
    if (requests.some((request) => nameOf(request.target) === name)) continue
    findings.push({ kind: 'canary-executed', payload: place, detail: quoted })
  }
  return findings
}

/** Which of our requests a target names. */
function nameOf(target: string): string | undefined {
  return /(?:p|canary|second|victim)-\d+/.exec(target)?.[0]
}

function echoOf(answer: ReadAnswer): string | undefined {
  return answerField(answer, ECHO)[0]
}

/** The methods of the answers to expect; of what could not be read, only a guess. */
function methodsOf(payload: Payload, { requests }: StrictReading): readonly string[] {
  const methods = requests.map((request) => request.method)
  return /\bhead\b/i.test(payload.bytes.slice(0, 64)) ? [...methods, 'HEAD?'] : methods
}
