/**
 * One mistake after another in the small file: what is replaced by what (⏎ is a line feed), and below
 * it the problem that must be told.
 */
export const WRONG_FILES: readonly WrongFile[] = readTable(`
gateway: » gatway:
  2:1 gatway: unknown field gatway (did you mean gateway?)
routes: [search] » rotes: [search]⏎    routes: [search]
  12:5 plans[0].rotes: unknown field rotes (did you mean routes?)
version: 1⏎ » 
  1:1 : lacks the field version
version: 1 » version: 2
  1:10 version: must be 1, is 2
keys: { max: 1 } » keys: { max: one }
  13:18 plans[0].keys.max: must be a whole number, is "one"
keys: { max: 1 } » keys: { max: 1.5 }
  13:18 plans[0].keys.max: must be a whole number, is 1.5
keys: { max: 1 } » keys: { max: -1 }
  13:18 plans[0].keys.max: must be at least 0, is -1
keys: { max: 1 } » keys:
  13:5 plans[0].keys: must be a map of fields, is empty
keys: { max: 1 } » keys: { max: 1 }⏎    keys: {}
  14:5 plans[0].keys: is given twice; first in line 13
routes: [search] » routes: [serch]
  12:14 plans[0].routes[0]: there is no route "serch" (did you mean search?)
routes: [search] » routes: [search, search]
  12:22 plans[0].routes[1]: search is in the list twice
routes: [search] » routes: some
  12:13 plans[0].routes: must be all or a list of route ids, is "some"
features: [ai] » features: [ia]
  17:16 plans[1].features[0]: there is no feature "ia" (did you mean ai?)
requires: [ai] » requires: [ml]
  8:69 apis[0].routes[1].requires[0]: there is no feature "ml"
meter: calls » meter: clals
  19:23 plans[1].quotas[0].meter: there is no meter "clals" (did you mean calls?)
id: pro » id: free
  15:9 plans[1].id: another plan is called free, in line 11
id: analyze » id: search
  8:15 apis[0].routes[1].id: another route is called search, in line 7
id: shop » id: My Shop
  4:9 apis[0].id: must be an id of lower-case letters, digits, _ and -, at most 64, is "My Shop" (my_shop would do)
GET /v1/search » get /v1/search
  7:30 apis[0].routes[0].match: "get" is no method (did you mean GET?)
POST /v1/analyze » "GET /v1/search"
  8:31 apis[0].routes[1].match: routes analyze and search (line 7) answer the same requests
http://127.0.0.1:9000 » ftp://x
  5:15 apis[0].upstream: must be a URL such as http://127.0.0.1:9000, is "ftp://x"
http://127.0.0.1:9000 » http://me:pw@x
  5:15 apis[0].upstream: must hold no user name or password
http://127.0.0.1:9000 » http://localhost:8080
  5:15 apis[0].upstream: is the address of the gateway itself
    routes:⏎ »     openapi: ./none.yaml⏎    routes:⏎
  6:14 apis[0].openapi: ./none.yaml does not exist (paths are relative to the folder of this file)
listen: 127.0.0.1:8080 » listen: 8080
  2:20 gateway.listen: must be an address and a port, as 127.0.0.1:8080, is "8080"
listen: 127.0.0.1:8080 » listen: "8080"
  2:20 gateway.listen: must be an address and a port, as 127.0.0.1:8080, is "8080"
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, threads: 0
  2:45 gateway.threads: must be at least 1, is 0
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, trusted_proxies: [10.0.0.0/33]
  2:54 gateway.trusted_proxies[0]: must be an address or a block such as 10.0.0.0/8, is "10.0.0.0/33"
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, trusted_proxies: [10.0.0.1, lb.internal]
  2:64 gateway.trusted_proxies[1]: must be an address or a block such as 10.0.0.0/8, is "lb.internal"
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, trusted_proxies: 10.0.0.1
  2:53 gateway.trusted_proxies: must be a list, is "10.0.0.1"
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, forwarded_by: x-real-ip
  2:50 gateway.forwarded_by: must be x-forwarded-for, forwarded, is "x-real-ip"
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, forwarded_by: X-Forwarded-For
  2:50 gateway.forwarded_by: must be x-forwarded-for, forwarded, is "X-Forwarded-For" (did you mean x-forwarded-for?)
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, connections_per_ip: 0
  2:56 gateway.connections_per_ip: must be at least 1, is 0
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, connections_per_ip: none
  2:56 gateway.connections_per_ip: must be a whole number, is "none"
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, failed_keys_per_minute: 1.5
  2:60 gateway.failed_keys_per_minute: must be a whole number, is 1.5
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, max_lag: 5
  2:45 gateway.max_lag: must be a time span such as 10s or 5m, is 5
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, max_lag: soon
  2:45 gateway.max_lag: must be a time span such as 10s or 5m, is "soon"
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, timeouts: { head: 10 }
  2:54 gateway.timeouts.head: must be a time span such as 10s or 5m, is 10
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, timeouts: { body: 25d }
  2:54 gateway.timeouts.body: must be at most 24d, is 25d
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, timeouts: { keepalive: 5s }
  2:48 gateway.timeouts.keepalive: unknown field keepalive (did you mean keep_alive?)
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, tls: on
  2:41 gateway.tls: must be a map of fields, is "on"
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, tls: { cert: none.pem, key: none.key }
  2:49 gateway.tls.cert: none.pem does not exist (paths are relative to the folder of this file)
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, tls: { cert: package.json }
  2:41 gateway.tls: lacks the field key
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, tls: { cert: package.json, key: package.json }
  2:68 gateway.tls.key: package.json holds no private key without a passphrase in PEM
GET /v1/search » GET /gatez/health
  7:30 apis[0].routes[0].match: answers GET /gatez/health, where gatez itself does (gateway.health: give it another path, or off)
GET /v1/search » "GET /{one}/usage"
  7:30 apis[0].routes[0].match: answers GET /gatez/usage, where gatez itself does (gateway.usage: give it another path, or off)
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, health: "/{x}"
  2:44 gateway.health: must be a plain path, or off
listen: 127.0.0.1:8080 » listen: 127.0.0.1:8080, health: /a, usage: /a
  2:55 gateway.usage: is the path of gateway.health, too
apis: » control: { listen: 127.0.0.1:8080 }⏎apis:
  3:20 control.listen: port 8080 is the gateway's already
apis: » control: { listen: 0.0.0.0:8081 }⏎apis:
  3:20 control.listen: is open to others than this machine, and the control API must not cross a network in the clear: add tls, or behind_proxy: true if a proxy of yours speaks it, or use 127.0.0.1
apis: » portal: { listen: ":8082" }⏎apis:
  3:19 portal.listen: is open to others than this machine, and the portal must not cross a network in the clear: add tls, or behind_proxy: true if a proxy of yours speaks it, or use 127.0.0.1
apis: » portal: { listen: 127.0.0.1:8081 }⏎apis:
  3:19 portal.listen: port 8081 is that of control: leave it out to have both on one listener
apis: » stores: { control: postgres://h }⏎apis:
  3:20 stores.control: must name a database: write sqlite:.gatez/gatez.db or postgres://user@host:5432/gatez
apis: » stores: { control: "postgres://ann:top@secret@h/db#1" }⏎apis:
  3:20 stores.control: must hold no #; in a password it is written %23
apis: » stores: { control: "postgres://h/db?sslmod=require" }⏎apis:
  3:20 stores.control: has the option "sslmod", which is not known (did you mean sslmode?)
apis: » stores: { control: "postgres://h/db?sslmode=verify" }⏎apis:
  3:20 stores.control: has the sslmode "verify", which is not known (did you mean verify-ca?)
apis: » stores: { control: mysql://h/db }⏎apis:
  3:20 stores.control: mysql: is no control store: write sqlite:.gatez/gatez.db or postgres://user@host:5432/gatez
apis: » stores: { counters: disk }⏎apis:
  3:21 stores.counters: must be memory, redis://host:6379 or rediss://user:password@host:6379
apis: » stores: { counters: memcached://h }⏎apis:
  3:21 stores.counters: memcached: is no store of counters: write memory, redis://host:6379 or rediss://user:password@host:6379
apis: » stores: { counters: "redis://u:p/w@h" }⏎apis:
  3:21 stores.counters: is no URL; in a password write @ as %40, / as %2F, : as %3A, # as %23 and % as %25
apis: » stores: { counters: redis://h/one }⏎apis:
  3:21 stores.counters: must end with its host or the number of a database, as /0
apis: » stores: { counters: redis://h?time=5 }⏎apis:
  3:21 stores.counters: has the unknown option time; known are prefix, cluster, timeout, ca
apis: » stores: { counters: redis://h?timeout=1s }⏎apis:
  3:21 stores.counters: timeout must be from 5ms to 10000ms
apis: » stores: { counters: "redis://h?prefix={a}" }⏎apis:
  3:21 stores.counters: prefix must be letters, digits, _ . : and -, at most 64: braces would move keys of a cluster
apis: » stores: { counters: redis://h/1?cluster=true }⏎apis:
  3:21 stores.counters: a cluster has one database only, 0
apis: » stores: { counters: redis://h?ca=./ca.pem }⏎apis:
  3:21 stores.counters: ca has a meaning with rediss: only
apis: » stores: { usage: sqlite:.gatez/gatez.db }⏎apis:
  3:18 stores.usage: must be another file than stores.control: the two are written at once
apis: » stores: { usage: mysql://h/db }⏎apis:
  3:18 stores.usage: mysql: is no usage log: write sqlite:.gatez/usage.db or clickhouse+https://user:password@host:8443/gatez
apis: » stores: { usage: "clickhouse://u:secret@h:8123" }⏎apis:
  3:18 stores.usage: must name a database of letters, digits and _: write sqlite:.gatez/usage.db or clickhouse+https://user:password@host:8443/gatez
apis: » stores: { usage: "https://u:secret@h/db?clustr=x" }⏎apis:
  3:18 stores.usage: has the option "clustr", which is not known (did you mean cluster?)
apis: » stores: { usage: "clickhouse+http://u:se%cret@h/db" }⏎apis:
  3:18 stores.usage: has a % in its user or password that escapes nothing; write it as %25
apis: » stores: { usage: "clickhouse+http://u:se/cret@h/db" }⏎apis:
  3:18 stores.usage: is no URL; in a password write @ as %40, / as %2F, : as %3A, # as %23 and % as %25
apis: » stores: { usage: "clickhouse+http://u:secret@h/db#x" }⏎apis:
  3:18 stores.usage: must hold no #; in a password it is written %23
apis: » billing: { currency: EURO }⏎apis:
  3:22 billing.currency: must be an ISO 4217 currency code, is "EURO" (did you mean EUR?)
apis: » billing: { tax: { rates: [{ id: vat, name: VAT, rate: "119" }] } }⏎apis:
  3:55 billing.tax.rates[0].rate: must be a percentage from 0 to 100, is "119"
apis: » billing: { tax: { rates: [{ id: vat, name: VAT, rate: "-19" }] } }⏎apis:
  3:55 billing.tax.rates[0].rate: must be a decimal such as "0.0005", is "-19"
apis: » billing: { tax: { rates: [{ id: vat, name: VAT, rate: "19", charges: [fees] }] } }⏎apis:
  3:71 billing.tax.rates[0].charges[0]: no plan has a charge called fees
apis: » billing: { issuer: { name: DataForge, logo: none.png } }⏎apis:
  3:45 billing.issuer.logo: none.png does not exist (paths are relative to the folder of this file)
apis: » billing: { issuer: { name: DataForge, email: billing } }⏎apis:
  3:46 billing.issuer.email: must be a mail address such as billing@example.com, is "billing"
apis: » billing: { dunning: [{ after_days: 3, do: shout }] }⏎apis:
  3:43 billing.dunning[0].do: must be remind, suspend, uncollectible, is "shout"
apis: » billing: { dunning: [{ after_days: 5, do: suspend }, { after_days: 1, do: uncollectible }] }⏎apis:
  3:22 billing.dunning[0]: suspend after 5 days is never done: billing.dunning[1] gives the invoice up after 1 day; put this step before it, or leave it out
apis: » billing: { dunning: [{ after_days: 3, do: remind }, { after_days: 3, do: remind }] }⏎apis:
  3:53 billing.dunning[1]: remind after 3 days is never done: billing.dunning[0] is the same step; leave one of them out
apis: » mail: { smtp: { host: mx, secret: { value: hunter22 } } }⏎apis:
  3:44 mail.smtp.secret.value: must come from the environment, as \${SMTP_PASSWORD}: what stands here, every reader of the file knows
apis: » billing: { anchor: 32 }⏎apis:
  3:20 billing.anchor: is 32: days of the month are 1 to 31
apis: » billing: { anchor: monthly }⏎apis:
  3:20 billing.anchor: must be calendar, subscription, a day of the month or week, or a date such as 2026-01-15, is "monthly"
apis: » billing: { anchor: 2026-02-30 }⏎apis:
  3:20 billing.anchor: is 2026-02-30, a day that there is not
apis: » billing: { anchor: 15, period: year }⏎apis:
  3:20 billing.anchor: a day of the month means nothing to periods of a year: write a date such as 2026-04-06
apis: » billing: { anchor: 9, period: week }⏎apis:
  3:20 billing.anchor: is 9: days of the week are 1, Monday, to 7, Sunday
apis: » billing: { proration: { fee: never } }⏎apis:
  3:30 billing.proration.fee: must be days, seconds, consumption, is "never"
apis: » billing: { timezone: Berlin }⏎apis:
  3:22 billing.timezone: must be an IANA time zone such as Europe/Berlin, is "Berlin" (did you mean Europe/Berlin?)
apis: » metering: { durability: disc }⏎apis:
  3:25 metering.durability: must be disk, process, is "disc" (did you mean disk?)
apis: » meters: [{ id: calls }]⏎apis:
  3:16 meters[0].id: calls is built in; choose another id
requests: 100, per » per
  14:14 plans[0].limits[0]: lacks its amount: requests, units or concurrent, a number or null for no limit
{ model: flat, amount: "49.00" } » {}
  21:27 plans[1].charges[0].price: lacks the field model
requests: 100, » requests: 100, units: 5,
  14:14 plans[0].limits[0]: has 2 amounts, requests and units: make it 2 limits
requests: 100, » concurrent: 5,
  14:36 plans[0].limits[0].per: has no meaning beside concurrent, which counts calls in flight
requests: 100, per: day » requests: 100
  14:14 plans[0].limits[0]: lacks the field per
per: day }]⏎  - id: pro » per: month }]⏎  - id: pro
  14:36 plans[0].limits[0].per: a limit's window is at most a week; an allowance per month is a quota
per: day }]⏎  - id: pro » per: day }, { units: 9, per: day }]⏎  - id: pro
  14:43 plans[0].limits[1]: another limit of this plan is called tenant-day, in line 14: give this one an id of its own
per: day }]⏎  - id: pro » per: day, scope: [key, rout] }]⏎  - id: pro
  14:48 plans[0].limits[0].scope: must be tenant, key, route, [tenant, route] or [key, route], has "rout" (did you mean route?)
on_exceed: bill » on_exceed: upgrade
  19:69 plans[1].quotas[0].on_exceed: must be block, bill, notify or { upgrade: PLAN }, is "upgrade"
on_exceed: bill » on_exceed: { upgrade: pro }
  19:80 plans[1].quotas[0].on_exceed.upgrade: is the plan itself: name a larger one
on_exceed: bill » on_exceed: { upgrade: prow }
  19:80 plans[1].quotas[0].on_exceed.upgrade: there is no plan "prow" (did you mean pro?)
meter: calls, per: month, included: 5000, on_exceed: bill » meter: bytes_out, per: month, included: 5000, on_exceed: block
  19:73 plans[1].quotas[0].on_exceed: a quota of bytes_out cannot block yet, only one of calls or units; use bill, notify or upgrade
amount: "49.00" » amount: 49.5
  21:50 plans[1].charges[0].price.amount: must be in quotes, as "49.5", to stay exact
model: flat » model: flatt
  21:36 plans[1].charges[0].price.model: must be per_unit, package, graduated, tiered, volume, stairstep, flat, percentage, graduated_percentage, is "flatt" (did you mean flat?)
model: flat, » model: flat, amuont: "1",
  21:42 plans[1].charges[0].price.amuont: unknown field amuont (did you mean amount?)
model: flat, amount: "49.00" » model: per_unit, unit: "1"
  21:9 plans[1].charges[0]: lacks the field meter: only a price of model flat is a fee, per_unit prices what a meter counts
id: fee, price: { model: flat, amount: "49.00" » id: fee, meter: bytes_out, price: { model: percentage, rate: "1", fixed: "2"
  21:77 plans[1].charges[0].price.fixed: fixed is about single events, of which the ledger keeps the sum: a plan cannot bill it yet (gatez pricing quote can)
model: flat, amount: "49.00" » model: flat, amount: "0.0000000000001"
  21:50 plans[1].charges[0].price.amount: has 13 places after the point; at most 12 are kept, so round it yourself
apis: » portal: { brand: { color: teal } }⏎apis:
  3:27 portal.brand.color: must be a colour as "#0b7285", is "teal"
apis: » portal: { brand: { logo: logo.gif } }⏎apis:
  3:26 portal.brand.logo: must name an .svg or .png file, is "logo.gif"
apis: » portal: { brand: { logo: none.svg } }⏎apis:
  3:26 portal.brand.logo: none.svg does not exist (paths are relative to the folder of this file)
apis: » billing: { currency: XAU }⏎apis:
  3:22 billing.currency: must be an ISO 4217 currency code, is "XAU" (did you mean XAF?)
`)

export interface WrongFile {
  readonly part: string
  readonly replacement: string
  readonly problem: string
}

/** Reads such a table. */
export function readTable(table: string): readonly WrongFile[] {
  const lines = table.split('\n').slice(1, -1)
  const files: WrongFile[] = []
  for (let index = 0; index < lines.length; index += 2) {
    const [part = '', replacement = ''] = (lines[index] ?? '').replaceAll('⏎', '\n').split(' » ')
    files.push({ part, replacement, problem: (lines[index + 1] ?? '').trim() })
  }
  return files
}
