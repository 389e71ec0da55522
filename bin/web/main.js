import { createServer } from 'vite'
import { buildWeb, PORTALS, webConfig } from '../build/web.js'

const [asked = 'http://127.0.0.1:8081'] = process.argv.slice(2)

if (asked === 'build') console.log((await buildWeb()).line)
else for (const [index, name] of Object.keys(PORTALS).entries()) await serve(name, 5173 + index)

/** Serves one portal from its sources; what it asks goes to control, as if its page came from there. */
async function serve(name, port) {
  const origin = { target: asked, changeOrigin: true, headers: { origin: asked } }
  const server = await createServer({
    ...webConfig(name),
    server: { port, strictPort: true, proxy: { '/api': origin, [`/${name}/logo`]: origin } },
  })
  await server.listen()
  console.log(`http://localhost:${port}/${name}/`)
}
