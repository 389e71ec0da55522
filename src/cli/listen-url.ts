import type { ListenAddress } from '../config/config.ts'

/** An address as a URL without a path: `http://[::]:8080`. */
export function listenUrl({ host, port }: ListenAddress): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The same for a client on this machine: who listens on every address is found at localhost. */
export function callableUrl({ host, port }: ListenAddress): string {
  return listenUrl({ host: host === '::' || host === '0.0.0.0' ? 'localhost' : host, port })
}
