import { GatezCommand } from '../src/cli/gatez-command.ts'
import { plural } from '../src/cli/plan-rows.ts'
import { clockFromEnvironment, processEnvironment, remoteFromEnvironment } from '../src/config/environment.ts'
import { loadConfig } from '../src/config/load-config.ts'
import { ControlClient } from '../src/control/client.ts'
import { CATALOGUE } from '../src/errors/catalogue.ts'
import { GatezError } from '../src/errors/gatez-error.ts'
import { probePort } from '../src/gateway/gateway-threads.ts'
import { examine } from '../src/upkeep/examine.ts'
import { type Finding, failure, ok } from '../src/upkeep/finding.ts'

export default class Doctor extends GatezCommand {
  static override summary = 'Look at everything gatez needs, and say what is wrong and what to do.'
  static override description =
    'Checks the file, the data folder and its disk, the stores and whether they agree, the port, the upstreams, plans, tenants and keys. ' +
    'Changes nothing, and may run beside gatez serve. Exit code 0 when nothing fails, warnings or not; 1 when something does.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  async run(): Promise<{ readonly findings: readonly Finding[] }> {
    const { flags } = await this.parse(Doctor)
    const remote = remoteFromEnvironment(processEnvironment(), flags.config)
    const found =
      remote === undefined
        ? await this.#examineFile(flags.config)
        : (await new ControlClient(remote).call('health', {})).findings
    const findings = [programFinding(this.config.version), ...found]
    for (const { check, verdict, detail, fix } of findings) {
      this.log(`${MARKS[verdict]} ${check}: ${detail}`)
      if (fix !== null) this.log(`  → ${fix}`)
    }
    const failed = findings.filter(({ verdict }) => verdict === 'failure').length
    const warned = findings.filter(({ verdict }) => verdict === 'warning').length
    this.log(
      `\n${plural(findings.length, 'check')}, ${plural(warned, 'warning')}, ${plural(failed, 'failure')}`,
    )
    if (failed > 0) process.exitCode = 1
    return { findings }
  }

  async #examineFile(file: string): Promise<readonly Finding[]> {
    const env = processEnvironment()
    try {
      const config = loadConfig(file, env)
      const valid = ok(
        'configuration',
        `${file} is valid: ${plural(config.apis.length, 'api')}, ${plural(config.plans.length, 'plan')}`,
      )
      const findings = await examine({ config, clock: clockFromEnvironment(env), probePort })
      return [valid, ...findings]
    } catch (error) {
      if (!(error instanceof GatezError) || !error.code.startsWith('config-')) throw error
      return [failure('configuration', error.message, CATALOGUE[error.code].fix)]
    }
  }
}

function programFinding(version: string): Finding {
  return ok(
    'program',
    `gatez ${version} on Node.js ${process.versions.node}, ${process.platform} ${process.arch}`,
  )
}

const MARKS = { ok: '✓', warning: '!', failure: '✗' } as const
