/** Ten shades of one colour, and which of them can be read: what Mantine makes its buttons and links of. */
export interface Palette {
  readonly shades: Shades
  /** The lightest shade that white can be read on, and that can be read on white. */
  readonly light: ShadeIndex
  /** The darkest shade that can be read on black. */
  readonly dark: ShadeIndex
}

type Shades = readonly [string, string, string, string, string, string, string, string, string, string]

type ShadeIndex = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

/** How light each shade is, from 0 to 1. */
const LIGHTNESS = [0.96, 0.91, 0.83, 0.75, 0.68, 0.6, 0.5, 0.42, 0.34, 0.22] as const
/** What WCAG asks of text, and a little more for tinted grounds. */
const CONTRAST = 5.2
const DARK_GROUND = '#25262b'

/** Makes shades of a colour: the same hue, lighter and darker. */
export function paletteOf(color: string): Palette {
  const { hue, saturation } = hueOf(color)
  const [a, b, c, d, e, f, g, h, i, j] = LIGHTNESS
  const at = (lightness: number) => hexOf(hue, saturation, lightness)
  const shades: Shades = [at(a), at(b), at(c), at(d), at(e), at(f), at(g), at(h), at(i), at(j)]
  const light = INDEXES.find((index) => contrast(shades[index], '#ffffff') >= CONTRAST) ?? 9
  const dark = INDEXES.findLast((index) => contrast(shades[index], DARK_GROUND) >= CONTRAST) ?? 2
  return { shades, light, dark }
}

const INDEXES: readonly ShadeIndex[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

/** How well one colour can be told from another, from 1 to 21, as WCAG counts it. */
export function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(color: string): number {
  const [red, green, blue] = channels(color).map((part) =>
    part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0)
}

function channels(color: string): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
}

function hueOf(color: string): { readonly hue: number; readonly saturation: number } {
  const [red = 0, green = 0, blue = 0] = channels(color)
  const [high, low] = [Math.max(red, green, blue), Math.min(red, green, blue)]
  const span = high - low
  if (span === 0) return { hue: 0, saturation: 0 }
  const lightness = (high + low) / 2
  const saturation = span / (1 - Math.abs(2 * lightness - 1))
  if (high === red) return { hue: (((green - blue) / span + 6) % 6) * 60, saturation }
  if (high === green) return { hue: ((blue - red) / span + 2) * 60, saturation }
  return { hue: ((red - green) / span + 4) * 60, saturation }
}

function hexOf(hue: number, saturation: number, lightness: number): string {
  const reach = saturation * Math.min(lightness, 1 - lightness)
  const part = (offset: number): string => {
    const place = (offset + hue / 30) % 12
    const value = lightness - reach * Math.max(-1, Math.min(place - 3, 9 - place, 1))
    return Math.round(255 * value)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${part(0)}${part(8)}${part(4)}`
}
