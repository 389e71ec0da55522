import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from '../build/bundle.js'
import { freePort, Programs } from './programs.js'
import { countCalls, drive } from './traffic.js'

const once = process.argv.includes('--once') || (process.env.CI !== undefined && !process.stdout.isTTY)
const folder = mkdtempSync(join(tmpdir(), 'gatez-demo-'))
const programs = new Programs(folder)
let ending = false

process.once('SIGINT', () => void end(0))
process.once('SIGTERM', () => void end(0))

try {
  await demonstrate()
  if (once) await end(0)
  else console.log('Ctrl-C ends it.')
} catch (error) {
  console.error(`\n${error.message}`)
  await end(1)
}

async function demonstrate() {
  console.log(await bundle())
  console.log(`\nA fresh folder: ${folder}`)
  await programs.gatez('init', '--yes')
  const { gateway, upstream } = await chooseAddresses()

  programs.start('node upstream.js', [join(folder, 'upstream.js')], { PORT: new URL(upstream).port })
  programs.start('gatez serve', [programs.script, 'serve'])
  await programs.answering('node upstream.js', upstream)
  await programs.answering('gatez serve', gateway)

  const pro = await customer('acme', 'Acme Inc', 'pro')
  const free = await customer('hobby', 'Hobby Club', 'free')
  const answers = await drive(gateway, { pro, free })
  await reported(answers)

  console.log(`  … ${answers.length} calls: ${countCalls(answers)}`)
  console.log(`\n${await programs.gatez('usage', 'report', '--by', 'tenant,route')}`)
  console.log(`
Gateway      ${gateway}
Sample API   ${upstream}
Folder       ${folder}
Key          ${pro}   (tenant acme, plan pro)

Try it:
  curl -i -H 'x-api-key: ${pro}' '${gateway}/v1/search?q=ada'

In another terminal:
  cd ${folder}
  node ${programs.script} usage report --by tenant,key
`)
}

/** Makes a tenant and a key; returns the secret. */
async function customer(id, name, plan) {
  await programs.gatez('tenants', 'create', id, '--name', name, '--plan', plan)
  return JSON.parse(await programs.gatez('keys', 'create', id, '--json')).secret
}

/** Keeps the addresses of the template where they are free, else takes others. */
async function chooseAddresses() {
  const file = join(folder, 'gatez.yaml')
  let text = readFileSync(file, 'utf8')
  const chosen = []
  for (const port of [8080, 8081, 9000]) {
    const free = await freePort(port)
    text = text.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${free}`)
    chosen.push(`http://127.0.0.1:${free}`)
  }
  writeFileSync(file, text)
  return { gateway: chosen[0], upstream: chosen[2] }
}

/** Waits until the report holds every call: the ledger follows the gateway within a second. */
async function reported(answers) {
  const deadline = AbortSignal.timeout(10_000)
  for (;;) {
    const { total } = JSON.parse(await programs.ask('usage', 'report', '--json'))
    if (total.requests >= answers.length) return
    if (deadline.aborted)
      throw new Error(`The report has ${total.requests} of ${answers.length} calls after 10 s.`)
  }
}

async function end(code) {
  if (ending) return
  ending = true
  await programs.stop()
  rmSync(folder, { recursive: true, force: true })
  process.exit(code)
}
