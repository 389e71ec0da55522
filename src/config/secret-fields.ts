import type { Path } from './problems.ts'

/**
 * Whether a field holds a secret: it must come from the environment, and no message shows it.
 *
 * A secret is a text whatever it looks like: `0012` must not become the number 12.
 */
export function isSecretField(path: Path): boolean {
  return path.at(-2) === 'secret' && path.at(-1) === 'value'
}
