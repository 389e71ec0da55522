import { resolve } from 'node:path'
import { isLoopback, parseListen, parseSqliteUrl } from './address.ts'
import type { Cursor } from './cursor.ts'

/** Checks that no two things want the same port or file, and that control stays private. */
export function checkPlaces(file: Cursor, folder: string): void {
  const controlListen = file.field('control').field('listen')
  const gateway = parseListen(file.field('gateway').field('listen').text ?? '127.0.0.1:8080')
  const control = parseListen(controlListen.text ?? '127.0.0.1:8081')
  if ('value' in control && 'value' in gateway) {
    const { host, port } = control.value
    if (port === gateway.value.port && port !== 0)
      controlListen.refuse(`port ${port} is the gateway's already`)
    if (!isLoopback(host)) controlListen.refuse('must stay on this machine: use 127.0.0.1, ::1 or localhost')
  }

  const usage = file.field('stores').field('usage')
  const controlPath = storePath(file.field('stores').field('control'), 'sqlite:.gatez/gatez.db', folder)
  const usagePath = storePath(usage, 'sqlite:.gatez/usage.db', folder)
  if (controlPath !== undefined && controlPath === usagePath) {
    usage.refuse('must be another file than stores.control: the two are written at once')
  }
}

function storePath(url: Cursor, preset: string, folder: string): string | undefined {
  const parsed = parseSqliteUrl(url.text ?? preset)
  return 'value' in parsed ? resolve(folder, parsed.value) : undefined
}
