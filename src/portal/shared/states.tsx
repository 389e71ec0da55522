import { Alert, Button, Center, Loader, Skeleton, Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { GatezError } from '../../errors/gatez-error.ts'

/** What stands on a page before anything was read. */
export function Loading({ rows = 4 }: { readonly rows?: number }) {
  return (
    <Stack gap="sm" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => `row ${row}`).map((row) => (
        <Skeleton key={row} height={36} />
      ))}
    </Stack>
  )
}

/** The whole page, before it is known who looks at it. */
export function LoadingPage() {
  return (
    <Center mih="60vh" role="status" aria-label="Loading">
      <Loader />
    </Center>
  )
}

/** Where there is nothing yet: says what would stand here, and how it comes. */
export function Empty({ title, children, action }: EmptyProps) {
  return (
    <Center py="xl" px="md">
      <Stack gap={6} align="center" maw={460} ta="center">
        <Title order={3}>{title}</Title>
        <Text c="dimmed" component="div">
          {children}
        </Text>
        {action !== undefined && <div className="gatez-empty-action">{action}</div>}
      </Stack>
    </Center>
  )
}

export interface EmptyProps {
  readonly title: string
  readonly children: ReactNode
  readonly action?: ReactNode
}

/** What went wrong, in the words of the API, with what to do about it. */
export function Failed({ error, onRetry, title = 'This could not be loaded' }: FailedProps) {
  return (
    <Alert color="red" title={title} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text>{problemText(error)}</Text>
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

export interface FailedProps {
  readonly error: unknown
  readonly onRetry?: () => void
  readonly title?: string
}

/** An error as a sentence: nothing of what was not meant for readers. */
function problemText(error: unknown): string {
  if (!(error instanceof GatezError)) return 'Something went wrong in this page. Load it again.'
  if (error.code === 'control-unreachable') return 'The server does not answer. Is the network up?'
  return error.message
}

/** Shows what was read, or why it was not, or that it is still coming. */
export function Shown<Data>({ query, rows, children }: ShownProps<Data>) {
  if (query.data !== undefined) return children(query.data)
  if (query.error !== null) return <Failed error={query.error} onRetry={() => void query.refetch()} />
  return <Loading {...(rows !== undefined && { rows })} />
}

export interface ShownProps<Data> {
  readonly query: {
    readonly data: Data | undefined
    readonly error: unknown
    refetch(): Promise<unknown>
  }
  /** How many rows stand there while it is read. */
  readonly rows?: number
  readonly children: (data: Data) => ReactNode
}
