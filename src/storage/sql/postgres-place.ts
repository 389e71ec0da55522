/** An address as an operator may read it: without its password and options. */
export function placeOf(url: string): string {
  const { host, pathname, searchParams } = new URL(url)
  const socket = searchParams.get('host')
  return `postgres://${host === '' && socket !== null ? socket : host}${pathname}`
}
