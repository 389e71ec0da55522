import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KEYS_PER_TENANT } from './load.ts'
import { LUA_MODULES } from './nginx.ts'

const ROOT = join(import.meta.dirname, '..')

/** Writes the configuration of an nginx that looks keys up and counts calls in Redis by Lua; returns its file. */
export function writeLuaProxy(dir: string, options: LuaProxyOptions): string {
  mkdirSync(dir, { recursive: true })
  const { port, upstreamPort, redisPort, keys } = options
  writeKeysFile(join(dir, 'keys'), keys)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${dir}/${name};`,
  )
  const file = join(dir, 'nginx.conf')
  writeFileSync(
    file,
    `${LUA_MODULES}daemon off; master_process off; worker_processes 1; pid ${dir}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s;
  ${temporary.join(' ')}
  lua_shared_dict keys 10m;
  init_by_lua_block {
    for line in io.lines("${dir}/keys") do
      local key, tenant = line:match("(%S+) (%S+)")
      ngx.shared.keys:set(key, tenant)
    end
  }
  upstream origin { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      set $redis_port ${redisPort};
      access_by_lua_file ${ROOT}/nginx-redis/limit.lua;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header x-api-key "";
      proxy_pass http://origin;
    }
  }
}
`,
  )
  return file
}

/** Writes which tenant a key belongs to, for peers that hold it in memory as they would load it at their start. */
export function writeKeysFile(file: string, keys: readonly string[]): void {
  const lines = keys.map((key, index) => `${key} tenant-${Math.floor(index / KEYS_PER_TENANT)}`)
  writeFileSync(file, `${lines.join('\n')}\n`)
}

export interface LuaProxyOptions {
  readonly port: number
  readonly upstreamPort: number
  readonly redisPort: number
  readonly keys: readonly string[]
}
