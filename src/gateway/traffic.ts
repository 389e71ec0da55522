import { PassingBytes } from '../lib/passing-bytes.ts'
import { Turns } from './turns.ts'

/** What the calls of one thread have in common on their way: its memory, and its time. */
export class Traffic {
  readonly bytes = new PassingBytes()
  readonly turns = new Turns()
}
