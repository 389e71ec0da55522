import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate authority, a server it vouches for, a client it vouches for, and a stranger: files in `folder`. */
export function makeCertificates(folder: string): (name: string) => string {
  authority(folder, 'ca')
  signed(folder, 'server', 'ca', 'subjectAltName=DNS:upstream.test,IP:127.0.0.1')
  signed(folder, 'client', 'ca', 'extendedKeyUsage=clientAuth')
  authority(folder, 'other-ca')
  return (name) => readFileSync(join(folder, name), 'utf8')
}

/** The texts of such files, which are not kept. */
export function certificateTexts(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'gatez-test-'))
  makeCertificates(folder)
  const texts = new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  rmSync(folder, { recursive: true })
  return (name) => texts.get(name) ?? ''
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

function authority(folder: string, name: string): void {
  const out = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`]
  openssl(folder, 'req', '-x509', ...NEW_KEY, ...out)
}

function signed(folder: string, name: string, by: string, extension: string): void {
  openssl(folder, 'req', ...NEW_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
  writeFileSync(join(folder, `${name}.ext`), `${extension}\n`)
  const signer = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-days', '2']
  openssl(
    folder,
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    ...signer,
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.pem`,
  )
}

function openssl(folder: string, ...args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
}
