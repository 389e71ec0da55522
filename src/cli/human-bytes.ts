/** A size as people read it: `512 B`, `1.5 KiB`, `38.2 MiB`. */
export function humanBytes(bytes: number): string {
  let size = bytes
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (size < 1024) return unit === 'B' ? `${size} B` : `${size.toFixed(1)} ${unit}`
    size /= 1024
  }
  return `${size.toFixed(1)} TiB`
}
