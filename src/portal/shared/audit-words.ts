/** What an entry of the audit log was written with, in words; what is empty is left out. */
export function detailText(detail: object): string {
  return Object.entries(detail)
    .filter(([name]) => name !== 'session_id')
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(
      ([name, value]) =>
        `${name.replaceAll('_', ' ')}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
    )
    .join(', ')
}
