import type { MeterParts } from '../../src/metering/meter.ts'

/** For a meter to whose reports nobody listens. */
export function deafMeterParts(): MeterParts {
  return {
    onCommitted: () => {},
    onDown: () => {},
    onUp: () => {},
    onNewFile: () => {},
    onFilling: () => {},
    onDeath: () => {},
  }
}
