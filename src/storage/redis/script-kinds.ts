import { LOG_LIMIT, STEPS_PER_WINDOW } from '../ports/counters.ts'
import { SCRIPT_QUOTA } from './script-quota.ts'

/**
 * How long a node's calls in flight count without a word from it: when it is gone, its places are free after that.
 * It says so three times as often.
 */
export const LEASE_MS = 60_000

/** How long who finds no room among calls in flight is asked to wait. */
const CONCURRENT_WAIT_MS = 1000

/**
 * The kinds of counters, in Lua. Each can `open` a counter (what is used of it by now, all that expired taken
 * out), `add` to it, `undo` what was added, and say when there is more: `reset` for one with room, `room` for one without.
 *
 * - a log is a list of moments, oldest first, one for each unit;
 * - steps are a text: newest step, sum, oldest step that counts, window, then a ring of 61 counts;
 * - a quota is a hash of its periods, each from start to end, and what is used in them;
 * - calls in flight are a hash: who holds how many, until when that counts.
 *
 * Another kind under the same name: a plan changed. What was counted in a window moves over, the rest begins
 * anew. A log keeps the newest 1,000: no limit that is kept as one looks further back.
 */
export const SCRIPT_KINDS = `
local RING, HEAD = ${STEPS_PER_WINDOW + 1}, 32
local STEPS = ${STEPS_PER_WINDOW}
local EMPTY, NOTHING = string.rep('\\0', HEAD + RING * 4), {}
local kinds, hold = {}, nil

-- Numbers as texts, each made once: what Lua passes on as a number is written out with all digits it could have.
local texts = {}
local function text(number)
  local known = texts[number]
  if not known then
    known = string.format('%.0f', number)
    texts[number] = known
  end
  return known
end

local function stepAt(at, window) return floor(at * STEPS / window) end

local function stepFrees(step, window) return math.ceil((step + RING) * window / STEPS) end

local function slot(state, step)
  return (struct.unpack('>I4', state, HEAD + 1 + (step % RING) * 4))
end

local function withSlot(state, step, calls)
  local at = HEAD + (step % RING) * 4
  return state:sub(1, at) .. struct.pack('>I4', calls) .. state:sub(at + 5)
end

-- What was counted under this name in whatever shape, as moments and calls, oldest first. It is gone then.
local function takeOver(key)
  local found = {}
  local kind = call('TYPE', key).ok
  if kind == 'list' then
    for _, at in ipairs(call('LRANGE', key, 0, -1)) do found[#found + 1] = { tonumber(at), 1 } end
  elseif kind == 'string' then
    local state = call('GET', key)
    if #state == HEAD + RING * 4 then
      local newest, _, _, window = struct.unpack('>dddd', state)
      for step = newest - STEPS, newest do
        local calls = slot(state, step)
        local at = math.ceil((step + 1) * window / STEPS) - 1
        if calls > 0 then found[#found + 1] = { math.min(now, at), calls } end
      end
    end
  end
  call('DEL', key)
  return found
end

local log = {}

local function push(c, at, calls, last)
  if calls > ${LOG_LIMIT} then calls = ${LOG_LIMIT} end
  local moment, length = text(at), nil
  if calls == 1 then
    length = call('RPUSH', c.key, moment)
  else
    local moments = {}
    for i = 1, calls do moments[i] = moment end
    length = call('RPUSH', c.key, unpack(moments))
  end
  -- It lives on for a window and a quarter from its first call in each quarter.
  local quarter = c.window / 4
  if floor(at / quarter) ~= floor(last / quarter) then
    call('PEXPIRE', c.key, text(math.ceil(math.max(0, at - now) + c.window + quarter) + 1000))
  end
  return length
end

function log.open(c)
  local head = try('LINDEX', c.key, 0)
  if type(head) == 'table' then
    local found = takeOver(c.key)
    for i = 1, #found do log.add(c, found[i][1], found[i][2]) end
    head = call('LINDEX', c.key, 0)
  end
  c.used, c.head = 0, nil
  local gone = now - c.window
  while head and tonumber(head) <= gone do
    local first, n = call('LRANGE', c.key, 0, 99), 0
    while n < #first and tonumber(first[n + 1]) <= gone do n = n + 1 end
    call('LTRIM', c.key, n, -1)
    head = first[n + 1] or call('LINDEX', c.key, 0)
  end
  if head then c.used, c.head = call('LLEN', c.key), tonumber(head) end
end

function log.add(c, at, calls)
  local last = tonumber(call('LINDEX', c.key, -1) or 0)
  if last > at then at = last end
  if push(c, at, calls, last) > ${2 * LOG_LIMIT} then call('LTRIM', c.key, ${-LOG_LIMIT}, -1) end
  if not c.head then c.head = at end
end

-- Moments are all alike: it does not matter which one of them goes.
function log.undo(c, at) call('LREM', c.key, -c.cost, text(at)) end

function log.reset(c) return c.head and c.head + c.window - now or 0 end

function log.room(c)
  if c.cost > c.amount then return c.window end
  return tonumber(call('LINDEX', c.key, c.used + c.cost - c.amount - 1)) + c.window - now
end

local steps = {}

local function oldestFrom(state, first, newest)
  for step = first, newest do
    if slot(state, step) > 0 then return step end
  end
  return -1
end

-- All of it. Most calls change the newest step only, and need no more than the head and that.
local function whole(c)
  c.state = c.state or call('GET', c.key)
  return c.state
end

local function slotAt(step) return HEAD + (step % RING) * 4 end

local function callsIn(c, step)
  if c.state then return slot(c.state, step) end
  return (struct.unpack('>I4', call('GETRANGE', c.key, slotAt(step), slotAt(step) + 3)))
end

local function advance(c, step)
  if step <= c.newest then return end
  if step - c.newest >= RING then
    c.state, c.used, c.oldest = EMPTY, 0, -1
  else
    for each = c.newest + 1, step do
      local calls = slot(whole(c), each)
      if calls > 0 then
        c.used = c.used - calls
        c.state = withSlot(c.state, each, 0)
      end
    end
    if c.oldest ~= -1 and c.oldest <= step - RING then
      c.oldest = oldestFrom(c.state, step - STEPS, step)
    end
  end
  c.newest = step
end

-- Writes it, and on the way what a step holds now. How long it lives is said anew with each new step.
local function keep(c, step, calls)
  local head = struct.pack('>dddd', c.newest, c.used, c.oldest, c.window)
  local at, held = slotAt(step), struct.pack('>I4', calls)
  if c.state then
    local state = head .. c.state:sub(HEAD + 1, at) .. held .. c.state:sub(at + 5)
    call('SET', c.key, state, 'PX', text(math.ceil(c.window * (RING + 1) / STEPS) + 1000))
  else
    call('SETRANGE', c.key, 0, head)
    call('SETRANGE', c.key, at, held)
  end
end

-- What a step holds with so many calls more; nil for one that is too old.
local function count(c, step, calls)
  advance(c, step)
  if step <= c.newest - RING then return nil end
  c.used = c.used + calls
  if c.oldest == -1 or step < c.oldest then c.oldest = step end
  return math.min(4294967295, callsIn(c, step) + calls)
end

function steps.open(c)
  local head = try('GETRANGE', c.key, 0, HEAD - 1)
  local isOurs, window = #head == HEAD, nil
  if isOurs then
    c.newest, c.used, c.oldest, window = struct.unpack('>dddd', head)
    isOurs = window == c.window
  end
  c.state = nil
  if not isOurs then
    local found = (type(head) == 'table' or #head > 0) and takeOver(c.key) or NOTHING
    c.state, c.used, c.oldest, c.newest = EMPTY, 0, -1, stepAt(now, c.window)
    for i = 1, #found do
      local step = stepAt(found[i][1], c.window)
      local calls = count(c, step, found[i][2])
      if calls then c.state = withSlot(c.state, step, calls) end
    end
    if c.used > 0 then keep(c, c.newest, slot(c.state, c.newest)) end
  end
  advance(c, stepAt(now, c.window))
end

function steps.add(c, at, calls)
  -- A clock that steps back counts on from where it was.
  local step = stepAt(at, c.window)
  if at >= now and step < c.newest then step = c.newest end
  local used = c.used
  local sum = count(c, step, calls)
  if sum then keep(c, step, sum) end
  c.used = used
end

function steps.undo(c, at)
  local step = stepAt(at, c.window)
  if step <= c.newest - RING or step > c.newest or callsIn(c, step) < c.cost then return end
  local left = callsIn(c, step) - c.cost
  c.state = withSlot(whole(c), step, left)
  c.used = c.used - c.cost
  c.oldest = oldestFrom(c.state, c.newest - STEPS, c.newest)
  keep(c, step, left)
end

function steps.reset(c) return c.oldest ~= -1 and stepFrees(c.oldest, c.window) - now or 0 end

function steps.room(c)
  if c.cost > c.amount then return c.window end
  local left, step = c.used + c.cost - c.amount, c.oldest
  while step < c.newest do
    left = left - slot(whole(c), step)
    if left <= 0 then break end
    step = step + 1
  end
  return stepFrees(step, c.window) - now
end

${SCRIPT_QUOTA}
local concurrent = {}

hold = function(c, calls)
  if calls > 0 then
    call('HSET', c.key, holder, text(calls) .. ' ' .. text(real + ${LEASE_MS}))
    call('PEXPIRE', c.key, ${2 * LEASE_MS})
  else
    call('HDEL', c.key, holder)
  end
end

function concurrent.open(c)
  local kept = try('HGETALL', c.key)
  if kept.err then
    call('DEL', c.key)
    kept = {}
  end
  c.used, c.own = 0, 0
  for i = 1, #kept, 2 do
    local calls, till = string.match(kept[i + 1], '^(%d+) (%d+)$')
    if not calls or tonumber(till) <= real then
      call('HDEL', c.key, kept[i])
    else
      c.used = c.used + tonumber(calls)
      if kept[i] == holder then c.own = tonumber(calls) end
    end
  end
end

function concurrent.add(c, at, calls) hold(c, c.own + calls) end
function concurrent.undo(c) hold(c, math.max(0, c.own - c.cost)) end
function concurrent.reset(c) return 0 end
function concurrent.room(c) return ${CONCURRENT_WAIT_MS} end

kinds = { log, steps, quota, concurrent }
`
