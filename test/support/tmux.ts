import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { atEnd } from './at-end.ts'
import { plainEnvironment } from './run-cli.ts'
import { until } from './until.ts'

const run = promisify(execFile)

/** A real terminal with a shell in it. Ended when the running test is over. */
export class Tmux {
  readonly #socket = `gatez-test-${randomUUID()}`

  /** Opens it in `cwd`, so wide and so high. */
  static async open(cwd: string, { columns = 80, rows = 24, env = {} }: TmuxOptions = {}): Promise<Tmux> {
    const tmux = new Tmux()
    atEnd(() =>
      tmux.#call('kill-server').then(
        () => undefined,
        () => undefined,
      ),
    )
    const size = ['-x', String(columns), '-y', String(rows)]
    const variables = Object.entries({ PS1: '$ ', ...env }).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ])
    await tmux.#call('-f', '/dev/null', 'new-session', '-d', ...size, ...variables, '-c', cwd, 'sh')
    return tmux
  }

  /** What is on the screen. */
  async screen(): Promise<string> {
    return (await this.#call('capture-pane', '-p')).stdout
  }

  /** Types a line. */
  async type(line: string): Promise<void> {
    await this.#call('send-keys', '-l', line)
    await this.press('Enter')
  }

  /** Presses keys, by the names tmux has for them. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#call('send-keys', ...keys)
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#call('resize-window', '-x', String(columns), '-y', String(rows))
  }

  /** Resolves to the screen once these words are on it. */
  shows(words: RegExp): Promise<string> {
    let last = ''
    const look = async () => {
      last = await this.screen()
      return words.test(last) ? last : undefined
    }
    return until(`the terminal shows ${words}`, look, 30_000).catch((error: unknown) => {
      throw new Error(`${error}; it shows:\n${last}`)
    })
  }

  /** Whether it shows the other screen, and the cursor: what a program must put back. */
  async state(): Promise<{ readonly isOtherScreen: boolean; readonly hasCursor: boolean }> {
    const { stdout } = await this.#call('display-message', '-p', '#{alternate_on} #{cursor_flag}')
    const [other, cursor] = stdout.trim().split(' ')
    return { isOtherScreen: other === '1', hasCursor: cursor === '1' }
  }

  #call(...args: readonly string[]) {
    return run('tmux', ['-L', this.#socket, ...args], {
      env: { ...plainEnvironment(), TMUX: undefined, LC_ALL: 'C.UTF-8' },
    })
  }
}

interface TmuxOptions {
  readonly columns?: number
  readonly rows?: number
  readonly env?: Readonly<Record<string, string>>
}
