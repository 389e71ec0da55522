import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Access } from '../access/access.ts'
import { createToken } from '../access/create-token.ts'

/**
 * Makes the first token of an operator, with the scope owner, in a file that only its user can read.
 *
 * Once for a data folder: who removes the file and revokes the token gets another at the next start.
 */
export async function makeOperatorToken(access: Access, dataDir: string): Promise<void> {
  const path = operatorTokenPath(dataDir)
  if (existsSync(path)) return
  const token = await createToken(access, { name: 'operator', scopes: 'owner', actor: 'gatez' })
  writeFileSync(path, `${token.secret}\n`, { mode: 0o600, flag: 'wx' })
}

/** Where that file is. */
export function operatorTokenPath(dataDir: string): string {
  return join(dataDir, 'operator-token')
}
