import { Anchor, Text, TextInput } from '@mantine/core'
import { Link } from 'react-router'
import { useAsk, useChange } from '../shared/ask.ts'
import { EntryPage } from '../shared/entry-page.tsx'
import { LoadingPage } from '../shared/states.tsx'
import { fieldOf, TextForm } from '../shared/text-form.tsx'

/** Makes an organisation: the link that lets one in comes by mail. */
export function SignUpPage() {
  const terms = useAsk('portalTerms', {})
  const change = useChange('signUp')
  if (terms.data === undefined && terms.error === null) return <LoadingPage />
  if (terms.data !== undefined && terms.data.sign_up !== 'open') return <ByInvitation />
  if (change.isSuccess) return <MailSent title="Look into your mail" email={change.variables.email} />
  return (
    <EntryPage
      title="Create an account"
      about="Your organisation gets a plan, keys and numbers of its own."
      below={<BackToSignIn />}
    >
      <TextForm
        action="Create account"
        change={change}
        onSubmit={(fields) =>
          change.mutate({
            email: fieldOf(fields, 'email') ?? '',
            organisation: fieldOf(fields, 'organisation') ?? '',
          })
        }
      >
        <TextInput
          name="organisation"
          label="Organisation"
          placeholder="Acme"
          autoComplete="organization"
          required
        />
        <TextInput name="email" type="email" label="Your e-mail" autoComplete="email" required />
      </TextForm>
    </EntryPage>
  )
}

/** What follows a request whose answer says nothing of whether there is an account. */
export function MailSent({ title, email }: { readonly title: string; readonly email: string }) {
  return (
    <EntryPage title={title} below={<BackToSignIn />}>
      <Text>
        A message is on its way to <b>{email}</b>. Its link lets you in once, and sets your password.
      </Text>
      <Text c="dimmed" size="sm">
        Nothing there after a few minutes? Look among the unwanted mail, or ask again.
      </Text>
    </EntryPage>
  )
}

/** The way back. */
export function BackToSignIn() {
  return (
    <Anchor component={Link} to="/">
      Back to sign in
    </Anchor>
  )
}

function ByInvitation() {
  return (
    <EntryPage title="By invitation" below={<BackToSignIn />}>
      <Text>One comes in by a link here: ask an admin of your organisation for an invitation.</Text>
    </EntryPage>
  )
}
