import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { writeKeysFile } from './nginx-redis.ts'

const FOLDER = join(import.meta.dirname, '../peers')

/** Installs what the proxy on Fastify needs, as its lock file says, and returns how to start it. */
export function fastifyCommand(dir: string, options: FastifyOptions): readonly string[] {
  const { port, upstreamPort, redisPort, keys } = options
  if (!existsSync(join(FOLDER, 'node_modules'))) {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: FOLDER,
      stdio: 'inherit',
    })
  }
  const file = join(dir, 'fastify-keys')
  writeKeysFile(file, keys)
  const script = join(FOLDER, 'fastify-proxy.js')
  return [process.execPath, script, String(port), `http://127.0.0.1:${upstreamPort}`, String(redisPort), file]
}

export interface FastifyOptions {
  readonly port: number
  readonly upstreamPort: number
  readonly redisPort: number
  readonly keys: readonly string[]
}
