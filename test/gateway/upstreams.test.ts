import { describe, expect, onTestFinished, test } from 'vitest'
import { RetryBudget } from '../../src/gateway/retry-budget.ts'
import { Upstream, Upstreams } from '../../src/gateway/upstreams.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { Api, Breaker } from '../../src/model/api.ts'
import { FAST_LANE } from '../support/fast-lane.ts'
import { apiOn } from '../support/gateway.ts'
import { Call, Holding } from '../support/holding-upstream.ts'
import { until } from '../support/until.ts'

const BREAKER: Breaker = { failures: 3, openMs: 10_000, statuses: [[502, 504]] }

function upstreamOf(count: number, overrides: Partial<Api> = {}): Upstream {
  const upstreams = Array.from({ length: count }, (_, index) => `http://127.0.0.1:${index + 1}`)
  return new Upstream(apiOn(1, { upstreams, ...overrides }), { clock: systemClock, fastLane: FAST_LANE })
}

/** Positions of the targets that so many calls would go to, one after the other. */
function picks(upstream: Upstream, count: number, nowMs = 0): (number | undefined)[] {
  return Array.from({ length: count }, () => {
    const target = upstream.choose(nowMs)
    return target === undefined ? undefined : upstream.targets.indexOf(target)
  })
}

describe('round robin', () => {
  test('goes from one to the next', () => {
    expect(picks(upstreamOf(3), 7)).toEqual([0, 1, 2, 0, 1, 2, 0])
  })

  test('shares the calls of one that takes none evenly among the others', () => {
    const upstream = upstreamOf(4)
    upstream.targets[1]!.healthy = false
    expect(picks(upstream, 6)).toEqual([0, 2, 3, 0, 2, 3])
  })

  test('finds none when none takes calls', () => {
    const upstream = upstreamOf(2)
    for (const target of upstream.targets) target.healthy = false
    expect(picks(upstream, 1)).toEqual([undefined])
  })

  test('goes to one that was tried only when there is no other', () => {
    const upstream = upstreamOf(2)
    const [first, second] = upstream.targets
    for (let call = 0; call < 4; call += 1) expect(upstream.choose(0, [first!])).toBe(second)
    second!.healthy = false
    expect(upstream.choose(0, [first!])).toBe(first)
  })
})

describe('least pending', () => {
  test('goes to the one with the fewest calls, and in turn among equals', () => {
    const upstream = upstreamOf(3, { balance: 'least-pending' })
    expect(picks(upstream, 3)).toEqual([0, 1, 2])
    const [first, second, third] = upstream.targets
    first!.begin(0)
    const left = second!.begin(0)
    third!.begin(0)
    third!.begin(0)
    expect(picks(upstream, 4)).toEqual([0, 1, 0, 1])
    left.leave()
    left.leave()
    expect(picks(upstream, 2)).toEqual([1, 1])
  })
})

