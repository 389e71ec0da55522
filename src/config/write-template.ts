import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { GatezError } from '../errors/gatez-error.ts'
import { makeFolder } from '../lib/make-folder.ts'
import { fillTemplate, type TemplateAnswers } from './fill-template.ts'
import { onServers, serverFiles } from './server-template.ts'

/** What `gatez init` can write, each a folder of the same name under templates/. */
export const TEMPLATES = ['dataforge', 'minimal', 'llm', 'production'] as const

export type Template = (typeof TEMPLATES)[number]

/**
 * Writes the files of a template into a folder, which is made if need be, with the answers put in.
 * Returns the names of what it wrote.
 *
 * Never overwrites: when one of them exists, nothing is written and `already-exists` names it. Only a
 * `.gitignore` may be there before, since most folders have one: then it is left alone.
 */
export function writeTemplate(
  { templatesDir }: { readonly templatesDir: string },
  { template, folder, answers = {}, production = false }: WriteTemplateRequest,
): readonly string[] {
  const source = join(templatesDir, template)
  const read = (name: string): string => {
    const text = readFileSync(join(source, name), 'utf8')
    const filled = fillTemplate(name, text, { ...answers, folder: resolve(folder) })
    return production && name === 'gatez.yaml' ? onServers(filled) : filled
  }
  const ofServers = production ? serverFiles(templatesDir) : []
  const files = readdirSync(source)
    // Packing for npm drops files named .gitignore, so the template keeps it without the dot.
    .map((name) => ({ name: name === 'gitignore' ? '.gitignore' : name, content: read(name) }))
    .filter(({ name }) => ofServers.every((file) => file.name !== name))
    .concat(ofServers)
    .filter(({ name }) => name !== '.gitignore' || !exists(join(folder, name)))

  refuseToOverwrite(
    folder,
    files.map(({ name }) => name),
  )
  const written: string[] = []
  try {
    makeFolder(folder)
    for (const { name, content } of files) {
      writeFileSync(join(folder, name), content, { flag: 'wx' })
      written.push(name)
    }
  } catch (error) {
    for (const name of written) rmSync(join(folder, name), { force: true })
    throw toGatezError(error, folder)
  }
  return files.map(({ name }) => name)
}

export interface WriteTemplateRequest {
  readonly template: Template
  readonly folder: string
  readonly answers?: TemplateAnswers
  /** With stores on servers, and what belongs to that. */
  readonly production?: boolean
}

/** Throws `already-exists` when the folder has a file of one of these names. */
export function refuseToOverwrite(folder: string, names: readonly string[]): void {
  const present = names.filter((name) => exists(join(folder, name)))
  if (present.length === 0) return
  throw new GatezError(
    'already-exists',
    `${resolve(folder)} has ${present.join(', ')} already; nothing was written. gatez init DIR writes elsewhere.`,
  )
}

// A link that leads nowhere is something too.
function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    // The folder cannot be entered; writing into it will say why.
    return false
  }
}

function toGatezError(error: unknown, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return new GatezError('already-exists', `${resolve(folder)} is in the way: a file by that name exists`, {
      cause: error,
    })
  }
  const reason = WRITE_FAULTS[code]
  if (reason === undefined) return error
  return new GatezError('folder-not-writable', `${resolve(folder)}: ${reason}`, { cause: error })
}

const WRITE_FAULTS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  ENOENT: 'it cannot be made there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
}
