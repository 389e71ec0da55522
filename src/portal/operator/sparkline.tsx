import { quantity } from '../shared/figures.ts'

const HEIGHT = 48
const STEP = 6
const SLOTS = 60

/** A bar for each value, oldest first; the highest fills the height, the newest stands on the right. */
export function Sparkline({ values, name }: SparklineProps) {
  const most = Math.max(...values, 1)
  const slots = Math.max(values.length, SLOTS)
  const width = slots * STEP
  const label = `${name}: ${quantity(values.at(-1) ?? 0)} in the last, at most ${quantity(Math.max(...values, 0))}.`
  return (
    <svg
      className="gatez-sparkline"
      viewBox={`0 0 ${width} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {values.map((value, index) => {
        const height = value === 0 ? 1 : Math.max((value / most) * HEIGHT, 2)
        const at = { x: (slots - values.length + index) * STEP, y: HEIGHT - height }
        return <rect key={`${at.x}`} {...at} width={STEP - 1} height={height} />
      })}
    </svg>
  )
}

export interface SparklineProps {
  readonly values: readonly number[]
  /** What it shows, for who does not see it. */
  readonly name: string
}
