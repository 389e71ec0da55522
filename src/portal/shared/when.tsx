import { localTime, type TimeStyle, utcTime } from './times.ts'

/** A moment in the viewer's zone; UTC where the pointer rests on it. */
export function When({ at, style = 'moment', none = '–' }: WhenProps) {
  if (at === null || at === undefined) return none
  return (
    <time dateTime={at} title={utcTime(at)}>
      {localTime(at, style)}
    </time>
  )
}

export interface WhenProps {
  readonly at: string | null | undefined
  readonly style?: TimeStyle
  /** What stands there when it never was. */
  readonly none?: string
}
