import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { parseUpstream } from './address.ts'
import type { Cursor } from './cursor.ts'

/** Checks how gatez and the upstreams know each other: secrets, certificates and their files. */
export function checkUpstreams(file: Cursor, folder: string): void {
  for (const name of ['gateway', 'control', 'portal']) checkPair(file.field(name).field('tls'), folder)
  checkSecret(file.field('portal').field('oidc').field('secret').field('value'))
  checkSecret(file.field('telemetry').field('otlp').field('secret').field('value'))
  for (const api of file.field('apis').items()) {
    checkSecret(api.field('secret').field('value'))
    checkTls(api, folder)
  }
}

function checkSecret(value: Cursor): void {
  if (value.value === undefined || value.isVariable) return
  value.refuse(
    `must come from the environment, as \${UPSTREAM_SECRET}: what stands here, every reader of the file knows`,
  )
}

function checkTls(api: Cursor, folder: string): void {
  const tls = api.field('tls')
  if (tls.value === undefined) return
  for (const { text } of upstreamsOf(api)) {
    const upstream = parseUpstream(text ?? '')
    if ('value' in upstream && !upstream.value.startsWith('https:')) {
      tls.refuse(`needs upstreams that begin with https://, and ${upstream.value} does not`)
    }
  }
  const [cert, key] = [tls.field('cert'), tls.field('key')]
  if ((cert.value === undefined) !== (key.value === undefined)) {
    tls.refuse('cert and key belong together: the certificate gatez shows, and its private key')
  }
  readAs(tls.field('ca'), folder, 'certificate', (pem) => new X509Certificate(pem))
  checkPair(tls, folder)
}

/** The upstreams of an api, one or a list of them. */
export function upstreamsOf(api: Cursor): readonly Cursor[] {
  const upstream = api.field('upstream')
  return upstream.text === undefined ? upstream.items() : [upstream]
}

/** A certificate and its private key, in files of their own, that TLS can be spoken with. */
function checkPair(tls: Cursor, folder: string): void {
  const [cert, key] = [tls.field('cert'), tls.field('key')]
  const shown = readAs(cert, folder, 'certificate', (pem) => ({ pem, read: new X509Certificate(pem) }))
  const secret = readAs(key, folder, 'private key without a passphrase', (pem) => ({
    pem,
    read: createPrivateKey(pem),
  }))
  if (shown === undefined || secret === undefined) return
  if (!shown.read.checkPrivateKey(secret.read)) {
    key.refuse(`${key.text} is not the key of ${cert.text}`)
    return
  }
  try {
    createSecureContext({ cert: shown.pem, key: secret.pem })
  } catch (error) {
    // OpenSSL's own words come last: "error:0A00018F:SSL routines::ee key too small".
    const why = error instanceof Error ? error.message.replace(/^.*::/, '') : ''
    cert.refuse(`${cert.text} cannot be used for TLS: ${why}`)
  }
}

/** What a file holds; undefined when it is not named, or was refused. */
function readAs<Read>(
  field: Cursor,
  folder: string,
  what: string,
  read: (pem: Buffer) => Read,
): Read | undefined {
  if (field.text === undefined || field.text === '') return undefined
  let bytes: Buffer
  try {
    bytes = readFileSync(resolve(folder, field.text))
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const why = isMissing ? 'does not exist' : 'cannot be read'
    field.refuse(`${field.text} ${why} (paths are relative to the folder of this file)`)
    return undefined
  }
  try {
    return read(bytes)
  } catch {
    field.refuse(`${field.text} holds no ${what} in PEM`)
    return undefined
  }
}
