import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { GatezError } from '../errors/gatez-error.ts'
import { isLoopback, parseListen, parseUpstream } from './address.ts'
import type { ListenAddress } from './config.ts'
import { fillTemplate } from './fill-template.ts'

/**
 * The text of the configuration that `gatez serve --upstream URL` serves: the template `minimal`.
 *
 * One api, every path, a key required, one plan. Throws `invalid-parameter` for an address that will
 * not do, or when the two are the same.
 */
export function upstreamConfig(
  { templatesDir }: { readonly templatesDir: string },
  written: { readonly upstream: string; readonly listen: string | undefined },
): string {
  const { upstream, listen } = checkedAddresses(written)
  const template = readFileSync(join(templatesDir, 'minimal/gatez.yaml'), 'utf8')
  return fillTemplate('gatez.yaml', template.replace(/^#.*\n/, HEADING), { upstream, listen })
}

const HEADING = `# What gatez serve --upstream serves: written anew at each start. For a file of your own, type:
#   gatez init --template minimal --upstream URL
`

/**
 * Checks where gatez listens and the API behind it, as given on the command line, against each other.
 *
 * What is not given stays undefined, but for this: when the API has the port that gatez takes by
 * default, as many have, gatez takes another. Throws `invalid-parameter`.
 */
export function checkedAddresses<Written extends string | undefined>(written: {
  readonly upstream: Written
  readonly listen: string | undefined
}): { readonly upstream: Written | string; readonly listen: string | undefined } {
  const listen = written.listen === undefined ? undefined : checkedListen(written.listen)
  if (written.upstream === undefined) return written
  const upstream = checkedUpstream(written.upstream)
  if (listen === undefined) {
    return { upstream, listen: isSamePlace(upstream, DEFAULT_LISTEN) ? '127.0.0.1:8090' : undefined }
  }
  if (!isSamePlace(upstream, listen)) return { upstream, listen: written.listen }
  const detail = `--upstream ${upstream} is the address gatez itself would listen on: give another with --listen.`
  throw new GatezError('invalid-parameter', detail)
}

const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 8080 }

/** Reads an address given on the command line; throws `invalid-parameter`. */
export function checkedListen(text: string): ListenAddress {
  const parsed = parseListen(text)
  if ('value' in parsed) return parsed.value
  throw new GatezError('invalid-parameter', `--listen ${parsed.problem}.`)
}

/** Reads the URL of an API given on the command line; throws `invalid-parameter`. */
export function checkedUpstream(text: string): string {
  const parsed = parseUpstream(text)
  if ('value' in parsed) return parsed.value
  const guess = `http://${text}`
  const bare =
    /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?(?:\/\S*)?$/i.test(text) && 'value' in parseUpstream(guess)
  throw new GatezError(
    'invalid-parameter',
    `--upstream ${parsed.problem}${bare ? `; did you mean ${guess}?` : '.'}`,
  )
}

// Calls that come back to the gateway would go round for ever.
function isSamePlace(upstream: string, listen: ListenAddress): boolean {
  const url = new URL(upstream)
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return port === listen.port && (isLoopback(host) || host === '0.0.0.0' || host === listen.host)
}

/**
 * Keeps the text in the data folder, so that other commands know it too. The folder must exist.
 *
 * No template was written here, so it also sees to it that git leaves that folder alone.
 */
export function rememberUpstreamConfig(file: string, text: string): void {
  writeFileSync(join(dirname(file), '.gatez', '.gitignore'), '*\n', { mode: 0o600 })
  writeFileSync(rememberedPath(file), text, { mode: 0o600 })
}

/**
 * What `serve --upstream` served last in the folder of `file`; undefined when it never did.
 *
 * Stands in for a `gatez.yaml` that is not there, never for a file of another name: who names one means it.
 */
export function rememberedUpstreamConfig(file: string): string | undefined {
  const path = rememberedPath(file)
  if (basename(file) !== 'gatez.yaml' || existsSync(file) || !existsSync(path)) return undefined
  return readFileSync(path, 'utf8')
}

function rememberedPath(file: string): string {
  return join(dirname(file), '.gatez', 'upstream.yaml')
}
