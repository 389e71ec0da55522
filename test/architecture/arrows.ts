import type { SourceFile } from './source-files.ts'

const DRIVERS = ['src/storage/memory', 'src/storage/sql', 'src/storage/redis', 'src/storage/clickhouse']
const OPENER = 'src/storage/open.ts'

/**
 * The tiers, lowest first. A file may import from the tiers below its own and from its own folder.
 *
 * `cli` and `commands` are one: the table of commands and the class they extend know each other.
 */
const TIERS: readonly (readonly string[])[] = [
  ['src/lib'],
  ['src/errors'],
  ['src/model'],
  ['src/openapi'],
  ['src/config', 'src/pricing'],
  ['src/telemetry'],
  ['src/storage/ports'],
  ['src/limits'],
  [...DRIVERS, OPENER, 'src/access', 'src/metering'],
  ['src/ingest'],
  ['src/gateway', 'src/shipping', 'src/billing'],
  ['src/reconcile'],
  ['src/integrations', 'src/control', 'src/upkeep'],
  ['src/portal', 'src/dashboard'],
  ['src/app.ts', 'src/serve-metering.ts', 'src/serve-counters.ts'],
  ['src/serve-changes.ts'],
  ['src/mailbox.ts', 'src/usage-file-cases.ts'],
  ['src/serve.ts', 'src/evidence.ts', 'src/intake.ts', 'src/invoicing.ts', 'src/proof.ts'],
  ['src/control-cases.ts', 'src/usage-files.ts'],
  ['src/control-thread.ts', 'src/local-control.ts'],
  ['src/control-door.ts'],
  ['src/cli', 'commands'],
]

/** What a file does against the law of imports, as sentences; none when it keeps it. */
export function brokenArrows(file: SourceFile): readonly string[] {
  return file.imports
    .filter((target) => /^(?:src|commands|test|bin)\//.test(target))
    .flatMap((target) => {
      const wrong = wrongWith(file.path, target)
      return wrong === undefined ? [] : [`${file.path} imports ${target}: ${wrong}`]
    })
}

function wrongWith(from: string, to: string): string | undefined {
  const [fromPart, toPart] = [partOf(from), partOf(to)]
  if (fromPart === undefined) return 'the importing file is in no tier; add its folder to the arrows'
  if (toPart === undefined) return 'the imported file is in no tier'
  if (fromPart === toPart) return undefined
  if (fromPart === OPENER && DRIVERS.includes(toPart)) return undefined
  if (DRIVERS.includes(toPart)) return `only ${OPENER} names a driver`
  if (
    (fromPart === 'src/cli' || fromPart === 'commands') &&
    (toPart === 'src/cli' || toPart === 'commands')
  ) {
    return undefined
  }
  if (PAGES.includes(fromPart) && !PAGES_MAY.includes(toPart) && to !== 'src/control/client.ts') {
    return 'a page reaches the program only through src/control/client.ts'
  }
  const [fromTier, toTier] = [tierOf(fromPart), tierOf(toPart)]
  if (fromTier === toTier) return 'two folders of one tier do not import each other'
  return fromTier < toTier ? 'the arrow points back' : undefined
}

const PAGES = ['src/portal', 'src/dashboard']
const PAGES_MAY = ['src/lib', 'src/errors', 'src/model']

function tierOf(part: string): number {
  return TIERS.findIndex((tier) => tier.includes(part))
}

function partOf(path: string): string | undefined {
  return TIERS.flat().find((part) => path === part || path.startsWith(`${part}/`))
}
