import { createHash } from 'node:crypto'

/** The ETag of an answer: the same for the same content, whoever asks. */
export function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`
}
