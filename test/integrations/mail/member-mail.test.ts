import { expect, test } from 'vitest'
import { acceptLink } from '../../../src/access/accept-link.ts'
import { inviteMember } from '../../../src/access/invite-member.ts'
import { requestReset } from '../../../src/access/request-reset.ts'
import { FolderMailer } from '../../../src/integrations/mail/folder-mailer.ts'
import { sendMemberMail } from '../../../src/integrations/mail/member-mail.ts'
import { startControl } from '../../support/control.ts'
import { tempDir } from '../../support/temp-dir.ts'

const ASKED = { tenant: 'acme', email: 'ann@example.com', role: 'admin', actor: 'cli:test' } as const
const LINK = /https:\/\/portal\.example\.com\/portal\/link#([\w-]+)/

async function scene() {
  const control = await startControl()
  await control.client().call('createTenant', { id: 'acme', plan: 'free' })
  const folder = tempDir()
  const mail = { from: 'hello@example.com', folder, smtp: null }
  const rules = { mail, portalUrl: 'https://portal.example.com', name: 'DataForge' }
  const { store, clock } = control
  return {
    ...control,
    send: () => sendMemberMail({ store, clock, rules }),
    mails: () => new FolderMailer(folder).list(),
    open: (token: string) =>
      acceptLink({ store, clock }, { token, password: 'correct horse battery', onlyKnown: false }),
  }
}

test('an invitation is mailed once, with a link of its own that opens', async () => {
  const { store, clock, send, mails, open } = await scene()
  await inviteMember({ store, clock }, ASKED)
  expect([await send(), await send()]).toEqual([1, 0])
  const [mail] = await mails()
  expect(mail).toMatchObject({ to: ['ann@example.com'], subject: 'Your invitation to DataForge' })
  const [, token] = LINK.exec(mail!.text)!
  expect((await open(token!)).member.email).toBe('ann@example.com')
})

test('the link that was shown opens as well as the one in the mail, but not after it', async () => {
  const { store, clock, send, mails, open } = await scene()
  const { token: shown } = await inviteMember({ store, clock }, ASKED)
  await send()
  const [, mailed] = LINK.exec((await mails())[0]!.text)!
  await open(shown)
  await expect(open(mailed!)).rejects.toMatchObject({ code: 'invalid-link' })
})

test('of two requests for another password the later one is mailed, and only its link opens', async () => {
  const { store, clock, send, mails, open } = await scene()
  const { token } = await inviteMember({ store, clock }, ASKED)
  await open(token)
  await requestReset({ store, clock }, 'ann@example.com')
  await requestReset({ store, clock }, 'ann@example.com')
  expect(await send()).toBe(1)
  const [mail] = (await mails()).filter(({ subject }) => subject === 'Set another password for DataForge')
  await open(LINK.exec(mail!.text)![1]!)
})
