import { Cluster, Command, Redis } from 'ioredis'

/** A command that was written out already; its words say no more than where in a cluster it belongs. */
class WrittenCommand extends Command {
  readonly #written: Buffer

  constructor(name: string, words: readonly string[], written: Buffer) {
    // Without an encoding, texts in the reply are bytes.
    super(name, [...words], { replyEncoding: null })
    this.#written = written
  }

  override toWritable(): Buffer {
    return this.#written
  }
}

/** The driver by its names: who loads a package of the old form late is told nothing but `default` by a bundle. */
export const redisDriver = { Cluster, Redis, WrittenCommand } as const
