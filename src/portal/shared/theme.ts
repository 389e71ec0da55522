import { type CSSVariablesResolver, createTheme, type MantineThemeOverride } from '@mantine/core'
import type { Brand } from './brand.ts'
import { paletteOf } from './palette.ts'

/** The looks of the portals: calm and dense, in the colour of the brand. Fonts are those of the viewer's system. */
export function themeOf({ color }: Brand): MantineThemeOverride {
  const { shades, light } = paletteOf(color)
  return createTheme({
    primaryColor: 'brand',
    colors: { brand: [...shades] },
    // White can be read on it, whatever lies around it.
    primaryShade: light,
    fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
    fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
    fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
    headings: {
      fontWeight: '600',
      sizes: { h1: { fontSize: '1.375rem' }, h2: { fontSize: '1rem' }, h3: { fontSize: '0.875rem' } },
    },
    defaultRadius: 'md',
    cursorType: 'pointer',
    respectReducedMotion: true,
    components: {
      Anchor: { defaultProps: { underline: 'always' } },
      Card: { defaultProps: { withBorder: true, padding: 'md' } },
      Table: { defaultProps: { verticalSpacing: 8, horizontalSpacing: 'sm' } },
      Badge: { defaultProps: { variant: 'light', radius: 'sm', tt: 'none', fw: 500 } },
      Modal: { defaultProps: { centered: true } },
    },
  })
}

/** What dimmed words and links look like: dark enough to be read on every ground there is, and light enough. */
export function variablesOf({ color }: Brand): CSSVariablesResolver {
  const { shades, light, dark } = paletteOf(color)
  return () => ({
    variables: {},
    light: {
      '--mantine-color-dimmed': '#5b6470',
      '--mantine-color-anchor': shades[light],
      '--mantine-color-brand-light-color': shades[Math.min(light + 1, 9)] ?? shades[light],
      '--mantine-color-body': '#ffffff',
      '--gatez-ground': '#f7f8fa',
      '--mantine-color-green-light-color': '#1b632a',
      '--mantine-color-orange-light-color': '#963600',
      '--mantine-color-yellow-light-color': '#6f4a00',
      '--mantine-color-red-light-color': '#a61e1e',
      '--mantine-color-blue-light-color': '#17508f',
      '--mantine-color-gray-light-color': '#3f4650',
    },
    dark: {
      '--mantine-color-dimmed': '#a6adb8',
      '--mantine-color-anchor': shades[Math.max(dark - 1, 0)] ?? shades[dark],
      '--mantine-color-brand-light-color': shades[2],
      '--mantine-color-brand-light': `color-mix(in srgb, ${shades[light]} 32%, transparent)`,
      '--mantine-color-brand-light-hover': `color-mix(in srgb, ${shades[light]} 42%, transparent)`,
      '--gatez-ground': '#17181b',
    },
  })
}
