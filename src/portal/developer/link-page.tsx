import { PasswordInput, Text } from '@mantine/core'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { useChange } from '../shared/ask.ts'
import { EntryPage } from '../shared/entry-page.tsx'
import { useSession } from '../shared/session.tsx'
import { TextForm } from '../shared/text-form.tsx'
import { BackToSignIn } from './sign-up-page.tsx'

/** Where the link of a mail leads: sets the password, and one is in. */
export function LinkPage() {
  const { enter } = useSession()
  const navigate = useNavigate()
  const change = useChange('openLink')
  // Behind the #, so that no server and no log sees it.
  const [token] = useState(() => window.location.hash.slice(1))
  if (token === '') {
    return (
      <EntryPage title="This link is not whole" below={<BackToSignIn />}>
        <Text>Open it from the message again, or copy all of it.</Text>
      </EntryPage>
    )
  }
  return (
    <EntryPage title="Welcome" about="Choose the password you will sign in with." below={<BackToSignIn />}>
      <TextForm
        action="Set password and go in"
        change={change}
        onSubmit={(fields) =>
          change.mutate(
            { token, password: String(fields.get('password') ?? '') },
            {
              onSuccess: (session) => {
                enter(session)
                void navigate('/', { replace: true })
              },
            },
          )
        }
      >
        <PasswordInput
          name="password"
          label="Password"
          description="10 characters or more; a few words are best."
          autoComplete="new-password"
          required
        />
      </TextForm>
    </EntryPage>
  )
}