describe('the breaker', () => {
  const failTimes = (upstream: Upstream, times: number, nowMs = 0): void => {
    for (let call = 0; call < times; call += 1) upstream.targets[0]!.begin(nowMs).judge('failed', nowMs)
  }

  test('holds a target back after so many failures in a row, and tries it with one call', () => {
    const upstream = upstreamOf(1, { breaker: BREAKER })
    failTimes(upstream, 2)
    upstream.targets[0]!.begin(0).judge('answered', 0)
    failTimes(upstream, 2)
    expect(upstream.choose(0)).toBeDefined()
    failTimes(upstream, 1)
    expect(upstream.choose(9_999)).toBeUndefined()
    expect(upstream.opensInSeconds(0)).toBe(10)
    expect(upstream.opensInSeconds(9_500)).toBe(1)
    const trial = upstream.choose(10_000)!.begin(10_000)
    expect(upstream.choose(10_000)).toBeUndefined()
    expect(upstream.opensInSeconds(10_000)).toBe(1)
    trial.judge('answered', 10_001)
    expect(upstream.choose(10_001)).toBeDefined()
    failTimes(upstream, 2, 10_001)
    expect(upstream.choose(10_001)).toBeDefined()
  })

  test('stays open when the trial fails, and is tried again when nothing came of it', () => {
    const upstream = upstreamOf(1, { breaker: BREAKER })
    failTimes(upstream, 3)
    upstream.choose(10_000)!.begin(10_000).judge('failed', 12_000)
    expect(upstream.choose(21_999)).toBeUndefined()
    upstream.choose(22_000)!.begin(22_000).judge('gone', 22_500)
    expect(upstream.choose(22_500)).toBeDefined()
  })

  test('tries it again when the trial takes long, and goes by the last word of both', () => {
    const upstream = upstreamOf(1, { breaker: BREAKER })
    failTimes(upstream, 3)
    const slow = upstream.choose(10_000)!.begin(10_000)
    expect(upstream.choose(19_999)).toBeUndefined()
    const second = upstream.choose(20_000)!.begin(20_000)
    expect(upstream.choose(20_000)).toBeUndefined()
    second.judge('answered', 20_001)
    // One failure by now, not one that shows that it is still ill.
    slow.judge('failed', 20_002)
    expect(upstream.choose(20_002)).toBeDefined()
    failTimes(upstream, 2, 20_003)
    expect(upstream.choose(20_003)).toBeUndefined()
  })

  test('is not closed by an answer to a call from before', () => {
    const upstream = upstreamOf(1, { breaker: BREAKER })
    const early = upstream.targets[0]!.begin(0)
    failTimes(upstream, 3)
    early.judge('answered', 1)
    expect(upstream.choose(1)).toBeUndefined()
  })

  test('opens when every answer breaks off behind its head', () => {
    const upstream = upstreamOf(1, { breaker: BREAKER })
    for (let call = 0; call < 3; call += 1) {
      expect(upstream.choose(0)).toBeDefined()
      const attempt = upstream.targets[0]!.begin(0)
      attempt.judge('answered', 0)
      attempt.brokeOff(0)
    }
    expect(upstream.choose(0)).toBeUndefined()
  })

  test('does not open when whole answers come between those that break off', () => {
    const upstream = upstreamOf(1, { breaker: BREAKER })
    for (let call = 0; call < 10; call += 1) {
      const broken = upstream.targets[0]!.begin(0)
      broken.judge('answered', 0)
      upstream.targets[0]!.begin(0).judge('answered', 0)
      broken.brokeOff(0)
    }
    expect(upstream.choose(0)).toBeDefined()
  })

  test('holds back one of several, which the others make up for', () => {
    const upstream = upstreamOf(3, { breaker: BREAKER })
    failTimes(upstream, 3)
    expect(picks(upstream, 4, 1)).toEqual([1, 2, 1, 2])
    expect(picks(upstream, 3, 10_000)).toEqual([0, 1, 2])
  })

  test('is not there unless the file asks for it', () => {
    const upstream = upstreamOf(1)
    failTimes(upstream, 1_000)
    expect(upstream.choose(0)).toBeDefined()
    expect(upstream.targets[0]!.isFailure(503)).toBe(false)
  })
})

describe('the budget of retries', () => {
  test('gives back one retry for five calls, and saves up twenty', () => {
    const budget = new RetryBudget()
    const spendAll = () => {
      let spent = 0
      while (budget.spend(0)) spent += 1
      return spent
    }
    expect(spendAll()).toBe(20)
    for (let call = 0; call < 49; call += 1) budget.earn()
    expect(spendAll()).toBe(9)
    for (let call = 0; call < 1_000; call += 1) budget.earn()
    expect(spendAll()).toBe(20)
  })

  test('has one more each second, so that a quiet api has some, and none for a clock that stands', () => {
    const budget = new RetryBudget()
    while (budget.spend(5_000));
    expect(budget.spend(5_999)).toBe(false)
    expect(budget.spend(6_000)).toBe(true)
    expect(budget.spend(6_000)).toBe(false)
  })
})

describe('a changed file', () => {
  const open = () => {
    const upstreams = new Upstreams({ clock: systemClock, fastLane: FAST_LANE })
    onTestFinished(() => upstreams.close())
    return upstreams
  }

  test('keeps the connections of an api that leads where it led, and what is known of them', () => {
    const upstreams = open()
    const api = apiOn(1, { breaker: BREAKER })
    upstreams.replaceApis([api])
    const before = upstreams.of(api)
    for (let call = 0; call < 3; call += 1) before.targets[0]!.begin(0).judge('failed', 0)
    upstreams.setHealth({ apiId: 'shop', url: api.upstreams[0]!, healthy: false })
    upstreams.replaceApis([structuredClone({ ...api, routes: [] })])
    expect(upstreams.of(api)).toBe(before)
    expect(before.targets[0]).toMatchObject({ healthy: false, opensAtMs: 10_000 })
  })

  test('begins anew with an api that leads elsewhere, and closes what it had', async () => {
    const upstreams = open()
    const holding = await Holding.start()
    const api = apiOn(Number(holding.url.port))
    const before = upstreams.of(api)
    await holding.answer(new Call('/1').sendBy(before.targets[0]!.pool))
    expect(holding.open).toBe(1)
    upstreams.replaceApis([{ ...api, connectMs: 1 }])
    expect(upstreams.of(api)).not.toBe(before)
    await until('its connection is closed', () => holding.open === 0 || undefined, 1_000)
  })

  test('news of a target that is gone concerns no one', () => {
    const upstreams = open()
    upstreams.replaceApis([apiOn(1)])
    upstreams.setHealth({ apiId: 'shop', url: 'http://127.0.0.1:2', healthy: false })
    upstreams.setHealth({ apiId: 'gone', url: 'http://127.0.0.1:1', healthy: false })
    expect(upstreams.of(apiOn(1)).choose(0)).toBeDefined()
  })
})
