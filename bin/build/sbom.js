import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ROOT } from '../pinned-node.js'

/**
 * What the program is made of, as CycloneDX 1.6: every package whose code is in the bundle or the pages, with
 * the version, the licence and the hash that package-lock.json has of it, and the Node that runs it.
 *
 * The same packages give the same text: no time, no random number. `folders` are from ROOT.
 */
export function sbom(folders) {
  const { version, license } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
  const { packages } = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8'))
  // The lock names them from the folder it is in, wherever node_modules itself may lie.
  const names = folders.map((folder) => folder.slice(folder.indexOf('node_modules/')))
  const components = [...new Set(names)].sort().map((name) => component(name, packages[name]))
  components.push({
    ...{ type: 'platform', 'bom-ref': `node@${process.versions.node}`, name: 'node' },
    ...{ version: process.versions.node, purl: `pkg:generic/node@${process.versions.node}` },
  })
  const main = { type: 'application', 'bom-ref': `gatez@${version}`, name: 'gatez', version }
  const refs = components.map((part) => part['bom-ref'])
  const text = JSON.stringify(components)
  return `${JSON.stringify(
    {
      ...{ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, serialNumber: serialOf(text) },
      metadata: { component: { ...main, purl: `pkg:npm/gatez@${version}`, licenses: licensesOf(license) } },
      components,
      dependencies: [{ ref: main['bom-ref'], dependsOn: refs }, ...refs.map((ref) => ({ ref }))],
    },
    null,
    2,
  )}\n`
}

function component(folder, locked) {
  const name = folder.replace(/^.*node_modules\//, '')
  if (locked === undefined) throw new Error(`${folder} is in the bundle and not in package-lock.json`)
  const { version, integrity, license } = locked
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  const [algorithm, hash] = (integrity ?? '').split('-', 2)
  const content = Buffer.from(hash ?? '', 'base64').toString('hex')
  const hashes = algorithm === 'sha512' ? [{ alg: 'SHA-512', content }] : []
  return {
    ...{ type: 'library', 'bom-ref': purl, name, version, purl, hashes },
    licenses: licensesOf(license),
  }
}

/** A package that names none has its text among the others in the bundle. */
function licensesOf(license) {
  if (typeof license === 'string') return [{ expression: license }]
  return [{ license: { name: 'as in THIRD-PARTY-LICENSES.txt' } }]
}

/** A UUID that stands for the content. */
function serialOf(text) {
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, variant + hex.slice(17, 20)]
  return `urn:uuid:${[...parts, hex.slice(20, 32)].join('-')}`
}
