/**
 * The quotas of the script, in Lua: a hash of periods, each from start to end, and what is used in them.
 *
 * A period is told from others by both its ends: a plan may give a quota of the same id another cycle, and the file
 * another beginning, and what is counted of the one is not of the other.
 */
export const SCRIPT_QUOTA = `
local quota = {}

-- So long past its end a period is kept: calls that end late are given back there.
local KEPT = 3600000

local function ends(period) return tonumber(string.match(period, '^%d+%-(%d+)$')) end

-- Who names a period that does not hold has another clock: the one beside it that does is meant, if it is counted in.
local function beside(c)
  local periods = try('HKEYS', c.key)
  if periods.err then return nil end
  for i = 1, #periods do
    local starts, stops = string.match(periods[i], '^(%d+)%-(%d+)$')
    starts, stops = tonumber(starts), tonumber(stops)
    if starts and starts <= quotaNow and quotaNow < stops and (starts == c.ends or stops == c.start) then
      return periods[i]
    end
  end
end

-- What is told of a period that is over, of calls that were let through or failed in it, is never of the next.
function quota.open(c, isTold)
  c.period = text(c.start) .. '-' .. text(c.ends)
  local isOver = c.ends <= quotaNow and not isTold
  if c.start > quotaNow or isOver then c.period = beside(c) or c.period end
  local used = try('HGET', c.key, c.period)
  if type(used) == 'table' then
    call('DEL', c.key)
    used = false
  end
  c.found, c.used = used ~= false, tonumber(used or 0)
end

function quota.add(c, at, units)
  if c.found then
    call('HINCRBY', c.key, c.period, text(math.max(-c.used, units)))
    return
  end
  local periods = call('HKEYS', c.key)
  for i = 1, #periods do
    if (ends(periods[i]) or 0) + KEPT <= quotaNow then call('HDEL', c.key, periods[i]) end
  end
  call('HSET', c.key, c.period, text(math.max(0, units)))
  local lives = math.max(1000, c.ends - quotaNow + KEPT)
  if call('PTTL', c.key) < lives then call('PEXPIRE', c.key, text(lives)) end
end

function quota.undo(c)
  if c.found and c.used > 0 then
    call('HINCRBY', c.key, c.period, text(-math.min(c.cost, c.used)))
  end
end

function quota.reset(c) return c.ends - quotaNow end
quota.room = quota.reset
`
