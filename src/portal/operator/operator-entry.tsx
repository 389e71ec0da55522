import { Code, PasswordInput, Stack, Text } from '@mantine/core'
import { useEffect } from 'react'
import { useChange } from '../shared/ask.ts'
import { EntryPage } from '../shared/entry-page.tsx'
import { useSession } from '../shared/session.tsx'
import { fieldOf, TextForm } from '../shared/text-form.tsx'

/** The way in: a link of `gatez tokens link` opens it by itself; a token can be pasted. */
export function OperatorEntry() {
  const { enter } = useSession()
  const { mutate, mutateAsync, ...change } = useChange('operatorSignIn')
  useEffect(() => {
    const token = takeLinkToken()
    // What went wrong stands in `change`.
    if (token !== '') void mutateAsync({ token }).then(enter, () => {})
  }, [mutateAsync, enter])
  return (
    <EntryPage title="Sign in" about="For who runs this gatez." basename="/operator">
      <Stack gap="md">
        <Text component="div">
          <Code>gatez tokens link</Code> prints a link that opens this page once. Or paste a token.
        </Text>
        <TextForm
          action="Sign in"
          change={change}
          title="You are not signed in"
          onSubmit={(fields) =>
            mutate({ token: tokenIn(fieldOf(fields, 'token') ?? '') }, { onSuccess: enter })
          }
        >
          <PasswordInput
            name="token"
            label="Token or link"
            description="A token with the scope owner, or a link that was not used yet."
            autoComplete="off"
            required
          />
        </TextForm>
      </Stack>
    </EntryPage>
  )
}

/** The token behind the # of the address, which is taken out of the address and the history at once: it is used once. */
function takeLinkToken(): string {
  const token = window.location.hash.slice(1)
  if (token !== '') window.history.replaceState(null, '', window.location.pathname)
  return token
}

/** Who pastes all of a link means its token. */
function tokenIn(text: string): string {
  return text.slice(text.lastIndexOf('#') + 1)
}
