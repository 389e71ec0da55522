import { join } from 'node:path'
import { atLeast, keep, tableOf, told } from '../lib/baseline.ts'
import { writeLuaScript } from '../lib/load.ts'
import { requirePrograms } from '../lib/programs.ts'
import { CONNECTIONS, Stage } from '../lib/stage.ts'
import { median } from '../lib/wrk.ts'

const WARM_UP_SECONDS = 8

/** Refusals a second against admitted calls, on one gateway in turns: unknown keys, and a limit that is used up. */
export async function refusals([rounds = '5', seconds = '4']: readonly string[]): Promise<void> {
  requirePrograms({ wrk: 'wrk', nginx: 'nginx-light', taskset: 'util-linux' })
  await using stage = await Stage.set()
  const gatez = await stage.gatez('disk', { durability: 'disk', port: 19_303 })
  const unknown = stage.seed.keys.map((key) => key.split('').reverse().join(''))
  const loads = [
    { status: 200, keys: stage.seed.keys },
    { status: 401, keys: unknown },
    { status: 429, keys: stage.seed.spent },
  ].map(({ status, keys }) => {
    const script = join(stage.dir, `${status}.lua`)
    writeLuaScript(script, keys)
    return { status, keys, rates: [] as number[], load: { script, refused: status !== 200 } }
  })
  for (const { keys, status } of loads) await expectStatus(gatez.port, keys, status)
  for (const { load } of loads) await gatez.warmUp({ script: load.script, seconds: WARM_UP_SECONDS })
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const { load, rates } of loads) rates.push(await gatez.load({ ...load, seconds: Number(seconds) }))
  }
  for (const { keys, status } of loads) await expectStatus(gatez.port, keys, status)
  const [admitted, unauthorized, limited] = loads.map(({ rates }) => rates)
  const against = (rates: readonly number[] = []) =>
    median(rates.map((value, round) => value / (admitted?.[round] ?? Number.NaN)))
  const each = loads.map(({ rates }) => Math.round(median(rates)).toLocaleString('en-US')).join(' · ')
  keep(
    'refusals',
    `\`disk\`, ${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections`,
    tableOf([
      atLeast('refused with 401 a second against admitted', against(unauthorized), 1.5, 2),
      atLeast('refused with 429 a second against admitted', against(limited), 1.5, 2),
      told('answers a second: 200 · 401 · 429', each),
    ]),
  )
}

/** Calls with each key once, as only so each limit is used up; the last answer has to be the one that is meant. */
async function expectStatus(port: number, keys: readonly string[], status: number): Promise<void> {
  let last = 0
  for (const key of [...keys.slice(-50), ...keys.slice(-50)]) {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/route-1`, { headers: { 'x-api-key': key } })
    await answer.text()
    last = answer.status
  }
  if (last !== status) throw new Error(`answered ${last} in place of ${status}`)
}
