import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that tests call as users do, and the Debian package of each. */
const TOOLS = {
  bash: 'bash',
  caddy: 'caddy',
  chromium: 'chromium',
  curl: 'curl',
  git: 'git',
  nginx: 'nginx-light',
  openssl: 'openssl',
  postgres: 'postgresql',
  promtool: 'prometheus',
  python3: 'python3',
  'redis-server': 'redis-server',
  strace: 'strace',
  'systemd-analyze': 'systemd',
  timeout: 'coreutils',
  tmux: 'tmux',
}

/**
 * Installs what is missing where that can be done (Debian, as root); elsewhere says what to install, and
 * returns false.
 */
export function ensureTools() {
  const lacking = () => Object.keys(TOOLS).filter((tool) => !isThere(tool))
  if (lacking().length === 0) return true
  const packages = lacking().map((tool) => TOOLS[tool])
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    console.log(`Installing ${packages.join(', ')}: apt-get install`)
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' })
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      stdio: 'inherit',
    })
  }
  const still = lacking()
  if (still.length === 0) return true
  console.error(`The tests need ${still.join(', ')}. On Debian: apt-get install ${packages.join(' ')}`)
  return false
}

function isThere(program) {
  // Debian keeps it by version, out of the path.
  if (program === 'postgres' && existsSync('/usr/lib/postgresql')) return true
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}
