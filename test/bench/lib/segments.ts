import { execFileSync } from 'node:child_process'

/** What is left of an Ethernet frame for data of TCP, in bytes. */
const ETHERNET_MSS = 1460

/**
 * Lets connections to a local address be made of segments as they are on an Ethernet, until it is disposed of.
 *
 * Segments of the loopback are 64 KiB: the kernel takes megabytes for a client that reads nothing, where it takes some
 * 90 KB on a network. Needs root.
 */
export function segmentsOfEthernet(address: string): Disposable {
  const route = ['local', `${address}/32`, 'dev', 'lo', 'table', 'local']
  const remove = (): void => {
    execFileSync('ip', ['route', 'del', ...route], { stdio: 'ignore' })
  }
  execFileSync('ip', ['route', 'replace', ...route, 'advmss', String(ETHERNET_MSS)])
  process.once('exit', remove)
  return {
    [Symbol.dispose]: () => {
      process.off('exit', remove)
      remove()
    },
  }
}
