import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes a folder for an nginx that answers everything on `port` with a small document; returns how to start it. */
export function nginxCommand(dir: string, port: number): readonly string[] {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${dir}/pid;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s; client_max_body_size 0;
  client_body_temp_path ${dir}/a; proxy_temp_path ${dir}/b; fastcgi_temp_path ${dir}/c;
  uwsgi_temp_path ${dir}/d; scgi_temp_path ${dir}/e;
  server {
    listen 127.0.0.1:${port};
    default_type application/json;
    location / { return 200 '{"results":[{"id":1,"title":"first"},{"id":2,"title":"second"}],"total":2,"took_ms":3}\\n    '; }
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
