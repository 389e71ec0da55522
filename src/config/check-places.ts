import { resolve } from 'node:path'
import { isLoopback, parseListen, parseSqliteUrl } from './address.ts'
import { CONTROL_LISTEN } from './control-schema.ts'
import type { Cursor } from './cursor.ts'

/** Checks that no two things want the same port or file, and that nothing is public by mistake. */
export function checkPlaces(file: Cursor, folder: string): void {
  const [control, portal] = [file.field('control'), file.field('portal')]
  const controlListen = control.field('listen')
  const gatewayPort = portOf(file.field('gateway').field('listen').text ?? '127.0.0.1:8080')
  const controlPort = portOf(controlListen.text ?? CONTROL_LISTEN)
  if (controlPort !== 0 && controlPort === gatewayPort)
    controlListen.refuse(`port ${controlPort} is the gateway's already`)
  checkReach(control, 'the control API')
  checkReach(portal, 'the portal')
  const portalListen = portal.field('listen')
  const portalPort = portalListen.text === undefined ? 0 : portOf(portalListen.text)
  if (portalPort !== 0 && portalPort === gatewayPort)
    portalListen.refuse(`port ${portalPort} is the gateway's already`)
  if (portalPort !== 0 && portalPort === controlPort)
    portalListen.refuse(`port ${portalPort} is that of control: leave it out to have both on one listener`)

  const usage = file.field('stores').field('usage')
  const controlPath = storePath(file.field('stores').field('control'), 'sqlite:.gatez/gatez.db', folder)
  const usagePath = storePath(usage, 'sqlite:.gatez/usage.db', folder)
  if (controlPath !== undefined && controlPath === usagePath) {
    usage.refuse('must be another file than stores.control: the two are written at once')
  }
}

/** Whoever can reach it must not be able to read what passes, or to be someone else. */
function checkReach(place: Cursor, what: string): void {
  const listen = place.field('listen')
  const parsed = listen.text === undefined ? undefined : parseListen(listen.text)
  if (parsed === undefined || 'problem' in parsed || isLoopback(parsed.value.host)) return
  if (place.field('tls').value !== undefined || place.field('behind_proxy').value === true) return
  listen.refuse(
    `is open to others than this machine, and ${what} must not cross a network in the clear: add tls, or behind_proxy: true if a proxy of yours speaks it, or use 127.0.0.1`,
  )
}

function portOf(listen: string): number {
  const parsed = parseListen(listen)
  return 'value' in parsed ? parsed.value.port : 0
}

function storePath(url: Cursor, preset: string, folder: string): string | undefined {
  const parsed = parseSqliteUrl(url.text ?? preset)
  return 'value' in parsed ? resolve(folder, parsed.value) : undefined
}
