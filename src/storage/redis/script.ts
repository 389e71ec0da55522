import { createHash } from 'node:crypto'
import { SCRIPT_KINDS } from './script-kinds.ts'

/**
 * What Redis runs for one batch of calls, in one go: atomic among all nodes.
 *
 * KEYS: the mark of trust (if ARGV[1] is set), then the counters of each operation, in order.
 * ARGV: the run of the server that the counters must belong to, or empty; the moment to decide at, or empty
 * for the server's own clock; what quotas add to that; who holds calls in flight; then one text an operation:
 *
 *     T n counter…            take from all of n counters, or from none
 *     P n counter…            say what is left
 *     G n counter…            give quotas back
 *     R n counter…            end calls in flight
 *     S ago amount 1 counter  count what was admitted `ago` ms before
 *     U moment n counter…     undo what T took at that moment
 *     W 0                     write something
 *     H count 1 counter       so many calls are in flight here; below 0: those that are counted still are
 *
 * A counter is `kind amount cost window start end`. The reply is one list of whole numbers: the server's clock,
 * then for each T and P the counters that had no room, as bits, and of each counter what is left and in how
 * many ms there is more. A reply of -1 alone: what is there cannot be trusted, nothing was done.
 */
export const SCRIPT = `
local call, try, floor = redis.call, redis.pcall, math.floor
local time = call('TIME')
local real = tonumber(time[1]) * 1000 + floor(tonumber(time[2]) / 1000)
local now = ARGV[2] == '' and real or tonumber(ARGV[2])
local quotaNow = now + tonumber(ARGV[3])
local holder = ARGV[4]
local nextKey = 1
if ARGV[1] ~= '' then
  nextKey = 2
  if call('HGET', KEYS[1], 'ready') ~= ARGV[1] then
    call('HSETNX', KEYS[1], 'cut:' .. ARGV[1], string.format('%.0f', real))
    return {-1}
  end
end
${SCRIPT_KINDS}
local reply = { now }

local function report(list, violated)
  reply[#reply + 1] = violated
  for i = 1, #list do
    local c = list[i]
    local isFull = violated > 0 and c.used + c.cost > c.amount
    local left, more = c.amount - c.used, isFull and c.of.room(c) or c.of.reset(c)
    reply[#reply + 1] = left > 0 and left or 0
    reply[#reply + 1] = more > 0 and math.ceil(more) or 0
  end
end

local does = {}

function does.T(list)
  local violated, bit = 0, 1
  for i = 1, #list do
    local c = list[i]
    c.of.open(c)
    if c.used + c.cost > c.amount then violated = violated + bit end
    bit = bit * 2
  end
  if violated == 0 then
    for i = 1, #list do
      local c = list[i]
      c.of.add(c, now, c.cost)
      c.used = c.used + c.cost
    end
  end
  report(list, violated)
end

function does.P(list)
  for i = 1, #list do list[i].of.open(list[i]) end
  report(list, 0)
end

function does.G(list)
  for i = 1, #list do
    list[i].of.open(list[i])
    list[i].of.undo(list[i])
  end
end

function does.R(list)
  for i = 1, #list do
    local c = list[i]
    if type(try('HGET', c.key, holder)) == 'string' then
      c.of.open(c)
      c.of.undo(c)
    end
  end
end

function does.U(list, at)
  for i = 1, #list do
    local c = list[i]
    c.of.open(c)
    c.of.undo(c, tonumber(at))
  end
end

function does.W() call('HSET', KEYS[1], 'seen', text(real)) end

function does.S(list, ago, amount)
  local c = list[1]
  c.of.open(c)
  local at = now - tonumber(ago)
  c.of.add(c, at > now and now or at, tonumber(amount))
end

function does.H(list, count)
  local c = list[1]
  c.of.open(c)
  hold(c, tonumber(count) < 0 and c.own or tonumber(count))
end

for i = 5, #ARGV do
  local word = string.gmatch(ARGV[i], '%S+')
  local what = word()
  local one, two
  if what == 'S' then one, two = word(), word() elseif what == 'H' or what == 'U' then one = word() end
  local list = {}
  for j = 1, tonumber(word()) do
    list[j] = {
      key = KEYS[nextKey], of = kinds[word()], amount = tonumber(word()), cost = tonumber(word()),
      window = tonumber(word()), start = tonumber(word()), ends = tonumber(word()),
    }
    nextKey = nextKey + 1
  end
  does[what](list, one, two)
end
return reply
`

/** Its name: what it is called by once the server knows it. */
export const SCRIPT_SHA = createHash('sha1').update(SCRIPT).digest('hex')
