import { Alert, Group, NativeSelect, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { money } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { useSession } from '../shared/session.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { useMay } from './roles.ts'
import { showReference } from './swagger.ts'

/** The reference of an API, each operation of which can be tried: a real call, metered like any other. */
export function ReferencePage() {
  const { api: asked } = useParams()
  const navigate = useNavigate()
  const apis = useAsk('myApis', {})
  const names = (apis.data?.data ?? []).map(({ id }) => id)
  const api = asked ?? names[0]
  return (
    <Page
      title="Reference"
      about="Every operation your plan opens. Try it sends a real call: it counts, and it is billed."
      actions={
        names.length > 1 && (
          <NativeSelect
            aria-label="API"
            data={names}
            value={api ?? ''}
            onChange={({ currentTarget }) => void navigate(`/reference/${currentTarget.value}`)}
          />
        )
      }
    >
      <Shown query={apis}>
        {() =>
          api === undefined ? (
            <Panel>
              <Empty title="Nothing to look up yet">Your plan opens no API.</Empty>
            </Panel>
          ) : (
            <ApiReference key={api} api={api} />
          )
        }
      </Shown>
    </Page>
  )
}

function ApiReference({ api }: { readonly api: string }) {
  const reference = useAsk('myReference', { api })
  const may = useMay()
  return (
    <>
      <Prices api={api} />
      {!may.keys && <Alert color="gray">Your role lets you read this, not try it.</Alert>}
      <Shown query={reference} rows={8}>
        {(document) => (
          <Panel>
            <Operations document={document} canTry={may.keys} />
          </Panel>
        )}
      </Shown>
    </>
  )
}

function Prices({ api }: { readonly api: string }) {
  const apis = useAsk('myApis', {})
  const routes = (apis.data?.data ?? []).find(({ id }) => id === api)?.routes ?? []
  const currency = apis.data?.currency ?? 'USD'
  const priced = routes.filter(({ price_now }) => price_now !== null && price_now !== '0')
  if (priced.length === 0) return null
  return (
    <Group gap="lg">
      {priced.map(({ id, price_now }) => (
        <Text key={id} c="dimmed">
          <code>{id}</code> costs you {money(price_now ?? '0', currency)} now
        </Text>
      ))}
    </Group>
  )
}

function Operations({ document, canTry }: { readonly document: object; readonly canTry: boolean }) {
  const place = useRef<HTMLDivElement>(null)
  const { session } = useSession()
  const queries = useQueryClient()
  const [isReady, setReady] = useState(false)
  const csrfToken = session?.csrf_token ?? ''
  useEffect(() => {
    if (place.current === null) return
    // What was tried was used: whatever shows usage looks again.
    const onAnswer = () => void queries.invalidateQueries()
    const shown = { document, csrfToken, canTry, onAnswer, onReady: () => setReady(true) }
    showReference(place.current, shown)
  }, [document, csrfToken, canTry, queries])
  return <div ref={place} className="gatez-reference" data-ready={isReady} />
}
