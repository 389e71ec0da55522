import { TextInput } from '@mantine/core'
import { useChange } from '../shared/ask.ts'
import { EntryPage } from '../shared/entry-page.tsx'
import { fieldOf, TextForm } from '../shared/text-form.tsx'
import { BackToSignIn, MailSent } from './sign-up-page.tsx'

/** Asks for a link that sets another password. */
export function ForgotPage() {
  const change = useChange('resetPassword')
  if (change.isSuccess) return <MailSent title="Look into your mail" email={change.variables.email} />
  return (
    <EntryPage
      title="Forgot your password?"
      about="We mail you a link that sets another one."
      below={<BackToSignIn />}
    >
      <TextForm
        action="Mail me a link"
        change={change}
        onSubmit={(fields) => change.mutate({ email: fieldOf(fields, 'email') ?? '' })}
      >
        <TextInput name="email" type="email" label="E-mail" autoComplete="username" required />
      </TextForm>
    </EntryPage>
  )
}
