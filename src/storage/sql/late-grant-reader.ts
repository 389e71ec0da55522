import type { Grant } from '../../model/grant.ts'
import type { Token } from '../../model/token.ts'
import type { GrantReader } from '../ports/grant-reader.ts'

/** A reader that is still being loaded: what is asked meanwhile waits for it. */
export class LateGrantReader implements GrantReader {
  readonly #reader: Promise<GrantReader>

  constructor(reader: Promise<GrantReader>) {
    this.#reader = reader
  }

  async grantByHash(hash: string): Promise<Grant | undefined> {
    return (await this.#reader).grantByHash(hash)
  }

  async tokenByHash(hash: string): Promise<Token | undefined> {
    return (await this.#reader).tokenByHash(hash)
  }

  close(): void {
    this.#reader.then(
      (reader) => reader.close(),
      () => {},
    )
  }
}
