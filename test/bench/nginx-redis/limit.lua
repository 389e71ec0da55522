-- What a team builds by hand: one fixed window a tenant, INCR and EXPIRE in one round trip. Nothing is metered.
-- RESP over a cosocket in a few lines, so that no library is needed.
local keys = ngx.shared.keys
local tenant = keys:get(ngx.var.http_x_api_key or "")
if not tenant then return ngx.exit(401) end

local redis = ngx.socket.tcp()
redis:settimeouts(50, 50, 50)
local connected = redis:connect("127.0.0.1", tonumber(ngx.var.redis_port), { pool_size = 256 })
if not connected then return ngx.exit(503) end

local counter = "api_calls:" .. tenant .. ":" .. math.floor(ngx.time() / 60)
redis:send("*2\r\n$4\r\nINCR\r\n$" .. #counter .. "\r\n" .. counter .. "\r\n"
  .. "*3\r\n$6\r\nEXPIRE\r\n$" .. #counter .. "\r\n" .. counter .. "\r\n$2\r\n60\r\n")
local count = redis:receive("*l")
local expire = redis:receive("*l")
if not count or not expire then return ngx.exit(503) end
redis:setkeepalive(60000, 256)

local used, limit = tonumber(count:sub(2)), 100000000
ngx.header["X-RateLimit-Limit"] = limit
ngx.header["X-RateLimit-Remaining"] = math.max(0, limit - used)
if used > limit then
  ngx.header["Retry-After"] = 60 - ngx.time() % 60
  return ngx.exit(429)
end
