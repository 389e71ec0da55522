import { describe, expect, onTestFinished, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { BROKEN_PROXIES, type BrokenProxy } from './broken-proxies.ts'
import { type Finding, type FindingKind, judgeCorpus, type TrialOptions } from './judge.ts'
import { harmlessPayloads, type Payload, payloads } from './payloads.ts'
import { PROBES } from './probes.ts'
import { RawOrigin } from './raw-origin.ts'

// Both ends of a proxy are ours, and what is judged are bytes. A proxy that is broken on purpose must be
// seen to be broken: else a test that finds nothing says nothing.

/** A key for proxies that look at none. */
const ANY_KEY = 'gz_live_any'

async function startOrigin(): Promise<RawOrigin> {
  const origin = await RawOrigin.start()
  onTestFinished(() => origin.stop())
  return origin
}

describe('gatez', () => {
  const OPTIONS: TrialOptions = { parallel: 64, hangMs: 3_000, quietMs: 100 }

  test('no payload makes gatez and its upstream disagree, but for what is known', async () => {
    const origin = await startOrigin()
    const { port, secret, alarms } = await startGateway({ upstreamPort: origin.port })
    const corpus = payloads(secret)
    expect(corpus.length).toBeGreaterThan(3_000)
    const findings = await judgeCorpus({ port, secret, origin }, corpus, OPTIONS)
    const unknown = findings.filter((finding) => !KNOWN.some((known) => isOf(known, finding)))
    expect(unknown.slice(0, 20)).toEqual([])
    expect(alarms).toEqual([])
  }, 60_000)

  test.each(PROBES)('$name: $promise', async ({ run }) => {
    const wrong = await run((upstreamPort) => startGateway({ upstreamPort, timeouts: { headersMs: 400 } }))
    expect(wrong).toBeUndefined()
  })
})

/** What is known and cannot be mended here. */
const KNOWN: readonly Known[] = [
  {
    why: "Node's parser takes RTSP/1.0 for HTTP/1.0 and does not tell; what goes upstream is HTTP/1.1 all the same",
    kinds: ['answer-count', 'canary-executed', 'victim-polluted'],
    payload: /version "RTSP\/1\.0"/,
  },
]

interface Known {
  readonly why: string
  readonly kinds: readonly FindingKind[]
  readonly payload: RegExp
}

function isOf({ kinds, payload }: Known, finding: Finding): boolean {
  return kinds.includes(finding.kind) && payload.test(finding.payload)
}

describe('a proxy that is broken on purpose', () => {
  const OPTIONS: TrialOptions = { parallel: 64, hangMs: 500, quietMs: 100 }

  /** What a broken proxy is seen to do, at least so often, on every tenth payload. */
  const SEEN: Readonly<Record<string, Partial<Record<FindingKind, number>>>> = {
    'length first': {
      'forwarded-not-canonical': 200,
      'canary-executed': 200,
      'victim-polluted': 200,
      'answer-count': 100,
      hang: 2,
    },
    'shared line': { 'forwarded-not-canonical': 150, 'canary-executed': 100, 'victim-polluted': 200 },
    relay: {
      'forwarded-not-canonical': 50,
      'canary-executed': 20,
      'victim-polluted': 15,
      'unframed-answer': 10,
    },
    meddler: {
      'forwarded-not-canonical': 100,
      'canary-executed': 200,
      'answer-count': 150,
      'unframed-answer': 5,
    },
  }

  test.each(BROKEN_PROXIES)('$name, which $why, is found out', async (broken) => {
    const corpus = payloads(ANY_KEY).filter(({ number }) => number % 10 === 0)
    const findings = await judgeBroken(broken, corpus, OPTIONS)
    const counts: Partial<Record<FindingKind, number>> = {}
    for (const { kind } of findings) counts[kind] = (counts[kind] ?? 0) + 1
    for (const [kind, least] of Object.entries(SEEN[broken.name]!)) {
      expect(counts[kind as FindingKind] ?? 0, kind).toBeGreaterThanOrEqual(least)
    }
  })

  test.each(BROKEN_PROXIES)('$name is not blamed for harmless requests', async (broken) => {
    expect(await judgeBroken(broken, harmlessPayloads(ANY_KEY), { ...OPTIONS, parallel: 1 })).toEqual([])
  })

  test('each probe is failed by one of them, and each of them fails many', async () => {
    const trials = BROKEN_PROXIES.flatMap((broken) => PROBES.map((probe) => ({ broken, probe })))
    const failed = await Promise.all(
      trials.map(async ({ broken, probe }) => {
        const wrong = await probe.run(async (upstream) => {
          return { port: await broken.start(upstream), secret: ANY_KEY }
        })
        return wrong !== undefined
      }),
    )
    const failures = trials.filter((_trial, index) => failed[index])
    const vacuous = PROBES.filter((probe) => !failures.some((each) => each.probe === probe))
    expect(vacuous.map(({ name }) => name)).toEqual([])
    for (const broken of BROKEN_PROXIES) {
      expect(failures.filter((each) => each.broken === broken).length, broken.name).toBeGreaterThan(15)
    }
  }, 60_000)
})

async function judgeBroken(
  broken: BrokenProxy,
  corpus: readonly Payload[],
  options: TrialOptions,
): Promise<readonly Finding[]> {
  const origin = await startOrigin()
  const port = await broken.start(origin.port)
  return judgeCorpus({ port, secret: ANY_KEY, origin }, corpus, options)
}
