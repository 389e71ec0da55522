import type { CompiledQuery, Kysely } from 'kysely'
import { isTokenScope, type Token } from '../../model/token.ts'
import type { TokenStore } from '../ports/tokens.ts'
import type { TokenRow } from './intake-schema.ts'
import type { ControlSchema } from './schema.ts'

/** Tokens of operators in SQL. */
export class SqlTokenStore implements TokenStore {
  readonly #db: Kysely<ControlSchema>

  constructor(db: Kysely<ControlSchema>) {
    this.#db = db
  }

  async insert(token: Token): Promise<void> {
    await this.#db
      .insertInto('tokens')
      .values({
        id: token.id,
        name: token.name,
        scopes: JSON.stringify(token.scopes),
        hash: token.hash,
        masked: token.masked,
        created_by: token.createdBy,
        created_at_ms: token.createdAtMs,
        expires_at_ms: token.expiresAtMs,
        revoked_at_ms: token.revokedAtMs,
      })
      .execute()
  }

  async find(id: string): Promise<Token | undefined> {
    const row = await this.#db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? undefined : toToken(row)
  }

  async findByHash(hash: string): Promise<Token | undefined> {
    const row = await byHash(this.#db, hash).executeTakeFirst()
    return row === undefined ? undefined : toToken(row)
  }

  async list(): Promise<readonly Token[]> {
    const rows = await this.#db
      .selectFrom('tokens')
      .selectAll()
      .orderBy('created_at_ms', 'desc')
      .orderBy('id')
      .execute()
    return rows.map(toToken)
  }

  async revoke(id: string, atMs: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('tokens')
      .set({ revoked_at_ms: atMs })
      .where('id', '=', id)
      .where('revoked_at_ms', 'is', null)
      .executeTakeFirstOrThrow()
    return numUpdatedRows === 1n
  }
}

/** The read of one token by its hash, for who prepares it by itself. */
export function compileTokenQuery(db: Kysely<ControlSchema>, hash: string): CompiledQuery {
  return byHash(db, hash).compile()
}

/** The token a row stands for. A scope this program does not know, of a newer one, opens nothing here. */
export function toToken(row: TokenRow): Token {
  const scopes: readonly string[] = JSON.parse(row.scopes)
  return {
    id: row.id,
    name: row.name,
    scopes: scopes.filter(isTokenScope),
    hash: row.hash,
    masked: row.masked,
    createdBy: row.created_by,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms,
  }
}

function byHash(db: Kysely<ControlSchema>, hash: string) {
  return db.selectFrom('tokens').selectAll().where('hash', '=', hash)
}
