import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import { CONFIG_FILE, debugWanted, processEnvironment } from '../config/environment.ts'
import { reportError } from './report-error.ts'
import { renderTable, type TableColumn } from './table.ts'

/**
 * What every command of gatez has: `--json`, `--config`, and one way to tell of errors.
 *
 * A command parses, calls one use case, prints with `this.log` (silent under `--json`) and returns
 * what `--json` prints. It never catches: what is thrown ends here, with the exit code of its row in
 * the catalogue.
 */
export abstract class GatezCommand extends Command {
  static override enableJsonFlag = true

  static override baseFlags = {
    config: Flags.string({
      description: 'Configuration file.',
      default: CONFIG_FILE,
      helpValue: 'FILE',
      helpGroup: 'GLOBAL',
    }),
  }

  /** Prints a table, or `empty` when there are no rows. Silent under `--json`. */
  protected table(
    columns: readonly TableColumn[],
    rows: readonly (readonly string[])[],
    empty: string,
  ): void {
    this.log(rows.length === 0 ? empty : renderTable(columns, rows))
  }

  override async catch(thrown: unknown): Promise<void> {
    // Without this oclif warns, in development, that a command with a wrong flag did not parse.
    this.parsed = true
    process.exitCode = reportError(thrown, {
      json: this.jsonEnabled(),
      debug: debugWanted(processEnvironment()),
      commandName: this.id?.replaceAll(':', ' ') ?? '',
      flagNames: [
        ...(this.ctor.enableJsonFlag ? ['json'] : []),
        ...Object.keys({ ...this.ctor.baseFlags, ...this.ctor.flags }),
      ],
    })
  }
}
