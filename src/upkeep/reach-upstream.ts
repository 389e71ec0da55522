import { connect } from 'node:net'

/** How long a connection may take. */
const CONNECT_MS_MAX = 2000

/**
 * Tries to connect to an API, and says what is wrong in a few words; undefined when something answers.
 *
 * Sends nothing. Takes two seconds at most.
 */
export async function unreachable(upstream: string): Promise<string | undefined> {
  const url = new URL(upstream)
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS_MAX })
    const end = (problem: string | undefined): void => {
      socket.destroy()
      resolve(problem)
    }
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end('no answer in 2 s'))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(WORDS[error.code ?? ''] ?? error.code ?? 'no way there'),
    )
  })
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up now',
  EHOSTUNREACH: 'no way there',
  ENETUNREACH: 'no way there',
}
