import { createHash } from 'node:crypto'
import { SCRIPT_KINDS } from './script-kinds.ts'

/**
 * What Redis runs for one batch of calls, in one go: atomic among all nodes.
 *
 * KEYS: the mark of trust (if ARGV[1] is set), then the counters of each operation, in order.
 * ARGV: the run of the server that the counters must belong to, or empty; the moment to decide at, or empty
 * for the server's own clock; what quotas add to that; who holds calls in flight; then a JSON list an operation,
 * with its counters in a list:
 *
 *     ["T", counters]                take from all of them, or from none
 *     ["P", counters]                say what is left
 *     ["G", counters]                give quotas back
 *     ["R", counters]                end calls in flight
 *     ["S", [counter], ago, amount]  count what was admitted `ago` ms before; with a fifth number,
 *                                    only what is missing until so much is used
 *     ["U", counters, moment]        undo what T took at that moment
 *     ["W", []]                      write something
 *     ["H", [counter], count]        so many calls are in flight here; below 0: those that are counted still are
 *
 * A counter is `kind, amount, cost, window, start, end`, one after the other: six numbers each. The reply is one text of whole
 * numbers, each a double of eight bytes with the lowest first: the server's clock, then for each T and P the counters
 * that had no room, as bits, and of each counter what is left and in how many ms there is more. A reply of -1 alone:
 * what is there cannot be trusted, nothing was done.
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
    return struct.pack('<d', -1)
  end
end
${SCRIPT_KINDS}
local reply = { struct.pack('<d', now) }
local numbers, packs = {}, {}

-- The counters of the operation at hand, of which there are size: tables that each operation fills anew.
local list, size = {}, 0

local function report(violated)
  local at = 1
  numbers[1] = violated
  for i = 1, size do
    local c = list[i]
    local isFull = violated > 0 and c.used + c.cost > c.amount
    local left, more = c.amount - c.used, isFull and c.of.room(c) or c.of.reset(c)
    numbers[at + 1] = left > 0 and left or 0
    numbers[at + 2] = more > 0 and math.ceil(more) or 0
    at = at + 2
  end
  packs[at] = packs[at] or '<' .. string.rep('d', at)
  reply[#reply + 1] = struct.pack(packs[at], unpack(numbers, 1, at))
end

local does = {}

function does.T()
  local violated, bit = 0, 1
  for i = 1, size do
    local c = list[i]
    c.of.open(c)
    if c.used + c.cost > c.amount then violated = violated + bit end
    bit = bit * 2
  end
  if violated == 0 then
    for i = 1, size do
      local c = list[i]
      c.of.add(c, now, c.cost)
      c.used = c.used + c.cost
    end
  end
  report(violated)
end

function does.P()
  for i = 1, size do list[i].of.open(list[i]) end
  report(0)
end

function does.G()
  for i = 1, size do
    list[i].of.open(list[i], true)
    list[i].of.undo(list[i])
  end
end

function does.R()
  for i = 1, size do
    local c = list[i]
    if type(try('HGET', c.key, holder)) == 'string' then
      c.of.open(c)
      c.of.undo(c)
    end
  end
end

function does.U(at)
  for i = 1, size do
    local c = list[i]
    c.of.open(c)
    c.of.undo(c, at)
  end
end

function does.W() call('HSET', KEYS[1], 'seen', text(real)) end

function does.S(ago, amount, least)
  local c = list[1]
  c.of.open(c, true)
  if least then
    amount = math.min(amount, least - c.used)
    if amount <= 0 then return end
  end
  local at = now - ago
  c.of.add(c, at > now and now or at, amount)
end

function does.H(count)
  local c = list[1]
  c.of.open(c)
  hold(c, count < 0 and c.own or count)
end

for i = 5, #ARGV do
  local what, counters, one, two, three = unpack(cjson.decode(ARGV[i]))
  size = #counters / 6
  for j = 1, size do
    local c, at = list[j], 6 * j
    if not c then
      c = {
        key = '', of = 0, amount = 0, cost = 0, window = 0, start = 0, ends = 0, used = 0,
        head = 0, state = '', newest = 0, oldest = 0, period = '', found = false, own = 0,
      }
      list[j] = c
    end
    c.key, c.of, c.amount = KEYS[nextKey], kinds[counters[at - 5]], counters[at - 4]
    c.cost, c.window, c.start, c.ends = counters[at - 3], counters[at - 2], counters[at - 1], counters[at]
    nextKey = nextKey + 1
  end
  does[what](one, two, three)
end
return table.concat(reply)
`

/** Its name: what it is called by once the server knows it. */
export const SCRIPT_SHA = createHash('sha1').update(SCRIPT).digest('hex')
