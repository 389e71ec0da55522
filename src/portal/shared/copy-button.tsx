import { Button, CopyButton as Copying } from '@mantine/core'

/** Puts a text into the clipboard, and says that it is there. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  return (
    <Copying value={text} timeout={4_000}>
      {({ copied, copy }) => (
        <Button size="xs" variant={copied ? 'light' : 'default'} onClick={copy} aria-live="polite">
          {copied ? 'Copied' : label}
        </Button>
      )}
    </Copying>
  )
}
