import type { TelemetryConfig } from '../config/telemetry-config.ts'
import type { Clock } from '../lib/clock.ts'
import { AccessLog } from '../telemetry/access-log.ts'
import { SpanExporter } from '../telemetry/span-exporter.ts'
import type { Traffic } from '../telemetry/traffic.ts'
import { CallWatch } from './call-watch.ts'

/** Opens what the file asks for of one gateway thread's telemetry; nothing else is opened or sent anywhere. */
export function openWatch({ telemetry, traffic, clock, warn }: OpenWatchParts): OpenWatch {
  const { accessLog: place, otlp } = telemetry
  const accessLog = place === null ? undefined : new AccessLog(place, warn)
  const exporter = otlp === null ? undefined : new SpanExporter(otlp, warn)
  return {
    watch: new CallWatch({ traffic, clock, accessLog, exporter, sample: otlp?.sample ?? null }),
    reopen: () => accessLog?.reopen(),
    close: async () => {
      accessLog?.close()
      await exporter?.close()
    },
  }
}

export interface OpenWatchParts {
  readonly telemetry: TelemetryConfig
  readonly traffic: Traffic
  readonly clock: Clock
  readonly warn: (what: string, detail: string) => void
}

/** The telemetry of one gateway thread. */
export interface OpenWatch {
  readonly watch: CallWatch
  /** Opens files anew: they may have been moved away. */
  reopen(): void
  /** Writes and sends what waits; takes at most some seconds. */
  close(): Promise<void>
}
