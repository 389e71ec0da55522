/** A decimal with a comma between its thousands, as people read it: `2,800,000`, `-1,234.50`. */
export function grouped(decimal: string): string {
  const [whole = '', places] = decimal.split('.')
  const text = whole.replace(/\B(?=(?:\d{3})+$)/g, ',')
  return places === undefined ? text : `${text}.${places}`
}
