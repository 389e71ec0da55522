import type { Environment } from './environment.ts'

/**
 * Replaces `${NAME}` and `${NAME:-default}` by variables of the environment; `$${` stands for `${`.
 *
 * As in a shell, the default holds when the variable is unset or empty. `problems` are sentences about
 * what could not be replaced; the value of a variable is in none of them.
 */
export function substitute(text: string, env: Environment): Substituted {
  const problems: string[] = []
  const replaced = text.replaceAll(REFERENCE, (whole, escaped, name, defaultText) => {
    if (escaped !== undefined) return '${'
    if (name === undefined) {
      problems.push(
        `${JSON.stringify(whole)} is no variable: write \${NAME}, \${NAME:-default}, or $\${ for \${`,
      )
      return whole
    }
    const value = env[name]
    if (defaultText !== undefined) return value || defaultText
    if (value === undefined) problems.push(`the environment variable ${name} is not set`)
    return value ?? ''
  })
  return { text: replaced, changed: replaced !== text, problems }
}

export interface Substituted {
  readonly text: string
  readonly changed: boolean
  readonly problems: readonly string[]
}

const REFERENCE = /(\$\$\{)|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})?/g
