import { startLengthFirst } from './broken-length-first.ts'
import { startMeddler } from './broken-meddler.ts'
import { startRelay } from './broken-relay.ts'
import { startSharedLine } from './broken-shared-line.ts'

/** A proxy that is wrong on purpose, to prove that the judge and the probes see it. */
export interface BrokenProxy {
  readonly name: string
  readonly why: string
  /** Starts it in front of a port; resolves to its own. Stopped when the test is over. */
  readonly start: (upstreamPort: number) => Promise<number>
}

/** Each is broken in its own way; together they break every promise a probe asks for. */
export const BROKEN_PROXIES: readonly BrokenProxy[] = [
  {
    name: 'length first',
    why: 'believes Content-Length where chunks are declared too, and passes all bytes on as they are',
    start: startLengthFirst,
  },
  {
    name: 'shared line',
    why: 'takes any line end and any coding for good, and leads all clients over one connection',
    start: startSharedLine,
  },
  {
    name: 'relay',
    why: 'is node:http in and out, forgives everything, and passes every field on',
    start: startRelay,
  },
  {
    name: 'meddler',
    why: 'decodes paths, folds fields, keeps answers until they are whole and gives them in any order',
    start: startMeddler,
  },
]
