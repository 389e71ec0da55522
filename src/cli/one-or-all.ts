/** What `--json` prints of a command that takes several ids: one object for one id, a list for more. */
export function oneOrAll<Item>(items: readonly Item[]): Item | readonly Item[] {
  const [first] = items
  return items.length === 1 && first !== undefined ? first : items
}
