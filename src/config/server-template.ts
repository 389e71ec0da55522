import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Names that differ from the file of the template: packing for npm drops, or hides, those with a dot. */
const NAMES: Readonly<Record<string, string>> = { 'env.example': '.env.example' }

const FILES = ['compose.yaml', 'Dockerfile', 'env.example', 'SERVERS.md'] as const

/** What a configuration on servers has beside its gatez.yaml. */
export function serverFiles(templatesDir: string): readonly TemplateFile[] {
  const files = FILES.map((name) => ({
    name: NAMES[name] ?? name,
    content: readFileSync(join(templatesDir, 'servers', name), 'utf8'),
  }))
  const roles = readFileSync(join(templatesDir, 'servers', ROLES), 'utf8')
  return [...files, { name: ROLES, content: roles }]
}

/** A file that `gatez init` writes. */
export interface TemplateFile {
  readonly name: string
  readonly content: string
}

/** The same gatez.yaml with its stores on servers, and the listener open to other machines. */
export function onServers(text: string): string {
  return text
    .replace(/^stores:.*\n(?: .*\n)*\n?/m, '')
    .replace('listen: "127.0.0.1:8080"', 'listen: "0.0.0.0:8080"')
    .replace(/^apis:/m, (apis) => `${STORES}${apis}`)
}

const ROLES = 'postgres-roles.sql'

const STORES = `stores: # SERVERS.md says more
  control: "postgres://\${GATEZ_DB_USER:-gatez_app}:\${GATEZ_DB_PASSWORD:-}@\${GATEZ_DB_HOST:-postgres:5432}/gatez"
  data: "\${GATEZ_DATA:-.gatez}" # of this node alone
  counters: "redis://:\${GATEZ_REDIS_PASSWORD:-}@\${GATEZ_REDIS_HOST:-redis:6379}" # rediss:// across machines
  usage: "clickhouse+http://gatez:\${GATEZ_CLICKHOUSE_PASSWORD:-}@\${GATEZ_CLICKHOUSE_HOST:-clickhouse:8123}/gatez"

`
