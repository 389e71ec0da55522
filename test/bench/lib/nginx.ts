import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Makes a folder for an nginx that answers everything on `port` with a small document; returns how to start it.
 *
 * Left to itself nginx answers before it has read the body of a request; with `readsFirst` it has read all of it.
 */
export function nginxCommand(dir: string, port: number, readsFirst = false): readonly string[] {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'nginx.conf')
  writeFileSync(
    file,
    `${readsFirst ? LUA_MODULES : ''}daemon off; worker_processes 1; pid ${dir}/pid;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s; client_max_body_size 0;
  client_body_temp_path ${dir}/a; proxy_temp_path ${dir}/b; fastcgi_temp_path ${dir}/c;
  uwsgi_temp_path ${dir}/d; scgi_temp_path ${dir}/e;
  server {
    listen 127.0.0.1:${port};
    default_type application/json;
    location / { ${readsFirst ? READ_AND_ANSWER : `return 200 '${DOCUMENT}';`} }
  }
}
`,
  )
  return ['nginx', '-c', file, '-e', '/dev/null']
}

/** Writes the configuration of an nginx that passes everything on and does nothing else; returns its file. */
export function writePlainProxy(dir: string, port: number, upstreamPort: number): string {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; master_process off; worker_processes 1; pid ${dir}/pid;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s;
  client_body_temp_path ${dir}/a; proxy_temp_path ${dir}/b; fastcgi_temp_path ${dir}/c;
  uwsgi_temp_path ${dir}/d; scgi_temp_path ${dir}/e;
  upstream origin { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://origin; }
  }
}
`,
  )
  return file
}

/** As nginx writes it: with a line end behind it. */
const DOCUMENT =
  '{"results":[{"id":1,"title":"first"},{"id":2,"title":"second"}],"total":2,"took_ms":3}\\n    '

/** In memory: a body that went through a file would measure the disk. */
const READ_AND_ANSWER = `client_body_buffer_size 2m; content_by_lua_block {
  ngx.req.read_body()
  local text = '${DOCUMENT}'
  ngx.header.content_length = #text
  ngx.print(text)
}`

/** Debian's. */
export const LUA_MODULES = `load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;
`
