// Lets Node run our .tsx files from source: it takes the types away by itself, but knows nothing of JSX.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'

registerHooks({
  load: (url, context, nextLoad) => {
    if (!url.startsWith('file:') || !url.endsWith('.tsx')) return nextLoad(url, context)
    const sourcefile = fileURLToPath(url)
    const { code } = transformSync(readFileSync(sourcefile, 'utf8'), {
      ...{ loader: 'tsx', format: 'esm', jsx: 'automatic', sourcefile, sourcemap: 'inline' },
    })
    return { format: 'module', source: code, shortCircuit: true }
  },
})
