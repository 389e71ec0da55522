import type { ListenAddress } from '../config/config.ts'

/** An address as a URL without a path: `http://[::]:8080`. */
export function listenUrl({ host, port, speaksTls }: Listening): string {
  return `${speaksTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The same for a client on this machine: who listens on every address is found at localhost. */
export function callableUrl({ host, port, speaksTls }: Listening): string {
  return listenUrl({ host: host === '::' || host === '0.0.0.0' ? 'localhost' : host, port, speaksTls })
}

interface Listening extends ListenAddress {
  readonly speaksTls: boolean
}
