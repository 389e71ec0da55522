import { styleText } from 'node:util'
import { isoTime } from '../lib/iso-time.ts'
import { isPart } from '../metering/whole-calls.ts'
import { isAdjustment } from '../model/adjustment.ts'
import type { UsageEvent } from '../model/event.ts'
import { printable } from './table.ts'

/**
 * A call as one line of `usage tail`: time (UTC), method, path, status, milliseconds, tenant, key.
 *
 * No wider than `width`: what is too long is cut, with … at its end; the path has what the others leave. From
 * 132 columns on the request id stands at the end, which `gatez why` takes.
 */
export function tailLine(event: UsageEvent, width: number): string {
  const cells = columns(width)
  const status = event.statusCode === 0 ? '–' : String(event.statusCode)
  const values = [
    isoTime(event.timestampMs).slice(11, 19),
    isAdjustment(event) ? 'void' : event.method || 'event',
    `${event.endpoint}${noteOf(event)}`,
    status,
    event.outcome === 'open' ? '…' : event.source === 'gateway' ? String(event.responseTimeMs) : '–',
    event.tenantId || '–',
    event.keyId || '–',
    event.requestId,
  ]
  const parts = cells.map((cell, index) => {
    const text = cut(printable(values[index] ?? ''), cell)
    const padded = RIGHT.includes(index) ? text.padStart(cell) : text.padEnd(cell)
    return index === STATUS && event.source === 'gateway' ? coloured(padded, event.statusCode) : padded
  })
  return parts.join(GAP).trimEnd()
}

function noteOf(event: UsageEvent): string {
  const { count, outcome } = event
  if (!isPart(event) && count <= 1) return ''
  if (count > 1) return ` (${count} calls)`
  if (outcome === 'open') return ' (open)'
  return count === 0 ? ' (end)' : ''
}

/** The heading above such lines. */
export function tailHeading(width: number): string {
  const parts = columns(width).map((cell, index) => {
    const title = HEADINGS[index] ?? ''
    return RIGHT.includes(index) ? title.padStart(cell) : title.padEnd(cell)
  })
  return styleText('bold', parts.join(GAP).trimEnd(), { stream: process.stdout })
}

const HEADINGS = ['UTC', 'METHOD', 'PATH', 'STATUS', 'MS', 'TENANT', 'KEY', 'REQUEST'] as const
const STATUS = 3
const RIGHT: readonly number[] = [STATUS, 4]
const GAP = '  '
const PATH_MIN = 12

/** Widths of the columns; the last one only where there is room for it. */
function columns(width: number): readonly number[] {
  const wide = width >= 132
  const [tenant, key] = wide ? [16, 24] : width >= 110 ? [16, 24] : [11, 13]
  const fixed = [8, 6, 0, 6, 5, tenant, key, ...(wide ? [26] : [])]
  const taken = fixed.reduce((sum, cell) => sum + cell, 0) + GAP.length * (fixed.length - 1)
  return fixed.map((cell, index) => (index === 2 ? Math.max(PATH_MIN, width - taken) : cell))
}

function cut(text: string, width: number): string {
  const letters = [...text]
  return letters.length <= width ? text : `${letters.slice(0, width - 1).join('')}…`
}

function coloured(text: string, status: number): string {
  const colour = status >= 500 || status === 0 ? 'red' : status >= 400 ? 'yellow' : 'green'
  return styleText(colour, text, { stream: process.stdout })
}
