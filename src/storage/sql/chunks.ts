/** Cuts `items` into pieces of few sizes, so that few statements are ever built and prepared. */
export function* chunksOf<Item>(items: readonly Item[], sizeMax: number): Generator<readonly Item[]> {
  let start = 0
  for (const size of CHUNK_SIZES) {
    if (size > sizeMax) continue
    for (; items.length - start >= size; start += size) yield items.slice(start, start + size)
  }
}

const CHUNK_SIZES = [64, 8, 1] as const
