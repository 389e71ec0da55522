import type { HeldSpool, HeldUsageLog } from '../storage/ports/held-stores.ts'
import type { RunMark, SealedRun } from '../storage/ports/ledger.ts'
import { type Difference, difference } from './difference.ts'
import { batchesOf, type Marks } from './raw-events.ts'
import { runName } from './recount.ts'

/** How far each run is counted: what its watermark says, or its seals where they say more. */
export function ledgerMarks(marks: readonly RunMark[], sealed: readonly SealedRun[]): Marks {
  const found = new Map<string, number>(marks.map((mark) => [runName(mark), mark.seq]))
  for (const run of sealed) found.set(runName(run), Math.max(run.lastSeq, found.get(runName(run)) ?? 0))
  return found
}

/** Holds the watermark of each run in the ledger against its seals: every event was sealed once, to the last. */
export function checkLedgerMarks(
  marks: readonly RunMark[],
  sealed: readonly SealedRun[],
): readonly Difference[] {
  const found: Difference[] = []
  const bySeal = new Map(sealed.map((run) => [runName(run), run]))
  for (const { nodeId, epoch, seq } of marks) {
    const { events = 0, unsealedSeq = 0 } = bySeal.get(runName({ nodeId, epoch })) ?? {}
    if (events + unsealedSeq === seq) continue
    const what = `The watermark stands at ${seq}, but the seals know of ${events + unsealedSeq} events.`
    found.push(difference('ledger', what, { node_id: nodeId, epoch }))
  }
  const known = new Set(marks.map(runName))
  for (const run of sealed) {
    if (known.has(runName(run))) continue
    const what = `There is no watermark, but the seals know of ${run.events + run.unsealedSeq} events.`
    found.push(difference('ledger', what, { node_id: run.nodeId, epoch: run.epoch }))
  }
  return found
}

/** What the stores other than the ledger hold of runs. */
export interface LogMarkParts {
  readonly log: HeldUsageLog | undefined
  /** The files of the spool, oldest first. */
  readonly spools: readonly HeldSpool[]
  /** The node whose spool it is. */
  readonly nodeId: string
  readonly ledger: Marks
  /** Events that are held elsewhere until they are in the usage log, by `runName`: up to which position. */
  readonly waiting: Marks
}

/** Holds the watermarks of the usage log against those of the ledger; what is between must be on its way. */
export async function checkLogMarks(parts: LogMarkParts): Promise<readonly Difference[]> {
  const { log, spools, nodeId, ledger, waiting } = parts
  const logMarks = new Map((log?.marks ?? []).map((mark) => [runName(mark), mark.seq]))
  const spooled = new Map<string, number>()
  for (const { epoch, firstSeq, count } of batchesOf(spools)) {
    const run = runName({ nodeId, epoch })
    spooled.set(run, Math.max(spooled.get(run) ?? 0, firstSeq + count - 1))
  }
  const found: Difference[] = []
  for (const run of new Set([...ledger.keys(), ...logMarks.keys()])) {
    const [counted, logged] = [ledger.get(run) ?? 0, logMarks.get(run) ?? 0]
    const held = Math.max(spooled.get(run) ?? 0, waiting.get(run) ?? 0)
    const [node = '', epoch = '0'] = run.split('\n')
    const where = { node_id: node, epoch: Number(epoch) }
    const [behind, ahead] = [Math.min(counted, logged), Math.max(counted, logged)]
    if (behind === ahead) continue
    if (held >= ahead && !(await isLeftOver(log, where, { counted, logged }))) continue
    const store = counted < logged ? 'ledger' : 'usage_log'
    const what = `The ledger has the events up to ${counted}, the usage log up to ${logged}, by their watermarks.`
    found.push(difference(store, what, where))
  }
  return found
}

/** Whether the log holds other events beyond the ledger than its watermark says. */
async function isLeftOver(
  log: HeldUsageLog | undefined,
  { node_id: nodeId, epoch }: { readonly node_id: string; readonly epoch: number },
  { counted, logged }: { readonly counted: number; readonly logged: number },
): Promise<boolean> {
  if (log?.marksFollowRows === true) return false
  const behind = Math.min(counted, logged)
  const rows = (await log?.seqsBetween({ nodeId, epoch }, behind + 1, Number.MAX_SAFE_INTEGER)) ?? []
  return rows.length !== Math.max(0, logged - counted)
}
