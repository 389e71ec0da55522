import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {
  BUCKET_COLUMNS,
  bucketRows,
  figureHeading,
  figureLines,
  trailLines,
} from '../../src/cli/explain-text.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { readTextFile } from '../../src/cli/read-text-file.ts'
import { USAGE_FLAGS } from '../../src/cli/usage-flags.ts'
import type { AskedFigure } from '../../src/control/cases.ts'
import { openProof } from '../../src/proof.ts'
import type { EventTrail } from '../../src/reconcile/event-trail.ts'
import type { ExplainedFigure } from '../../src/reconcile/explain-figure.ts'
import { FIGURE_METERS } from '../../src/reconcile/figure.ts'
import { parseWrittenFigure } from '../../src/reconcile/written-figure.ts'

/** A CSV file of a million rows. */
const FILE_BYTES_MAX = 256 * 1024 ** 2

export default class UsageExplain extends GatezCommand {
  static override summary = 'Open a figure: its buckets, the calls behind it, and the way of one of them.'
  static override description =
    'A figure is a line of an invoice (INV-2026-0042:3), a row of a CSV export (FILE:LINE, as usage.csv:17), or what --tenant, --meter, --month and the like ' +
    'name. Shows the buckets of 15 minutes it is the sum of, and the events behind it: their number is the figure. ' +
    '--ids prints every id, one a line (for other meters than calls and requests with what it adds, after a tab); with ' +
    '--json a JSON object a line. An id alone shows the way of that event: received, deduplicated, spooled, shipped, ' +
    'rated. Exit code 8 when the events do not come to the figure.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> --tenant acme --month 2026-03',
    '<%= config.bin %> <%= command.id %> usage.csv:2 --meter units',
    '<%= config.bin %> <%= command.id %> INV-2026-0001:2',
    '<%= config.bin %> <%= command.id %> --tenant acme --route search --ids | wc -l',
    '<%= config.bin %> <%= command.id %> 01KKBSWHG0SEB9A0010000Y5WW --json',
  ]
  static override args = {
    figure: Args.string({
      description: 'A line of an invoice, FILE:LINE of a CSV export, or the id of an event or request.',
    }),
  }
  static override flags = {
    month: USAGE_FLAGS.month,
    from: USAGE_FLAGS.from,
    to: USAGE_FLAGS.to,
    tenant: USAGE_FLAGS.tenant,
    key: Flags.string({ description: 'Only calls with this key: its id.' }),
    route: Flags.string({ description: 'Only calls of this route: its id.' }),
    meter: Flags.string({
      description: `Which meter: ${FIGURE_METERS.join(', ')}, or one of the file.`,
      default: 'calls',
    }),
    ids: Flags.boolean({ description: 'Print every id behind the figure, and nothing else.' }),
  }

  async run(): Promise<ExplainedFigure | EventTrail | undefined> {
    const { args, flags } = await this.parse(UsageExplain)
    const written = parseWrittenFigure(args.figure)
    await using proof = await openProof(flags.config)

    if (written.kind === 'event') {
      const trail = await proof.trail(written.id)
      for (const line of trailLines(trail)) this.log(line)
      return trail
    }
    const csv =
      written.kind === 'row'
        ? { ...written, text: await readTextFile(written.file, FILE_BYTES_MAX) }
        : undefined
    const query = { ...flags, csv, line: written.kind === 'line' ? written : undefined }
    if (flags.ids) {
      await this.#printIds(proof, query)
      return undefined
    }
    const figure = await proof.explain(query)
    this.log(`${figureHeading(figure)}\n`)
    this.table(BUCKET_COLUMNS, bucketRows(figure), 'Nothing was counted.')
    this.log('')
    for (const line of figureLines(figure)) this.log(line)
    const first = figure.events[0]
    if (first !== undefined) for (const line of trailLines(await proof.trail(first.id))) this.log(line)
    if (!figure.equal) process.exitCode = 8
    return figure
  }

  async #printIds(proof: Awaited<ReturnType<typeof openProof>>, query: AskedFigure): Promise<void> {
    const bare = query.meter === 'calls' || query.meter === 'requests'
    let lines: string[] = []
    const flush = (): void => {
      process.stdout.write(lines.join(''))
      lines = []
    }
    await proof.eachBehind(query, (event) => {
      if (this.jsonEnabled()) lines.push(`${JSON.stringify(event)}\n`)
      else lines.push(bare ? `${event.id}\n` : `${event.id}\t${event.quantity}\n`)
      if (lines.length === LINES_AT_ONCE) flush()
    })
    flush()
  }

  /** Ids were printed as they came: nothing is left for the end. */
  override logJson(json: unknown): void {
    if (json !== undefined) super.logJson(json)
  }
}

const LINES_AT_ONCE = 1_000
