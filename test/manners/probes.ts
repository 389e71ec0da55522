import { ANSWER_PROBES } from './probe-answers.ts'
import { CONNECTION_PROBES } from './probe-connections.ts'
import { FIELD_PROBES } from './probe-fields.ts'
import type { Probe } from './probe-kit.ts'
import { TARGET_PROBES } from './probe-targets.ts'

/** Every promise on behaviour that is asked for (G-31 to G-41), each with its probe. */
export const PROBES: readonly Probe[] = [
  ...FIELD_PROBES,
  ...TARGET_PROBES,
  ...ANSWER_PROBES,
  ...CONNECTION_PROBES,
]
