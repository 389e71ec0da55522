import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { SMTPServer } from 'smtp-server'
import { expect, onTestFinished, test } from 'vitest'
import type { SmtpConfig } from '../../../src/config/invoice-config.ts'
import { FolderMailer } from '../../../src/integrations/mail/folder-mailer.ts'
import { sendMail } from '../../../src/integrations/mail/send-mail.ts'
import type { Member } from '../../../src/model/tenant.ts'
import { type InvoiceScene, invoiceScene, PLAIN_INVOICING } from '../../support/invoice-scene.ts'
import { refusingPort } from '../../support/refusing.ts'
import { tempDir } from '../../support/temp-dir.ts'

const member = (id: string, role: Member['role'], email: string): Member => ({
  ...{ id, tenantId: 'acme', role, email },
  createdAtMs: 0,
})

async function issued(...members: readonly Member[]): Promise<InvoiceScene> {
  const scene = await invoiceScene()
  for (const each of members) await scene.store.tenants.insertMember(each)
  await scene.run()
  return scene
}

const send = (scene: InvoiceScene, folder: string, smtp: SmtpConfig | null = null) => {
  const mail = { from: 'billing@dataforge.example', folder, smtp }
  return sendMail({ ...scene, rules: { mail, look: PLAIN_INVOICING } })
}

const entriesOf = async (scene: InvoiceScene) => {
  const [invoice] = await scene.store.invoices.list({})
  return scene.store.invoices.entries(invoice?.id ?? '')
}

/** A mail server on this machine; `takes` says what it answers to a recipient. */
async function mailServer(takes: (to: string) => Error | null = () => null) {
  const received: { to: readonly string[]; text: string }[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: ({ address }, _session, done) => done(takes(address)),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address)
        received.push({ to, text: Buffer.concat(chunks).toString() })
        done()
      })
    },
  })
  server.on('error', () => {})
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  const address = listening.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { received, smtp: { host: '127.0.0.1', port, tls: 'off', user: null, password: null } as const }
}

test('an invoice is mailed once, with its PDF, to the members for billing', async () => {
  const scene = await issued(
    member('m1', 'admin', 'boss@acme.example'),
    member('m2', 'billing', 'money@acme.example'),
  )
  const { received, smtp } = await mailServer()
  expect(await send(scene, tempDir(), smtp)).toBe(1)
  expect(await send(scene, tempDir(), smtp)).toBe(0)
  expect(received).toHaveLength(1)
  expect(received[0]?.to).toEqual(['money@acme.example'])
  expect(received[0]?.text).toMatch(/^Subject: Invoice INV-2026-0001\r$/m)
  expect(received[0]?.text).toMatch(/filename=INV-2026-0001\.pdf/)
  expect(received[0]?.text).toMatch(/^Message-ID: <msg_\w+@gatez>\r$/m)
  expect(await entriesOf(scene)).toMatchObject([
    { kind: 'sent', detail: { to: 'money@acme.example', how: 'smtp' } },
  ])
})

test('a server that is away is asked again; one that says never is written down', async () => {
  const scene = await issued(member('m1', 'admin', 'boss@acme.example'))
  const away = {
    host: '127.0.0.1',
    port: await refusingPort(),
    tls: 'off',
    user: null,
    password: null,
  } as const
  await expect(send(scene, tempDir(), away)).rejects.toThrow()
  expect(await scene.store.outbox.pending(10)).toHaveLength(1)

  const refusal = Object.assign(new Error('no such mailbox'), { responseCode: 550 })
  const { smtp } = await mailServer(() => refusal)
  expect(await send(scene, tempDir(), smtp)).toBe(0)
  expect(await scene.store.outbox.pending(10)).toEqual([])
  expect(await entriesOf(scene)).toMatchObject([
    { kind: 'not-sent', detail: { why: expect.stringContaining('no such mailbox') } },
  ])
})

test('without a server mail lies in a folder, the same bytes however often it is put there', async () => {
  const scene = await issued(member('m1', 'admin', 'boss@acme.example'))
  const folder = tempDir()
  expect(await send(scene, folder)).toBe(1)
  const mailbox = new FolderMailer(folder)
  const [mail] = await mailbox.list()
  expect(mail).toMatchObject({
    subject: 'Invoice INV-2026-0001',
    to: ['boss@acme.example'],
    attachments: ['INV-2026-0001.pdf'],
    text: expect.stringContaining('Amount due: 49.00 USD, by 2026-04-15.'),
  })
  const eml = readFileSync(mail?.file ?? '', 'utf8')
  expect(eml).toContain('Content-Type: application/pdf')
  await expect(mailbox.find('msg_9')).rejects.toMatchObject({ code: 'not-found' })
})

test('mail for nobody is written down, and still lies in the folder', async () => {
  const scene = await issued(member('m1', 'developer', 'dev@acme.example'))
  const folder = tempDir()
  expect(await send(scene, folder)).toBe(0)
  expect(await new FolderMailer(folder).list()).toMatchObject([{ to: [] }])
  expect(await entriesOf(scene)).toMatchObject([
    { kind: 'not-sent', detail: { why: 'no member has the role billing or admin' } },
  ])
})
