/** A straight line through points, by least squares. */
export interface Line {
  readonly slope: number
  /** The standard error of the slope, were the points independent of each other. */
  readonly slopeError: number
  /** How far points lie from the line (standard deviation). */
  readonly noise: number
}

/** The line through points of x and y; without a slope when there are fewer than three. */
export function lineThrough(points: readonly (readonly [x: number, y: number])[]): Line {
  const count = points.length
  if (count < 3) return { slope: 0, slopeError: Number.POSITIVE_INFINITY, noise: 0 }
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / count
  const [xMean, yMean] = [mean(([x]) => x), mean(([, y]) => y)]
  const xx = mean(([x]) => (x - xMean) ** 2) * count
  const slope = (mean(([x, y]) => (x - xMean) * (y - yMean)) * count) / xx
  const squares = mean(([x, y]) => (y - yMean - slope * (x - xMean)) ** 2) * count
  const variance = squares / (count - 2)
  return { slope, slopeError: Math.sqrt(variance / xx), noise: Math.sqrt(variance) }
}
