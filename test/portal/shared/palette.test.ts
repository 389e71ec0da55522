import { expect, test } from 'vitest'
import { contrast, paletteOf } from '../../../src/portal/shared/palette.ts'

test.each(['#3b5bdb', '#ffd43b', '#000000', '#ffffff', '#e03131', '#2f9e44', '#00ffff'])(
  'of the brand colour %s come shades that can be read on white and on black',
  (color) => {
    const { shades, light, dark } = paletteOf(color)
    expect(contrast(shades[light], '#ffffff')).toBeGreaterThanOrEqual(4.5)
    expect(contrast(shades[dark], '#25262b')).toBeGreaterThanOrEqual(4.5)
    expect(shades.every((shade) => /^#[0-9a-f]{6}$/.test(shade))).toBe(true)
  },
)
