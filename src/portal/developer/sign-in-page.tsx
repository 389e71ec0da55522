import { Anchor, Button, Divider, Group, PasswordInput, TextInput } from '@mantine/core'
import { Link, useLocation, useNavigate } from 'react-router'
import { useAsk, useChange } from '../shared/ask.ts'
import { EntryPage } from '../shared/entry-page.tsx'
import { useSession } from '../shared/session.tsx'
import { fieldOf, TextForm } from '../shared/text-form.tsx'

/** The way in, and back to the page one came from. */
export function SignInPage() {
  const { enter } = useSession()
  const navigate = useNavigate()
  const { pathname, search } = useLocation()
  const terms = useAsk('portalTerms', {})
  const change = useChange('signIn')
  const submit = (fields: FormData) => {
    const [email, tenant] = [fieldOf(fields, 'email') ?? '', fieldOf(fields, 'tenant')]
    const password = String(fields.get('password') ?? '')
    change.mutate(
      { email, password, ...(tenant !== undefined && { tenant }) },
      {
        onSuccess: (session) => {
          enter(session)
          void navigate(pathname === '/sign-in' ? '/' : `${pathname}${search}`, { replace: true })
        },
      },
    )
  }
  return (
    <EntryPage title="Sign in" below={<Ways isOpen={terms.data?.sign_up === 'open'} />}>
      {terms.data?.oidc === true && (
        <>
          <Button component="a" href="/api/portal/v1/oidc" variant="default">
            Sign in with your organisation
          </Button>
          <Divider label="or" />
        </>
      )}
      <TextForm action="Sign in" onSubmit={submit} change={change} title="You are not signed in">
        <TextInput name="email" type="email" label="E-mail" autoComplete="username" required />
        <PasswordInput name="password" label="Password" autoComplete="current-password" required />
      </TextForm>
    </EntryPage>
  )
}

function Ways({ isOpen }: { readonly isOpen: boolean }) {
  return (
    <Group justify="space-between">
      <Anchor component={Link} to="/forgot">
        Forgot your password?
      </Anchor>
      {isOpen && (
        <Anchor component={Link} to="/sign-up">
          Create an account
        </Anchor>
      )}
    </Group>
  )
}
