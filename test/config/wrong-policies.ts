import { readTable, type WrongFile } from './wrong-files.ts'

/** The same for what is said of upstreams and of what routes do with their calls. */
export const WRONG_POLICIES: readonly WrongFile[] = readTable(`
http://127.0.0.1:9000 » []
  5:15 apis[0].upstream: must list at least one URL
http://127.0.0.1:9000 » [http://a, http://a/]
  5:15 apis[0].upstream: names http://a twice
http://127.0.0.1:9000 » [http://a, ftp://b]
  5:15 apis[0].upstream: must be a URL such as http://127.0.0.1:9000, is "ftp://b"
http://127.0.0.1:9000 » [http://a, http://localhost:8080]
  5:26 apis[0].upstream[1]: is the address of the gateway itself
http://127.0.0.1:9000 » 5
  5:15 apis[0].upstream: must be a URL such as http://127.0.0.1:9000, or a list of them, is 5
    routes:⏎ »     balance: random⏎    routes:⏎
  6:14 apis[0].balance: must be round-robin, least-pending, is "random"
    routes:⏎ »     health: {}⏎    routes:⏎
  6:13 apis[0].health: lacks the field path
    routes:⏎ »     health: { path: off }⏎    routes:⏎
  6:21 apis[0].health.path: the path must start with /, is "off"
    routes:⏎ »     health: { path: health }⏎    routes:⏎
  6:21 apis[0].health.path: the path must start with /, is "health"
    routes:⏎ »     health: { path: "/h/{id}" }⏎    routes:⏎
  6:21 apis[0].health.path: must be a plain path, as /health
    routes:⏎ »     health: { path: /h?x=1 }⏎    routes:⏎
  6:21 apis[0].health.path: the path must have no query and no fragment
    routes:⏎ »     health: { path: /h, every: 0s }⏎    routes:⏎
  6:32 apis[0].health.every: must be a time span such as 10s or 5m, is "0s"
    routes:⏎ »     health: { path: /h, timeout: soon }⏎    routes:⏎
  6:34 apis[0].health.timeout: must be a time span such as 10s or 5m, is "soon"
    routes:⏎ »     health: { path: /h, healthy_after: 0 }⏎    routes:⏎
  6:40 apis[0].health.healthy_after: must be at least 1, is 0
    routes:⏎ »     health: { path: /h, unhealthy_after: 1.5 }⏎    routes:⏎
  6:42 apis[0].health.unhealthy_after: must be a whole number, is 1.5
    routes:⏎ »     health: { path: /h, statuses: [200-] }⏎    routes:⏎
  6:35 apis[0].health.statuses: must be statuses from 100 to 599 or ranges such as "200-299", has "200-"
    routes:⏎ »     health: { path: /h, statuses: [] }⏎    routes:⏎
  6:35 apis[0].health.statuses: must list at least one status
    routes:⏎ »     health: { path: /h, intervall: 5s }⏎    routes:⏎
  6:25 apis[0].health.intervall: unknown field intervall
    routes:⏎ »     health: off⏎    routes:⏎
  6:13 apis[0].health: must be a map of fields, is "off"
    routes:⏎ »     breaker: { failures: 0 }⏎    routes:⏎
  6:26 apis[0].breaker.failures: must be at least 1, is 0
    routes:⏎ »     breaker: { open: 25d }⏎    routes:⏎
  6:22 apis[0].breaker.open: must be at most 24d, is 25d
    routes:⏎ »     breaker: { statuses: [600] }⏎    routes:⏎
  6:26 apis[0].breaker.statuses: must be statuses from 100 to 599 or ranges such as "200-299", has 600
    routes:⏎ »     breaker: { failure: 3 }⏎    routes:⏎
  6:16 apis[0].breaker.failure: unknown field failure (did you mean failures?)
    routes:⏎ »     breaker: off⏎    routes:⏎
  6:14 apis[0].breaker: must be a map of fields, is "off"
    routes:⏎ »     retries: 6⏎    routes:⏎
  6:14 apis[0].retries: must be at most 5, is 6
    routes:⏎ »     retries: -1⏎    routes:⏎
  6:14 apis[0].retries: must be at least 0, is -1
    routes:⏎ »     max_body: 10⏎    routes:⏎
  6:15 apis[0].max_body: must be a size such as 10MB or 64KiB, is "10"
    routes:⏎ »     max_body: 0B⏎    routes:⏎
  6:15 apis[0].max_body: must be a size such as 10MB or 64KiB, is "0B"
    routes:⏎ »     max_body: 10M⏎    routes:⏎
  6:15 apis[0].max_body: must be a size such as 10MB or 64KiB, is "10M"
    routes:⏎ »     timeouts: { header: 5s }⏎    routes:⏎
  6:17 apis[0].timeouts.header: unknown field header (did you mean headers?)
    routes:⏎ »     timeouts: { headers: 5 }⏎    routes:⏎
  6:26 apis[0].timeouts.headers: must be a time span such as 10s or 5m, is "5"
    routes:⏎ »     strip_prefix: v1⏎    routes:⏎
  6:19 apis[0].strip_prefix: the path must start with /, is "v1"
    routes:⏎ »     strip_prefix: /v1/⏎    routes:⏎
  6:19 apis[0].strip_prefix: must not end with a slash, as /shop
    routes:⏎ »     strip_prefix: "/{x}"⏎    routes:⏎
  6:19 apis[0].strip_prefix: must be a plain path, as /shop
    routes:⏎ »     strip_prefix: /v1/search⏎    routes:⏎
  9:31 apis[0].routes[1].match: does not begin with strip_prefix /v1/search
    routes:⏎ »     request_headers: { set: { Host: a } }⏎    routes:⏎
  6:29 apis[0].request_headers.set: Host cannot be changed: gatez or HTTP itself gives it its meaning
    routes:⏎ »     request_headers: { set: { x_gatez_tenant: a } }⏎    routes:⏎
  6:29 apis[0].request_headers.set: x_gatez_tenant cannot be changed: gatez or HTTP itself gives it its meaning
    routes:⏎ »     request_headers: { set: { content_length: "1" } }⏎    routes:⏎
  6:29 apis[0].request_headers.set: content_length cannot be changed: gatez or HTTP itself gives it its meaning
    routes:⏎ »     request_headers: { set: { "x y": a } }⏎    routes:⏎
  6:29 apis[0].request_headers.set: "x y" is no name of a header field
    routes:⏎ »     request_headers: { set: { x-a: "a\\nb" } }⏎    routes:⏎
  6:29 apis[0].request_headers.set: x-a must have a value of visible ASCII characters and blanks
    routes:⏎ »     request_headers: { set: { x-a: 1 } }⏎    routes:⏎
  6:36 apis[0].request_headers.set.x-a: must be a text, is 1
    routes:⏎ »     request_headers: { set: { x-a: "1", X-A: "2" } }⏎    routes:⏎
  6:29 apis[0].request_headers.set: names x-a twice
    routes:⏎ »     request_headers: { add: { x-a: "1" } }⏎    routes:⏎
  6:24 apis[0].request_headers.add: unknown field add
    routes:⏎ »     request_headers: { remove: x-a }⏎    routes:⏎
  6:32 apis[0].request_headers.remove: must be a list, is "x-a"
    routes:⏎ »     request_headers: { remove: [X-Forwarded-For] }⏎    routes:⏎
  6:32 apis[0].request_headers.remove: X-Forwarded-For cannot be changed: gatez or HTTP itself gives it its meaning
    routes:⏎ »     request_headers: { remove: [x_api_key] }⏎    routes:⏎
  6:32 apis[0].request_headers.remove: x_api_key cannot be changed: gatez or HTTP itself gives it its meaning
    routes:⏎ »     request_headers: { remove: [""] }⏎    routes:⏎
  6:32 apis[0].request_headers.remove: "" is no name of a header field
    routes:⏎ »     response_headers: { set: { Retry-After: "1" } }⏎    routes:⏎
  6:30 apis[0].response_headers.set: Retry-After cannot be changed: gatez or HTTP itself gives it its meaning
    routes:⏎ »     response_headers: { remove: [RateLimit] }⏎    routes:⏎
  6:33 apis[0].response_headers.remove: RateLimit cannot be changed: gatez or HTTP itself gives it its meaning
    routes:⏎ »     cors: { origins: any }⏎    routes:⏎
  6:22 apis[0].cors.origins: must be a list of origins such as https://app.example.com, or "*", is "any"
    routes:⏎ »     cors: { origins: [app.example.com] }⏎    routes:⏎
  6:22 apis[0].cors.origins: must be origins such as https://app.example.com, has "app.example.com"
    routes:⏎ »     cors: { origins: ["https://app.example.com/"] }⏎    routes:⏎
  6:22 apis[0].cors.origins: must be origins such as https://app.example.com, has "https://app.example.com/" (https://app.example.com would do)
    routes:⏎ »     cors: { origins: ["https://*.example.com"] }⏎    routes:⏎
  6:22 apis[0].cors.origins: must be full origins, wildcards are not known, has "https://*.example.com"
    routes:⏎ »     cors: { origins: ["null"] }⏎    routes:⏎
  6:22 apis[0].cors.origins: must be origins such as https://app.example.com, has "null"
    routes:⏎ »     cors: {}⏎    routes:⏎
  6:11 apis[0].cors: lacks the field origins
    routes:⏎ »     cors: { origins: "*", credentials: true }⏎    routes:⏎
  6:40 apis[0].cors.credentials: cannot be true for every origin: list the origins that may send them
    routes:⏎ »     cors: { origins: "*", methods: [get] }⏎    routes:⏎
  6:36 apis[0].cors.methods: "get" is no method (did you mean GET?)
    routes:⏎ »     cors: { origins: "*", methods: [GET, GET] }⏎    routes:⏎
  6:36 apis[0].cors.methods: names a method twice: GET,GET
    routes:⏎ »     cors: { origins: "*", methods: [TRACE] }⏎    routes:⏎
  6:36 apis[0].cors.methods: TRACE cannot be routed
    routes:⏎ »     cors: { origins: "*", headers: ["x y"] }⏎    routes:⏎
  6:36 apis[0].cors.headers: "x y" is no name of a header field
    routes:⏎ »     cors: { origins: "*", expose: [""] }⏎    routes:⏎
  6:35 apis[0].cors.expose: "" is no name of a header field
    routes:⏎ »     cors: { origins: "*", max_age: long }⏎    routes:⏎
  6:36 apis[0].cors.max_age: must be a time span such as 10s or 5m, is "long"
    routes:⏎ »     maintenance: true⏎    routes:⏎
  6:18 apis[0].maintenance: must be a map of fields, is true
    routes:⏎ »     maintenance: { detail: "" }⏎    routes:⏎
  6:28 apis[0].maintenance.detail: must not be empty
    routes:⏎ »     maintenance: { retry_after: 1 }⏎    routes:⏎
  6:33 apis[0].maintenance.retry_after: must be a time span such as 10s or 5m, is "1"
    routes:⏎ »     validate: true⏎    routes:⏎
  6:15 apis[0].validate: needs the OpenAPI file of the api: give it as openapi
    routes:⏎ »     validate: yes⏎    routes:⏎
  6:15 apis[0].validate: must be true or false, is "yes"
match: GET /v1/search » match: GET /v1/search, validate: true
  7:56 apis[0].routes[0].validate: needs the OpenAPI file of the api: give it as openapi
match: GET /v1/search » match: GET /v1/search, retries: 9
  7:55 apis[0].routes[0].retries: must be at most 5, is 9
match: GET /v1/search » match: GET /v1/search, rewrite: v2
  7:55 apis[0].routes[0].rewrite: the path must start with /, is "v2"
match: GET /v1/search » match: GET /v1/search, rewrite: "/v2/{id}"
  7:55 apis[0].routes[0].rewrite: {id} is no name in the path of match; it has none
match: GET /v1/search » match: "GET /v1/{one}/{rest*}", rewrite: "/v2/{rest}/{two}"
  7:64 apis[0].routes[0].rewrite: {rest} is no name in the path of match; it has {one}, {rest*}
match: GET /v1/search » match: GET /v1/search, rewrite: /v2?x=1
  7:55 apis[0].routes[0].rewrite: the path must have no query and no fragment
match: GET /v1/search » match: GET /v1/search, rewrite: /a/../b
  7:55 apis[0].routes[0].rewrite: the path has the segment .., which no request keeps
match: GET /v1/search » match: GET /v1/search, timeouts: { connect: 1s }
  7:58 apis[0].routes[0].timeouts.connect: unknown field connect
match: GET /v1/search » match: GET /v1/search, timeouts: { idle: 0ms }
  7:64 apis[0].routes[0].timeouts.idle: must be a time span such as 10s or 5m, is "0ms"
match: GET /v1/search » match: GET /v1/search, cors: { origins: "*", credentials: true }
  7:81 apis[0].routes[0].cors.credentials: cannot be true for every origin: list the origins that may send them
match: GET /v1/search » match: GET /v1/search, response_headers: { set: { Connection: close } }
  7:71 apis[0].routes[0].response_headers.set: Connection cannot be changed: gatez or HTTP itself gives it its meaning
requests: 100, per: day » concurrent: 0
  14:28 plans[0].limits[0].concurrent: must be at least 1, is 0
requests: 100, per: day » concurrent: many
  14:28 plans[0].limits[0].concurrent: must be a whole number, is "many"
requests: 100, per: day » concurrent: 5, requests: 5
  14:14 plans[0].limits[0]: has 2 amounts, requests and concurrent: make it 2 limits
requests: 100, per: day » concurrent: 5 }, { concurrent: 6
  14:33 plans[0].limits[1]: another limit of this plan is called tenant-concurrent, in line 14: give this one an id of its own
requests: 100, per: day » concurrent: 5, scope: user
  14:38 plans[0].limits[0].scope: must be tenant, key, route, [tenant, route] or [key, route], has "user"
`)
