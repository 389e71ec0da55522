import { Alert, Button, Stack, Text } from '@mantine/core'
import { Component, type ReactNode } from 'react'
import { useLocation } from 'react-router'

/** Keeps what is around a page standing when the page itself breaks, or its file is gone since gatez was updated. */
export function PageBoundary({ children }: { readonly children: ReactNode }) {
  const { pathname } = useLocation()
  return <Boundary key={pathname}>{children}</Boundary>
}

class Boundary extends Component<{ readonly children: ReactNode }, { readonly isBroken: boolean }> {
  override state = { isBroken: false }

  static getDerivedStateFromError() {
    return { isBroken: true }
  }

  override render() {
    if (!this.state.isBroken) return this.props.children
    return (
      <Alert color="red" title="This page broke" role="alert">
        <Stack gap="xs" align="flex-start">
          <Text>Nothing was changed. If gatez was updated meanwhile, loading it again is all it needs.</Text>
          <Button size="xs" variant="default" onClick={() => window.location.reload()}>
            Load it again
          </Button>
        </Stack>
      </Alert>
    )
  }
}
