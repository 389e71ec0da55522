import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SMALL_CONFIG } from '../support/config-text.ts'
import { runCli } from '../support/run-cli.ts'
import { tempDir } from '../support/temp-dir.ts'

const KEY_ID = /^key_[0-9a-z]{20}$/
const SECRET = /gz_live_[0-9A-Za-z]{38}/

/** A folder with plans in force: free (one key, at once), pro (any number, by hand). */
async function project() {
  const cwd = tempDir()
  const config = SMALL_CONFIG.replace('  - id: pro', '  - id: pro\n    keys: { approval: manual }')
  writeFileSync(join(cwd, 'gatez.yaml'), config)
  const gatez = (...argv: string[]) => runCli(argv, { cwd })
  const json = async (...argv: string[]) => {
    const { stdout, stderr, exitCode } = await gatez(...argv, '--json')
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
    return JSON.parse(stdout)
  }
  await gatez('apply')
  return { cwd, gatez, json }
}

describe('gatez tenants and keys', () => {
  test('lead from a request to a secret that is shown once and kept nowhere', async () => {
    const { cwd, gatez, json } = await project()
    const tenant = await json('tenants', 'create', 'acme', '--external-id', 'cus_1', '--plan', 'pro')
    expect(tenant).toMatchObject({ id: 'acme', external_id: 'cus_1', plan: 'pro', state: 'active' })

    const asked = await json('keys', 'request', 'cus_1', '--reason', 'nightly import')
    expect(asked).toEqual({ id: expect.stringMatching(KEY_ID), status: 'requested' })
    const { id } = asked
    expect((await gatez('keys', 'requests')).stdout).toContain('nightly import')
    expect(await json('keys', 'list', '--status', 'pending')).toMatchObject([{ id, state: 'requested' }])
    expect((await gatez('keys', 'approve', id)).stdout).toContain(`→ gatez keys reveal ${id}`)

    const shown = await Promise.all([gatez('keys', 'reveal', id), gatez('keys', 'reveal', id)])
    expect(shown.map(({ exitCode }) => exitCode).toSorted()).toEqual([0, 6])
    const secret = SECRET.exec(shown.map(({ stdout }) => stdout).join(''))?.[0] ?? ''
    const loser = shown.find(({ exitCode }) => exitCode === 6)
    expect(loser?.stdout).toBe('')
    expect(loser?.stderr).toContain('Secret already revealed')

    const made = await json('keys', 'create', 'acme', '--name', 'ci', '--expires', '30d')
    expect(Object.keys(made).slice(0, 3)).toEqual(['id', 'tenant_id', 'secret'])
    const rows = (await gatez('keys', 'list', 'acme')).stdout
    expect(rows).toMatch(new RegExp(`^${id} +acme +default +active +${secret.slice(0, 12)}…`, 'm'))
    expect(await json('keys', 'show', id)).toMatchObject({ id, state: 'active', plan: 'pro' })
    const revoked = await gatez('keys', 'revoke', id, made.id, '--reason', 'over')
    expect(revoked.stdout).toBe(`Revoked key ${id} of tenant acme.\nRevoked key ${made.id} of tenant acme.\n`)

    const files = readdirSync(cwd, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
    expect(files.map((file) => file.name)).toContain('gatez.db')
    const bytes = Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))))
    for (const each of [secret, made.secret]) {
      expect(each).toMatch(SECRET)
      expect(bytes.includes(each.slice(12, -4))).toBe(false)
    }
  })

  test('suspend, resume and change plans by id or external id', async () => {
    const { gatez, json } = await project()
    await gatez('tenants', 'create', 'acme', '--name', 'Acme Corp', '--external-id', 'cus_1')
    expect((await gatez('tenants', 'plan', 'cus_1', 'pro')).stdout).toBe('Tenant acme is on plan pro.\n')
    const later = await json('tenants', 'plan', 'acme', 'free', '--at', 'period-end')
    expect(later).toMatchObject({ plan: 'pro', next_plan: 'free', next_plan_at: expect.any(String) })
    expect((await gatez('tenants', 'suspend', 'cus_1')).stdout).toContain('gatez tenants resume acme')
    expect((await gatez('tenants', 'list')).stdout).toMatch(/^acme +Acme Corp +suspended +pro +\d{4}-/m)
    expect(await json('tenants', 'resume', 'acme')).toMatchObject({ state: 'active' })
    const shown = (await gatez('tenants', 'show', 'acme')).stdout
    expect(shown).toMatch(/^next plan +free at /m)
    expect(shown).toMatch(/^keys +0 of /m)
  })

  test('each wrong input is told apart, with a way out and an exit code', async () => {
    const { gatez } = await project()
    await gatez('tenants', 'create', 'acme', '--plan', 'free')
    await gatez('keys', 'create', 'acme')
    await gatez('tenants', 'create', 'bare')
    const outcomes: string[] = []
    for (const words of WRONG_COMMANDS) {
      const { stdout, stderr, exitCode } = await gatez(...words.split(' '))
      expect(stdout).toBe('')
      expect(stderr).toMatch(/\n→ .+\.\n$/)
      expect(stderr).not.toMatch(/\n\s+at /)
      outcomes.push(`${words}: ${exitCode} ${stderr.split(':')[0]}`)
    }
    expect(outcomes).toEqual([
      'tenants create Acme: 2 Invalid parameter',
      'tenants create acme: 6 Already exists',
      'tenants create bolt --plan gold: 5 Not found',
      'tenants show nobody: 5 Not found',
      'tenants plan acme gold: 5 Not found',
      'tenants plan acme free --at once: 2 Invalid parameter',
      'keys create acme: 6 Key limit reached',
      'keys create bare: 4 No active plan',
      'keys create bare --expires soon: 2 Invalid parameter',
      'keys create: 2 Invalid parameter',
      'keys request nobody: 5 Not found',
      'keys approve key_none: 5 Not found',
      'keys reveal: 2 Invalid parameter',
      'keys list --status gone: 2 Invalid parameter',
    ])
  })

  test('a data folder nobody can write to is told in words, with exit code 7', async () => {
    const cwd = tempDir()
    const stores = 'stores: { control: "sqlite:/sys/gatez/gatez.db" }\n'
    writeFileSync(join(cwd, 'gatez.yaml'), `${SMALL_CONFIG}${stores}`)
    const { stdout, stderr, exitCode } = await runCli(['tenants', 'list'], { cwd })
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 7 })
    expect(stderr).toMatch(/^Folder not writable: The store \/sys\/gatez\/gatez\.db cannot be created.*\n→ /)
  })
})

const WRONG_COMMANDS = [
  'tenants create Acme',
  'tenants create acme',
  'tenants create bolt --plan gold',
  'tenants show nobody',
  'tenants plan acme gold',
  'tenants plan acme free --at once',
  'keys create acme',
  'keys create bare',
  'keys create bare --expires soon',
  'keys create',
  'keys request nobody',
  'keys approve key_none',
  'keys reveal',
  'keys list --status gone',
]
