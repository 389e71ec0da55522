// What a team builds by hand on Fastify: one fixed window a tenant, INCR and EXPIRE in one round trip. Nothing is metered.
import { readFileSync } from 'node:fs'
import httpProxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { Redis } from 'ioredis'

const [port, upstream, redisPort, keysFile] = process.argv.slice(2)
const LIMIT = 100_000_000
// Which tenant a key belongs to: in memory, as a process would load it at its start.
const lines = readFileSync(keysFile, 'utf8').trim().split('\n')
const tenants = new Map(lines.map((line) => line.split(' ')))
const redis = new Redis({ host: '127.0.0.1', port: Number(redisPort), enableAutoPipelining: true })

const app = Fastify({ logger: false })
await app.register(httpProxy, {
  upstream,
  undici: { connections: 256, pipelining: 1 },
  preHandler: async (request, reply) => {
    const tenant = tenants.get(request.headers['x-api-key'] ?? '')
    if (tenant === undefined) return reply.code(401).send()
    const second = Math.floor(Date.now() / 1000)
    const counter = `api_calls:${tenant}:${Math.floor(second / 60)}`
    const [used] = await Promise.all([redis.incr(counter), redis.expire(counter, 60)])
    reply.header('x-ratelimit-limit', LIMIT).header('x-ratelimit-remaining', Math.max(0, LIMIT - used))
    if (used > LIMIT)
      return reply
        .code(429)
        .header('retry-after', 60 - (second % 60))
        .send()
  },
  replyOptions: {
    rewriteRequestHeaders: (_request, { 'x-api-key': _key, ...headers }) => headers,
  },
})
await app.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 })
