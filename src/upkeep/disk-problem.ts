import { GatezError } from '../errors/gatez-error.ts'

/** What the system refused, in words with a way out; anything else comes back as it is. */
export function diskProblem(thrown: unknown, what: string): unknown {
  if (!(thrown instanceof Error) || thrown instanceof GatezError) return thrown
  if (!('syscall' in thrown) || !('code' in thrown)) return thrown
  const why = REASONS[String(thrown.code)] ?? 'the system refused it'
  return new GatezError('folder-not-writable', `${what}: ${why}.`, { cause: thrown })
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a file stands in its way',
  EEXIST: 'a file stands in its way',
  ENOENT: 'the folder cannot be made there',
  ENAMETOOLONG: 'its name is too long',
}
