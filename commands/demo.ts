import * as Flags from '@oclif/core/flags'
import { type Demo as Demonstration, demoHints, demonstrate } from '../src/cli/demo/demonstrate.ts'
import { GatezCommand } from '../src/cli/gatez-command.ts'
import { untilInterrupted } from '../src/cli/until-interrupted.ts'
import { usageTable } from '../src/cli/usage-table.ts'
import { type UsageReportView, viewUsageReport } from '../src/metering/usage-view.ts'

export default class Demo extends GatezCommand {
  static override summary = 'Show the whole way in a fresh folder: sample API, gateway, keys, calls, report.'
  static override description =
    'Needs nothing and leaves nothing behind: it writes to a new folder for temporary files, where it runs the sample API and a gateway on ports that are free, ' +
    'makes two customers, sends real calls, and shows what was counted. Then it stays, so that you can try it by hand; Ctrl-C ends it and removes the folder.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --once',
    '<%= config.bin %> <%= command.id %> --json',
  ]
  static override flags = {
    once: Flags.boolean({ description: 'End when the report is shown; --json does so too.' }),
  }

  async run(): Promise<DemoResult | undefined> {
    const { flags } = await this.parse(Demo)
    const stays = !flags.once && !this.jsonEnabled()
    const result = await this.#show(stays)
    if (stays) this.log('Stopped; the folder is removed.')
    return result
  }

  async #show(stays: boolean): Promise<DemoResult | undefined> {
    const signal = untilInterrupted()
    await using demo = await demonstrate({ print: (line) => this.log(line), signal })
    if (demo === undefined) return undefined

    const { title, columns, rows } = usageTable(demo.report)
    this.log(`\n${title}\n`)
    this.table(columns, rows, 'Nothing was used.')
    if (stays) {
      this.log(`${demoHints(demo)}\nCtrl-C ends it.`)
      await endOf(demo, signal)
    }
    return {
      calls: demo.calls,
      statuses: Object.fromEntries(demo.statuses),
      report: viewUsageReport(demo.report),
    }
  }
}

interface DemoResult {
  readonly calls: number
  readonly statuses: Readonly<Record<string, number>>
  readonly report: UsageReportView
}

/** Resolves when the user has seen enough; throws what ended the gateway, if that comes first. */
async function endOf({ died }: Demonstration, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const enough = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve())
  })
  await Promise.race([enough, died.then((error) => Promise.reject(error))])
}
