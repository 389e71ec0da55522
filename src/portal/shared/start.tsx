import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './portal.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router'
import { ControlClient } from '../../control/client.ts'
import { assert } from '../../lib/assert.ts'
import { isSessionEnd } from './ask.ts'
import { readBrand, readNonce } from './brand.ts'
import { type Session, SessionProvider } from './session.tsx'
import { themeOf, variablesOf } from './theme.ts'

/** How long what was read counts as fresh. */
const FRESH_MS = 10_000

/** Starts a portal in its page: finds out who is signed in, then shows `pages` below `basename`. */
export async function startPortal({ basename, kind, pages }: PortalStart): Promise<void> {
  const root = document.getElementById('root')
  assert(root !== null, 'the page has a place for the portal')
  const nonce = readNonce(document)
  const brand = readBrand(document)
  // What keeps a page from scrolling behind a dialog writes a style of its own and looks for the nonce here.
  if (nonce !== undefined) Object.assign(globalThis, { __webpack_nonce__: nonce })
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: FRESH_MS } } })
  const session = await sessionOf(kind)
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={themeOf(brand)}
        cssVariablesResolver={variablesOf(brand)}
        defaultColorScheme="auto"
        {...(nonce !== undefined && { getStyleNonce: () => nonce })}
      >
        <Notifications position="bottom-right" />
        <QueryClientProvider client={queries}>
          <SessionProvider initial={session}>
            <BrowserRouter basename={basename}>{pages}</BrowserRouter>
          </SessionProvider>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
}

export interface PortalStart {
  /** Where it is served, as `/portal`. */
  readonly basename: string
  /** Whose portal it is: a session of the other kind is none here. An operator who visits is a member here. */
  readonly kind: 'operator' | 'member'
  readonly pages: ReactNode
}

async function sessionOf(kind: PortalStart['kind']): Promise<Session | undefined> {
  try {
    const client = new ControlClient({ url: '' })
    if (kind === 'operator') return await client.call('showOperatorSession', {})
    const session = await client.call('showSession', {})
    return session.kind === 'operator' ? undefined : session
  } catch (error) {
    // Whoever cannot be asked is shown the way in: that page says what is wrong.
    if (!isSessionEnd(error)) console.warn('The session could not be read.')
    return undefined
  }
}
