--[[
  One circuit: counts calls, opens, lets probes through, closes. One atomic step a call. Time is the server's.

  KEYS
    1  circuit  string, MessagePack

  ARGV
    1  what to do: "acquire", "report", "force" or "read"
    2  share of failures at which it opens
    3  fewer calls than this decide nothing
    4  what counts: "calls", the last so many, or "ms", those of the last milliseconds
    5  how many
    6  milliseconds for which it is open
    7  how many probes have to succeed
    8  with "report" the ticket, with "force" the status that is wanted
    9  with "report" the result: "success", "failure" or "ignored"

  Output, numbers as strings, a time that nobody knows as ""
    1  "1" when a call was let through
    2  its ticket
    3  {status, calls, failures, ms until a call may be let through}
    4  {status before, status, calls, failures, ms}, empty when the status stayed
--]]

local circuit_key = KEYS[1]
local failure_ratio, minimum_calls, open_ms, probes = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[6]), tonumber(ARGV[7])
local counts_calls, window_size = ARGV[4] == 'calls', tonumber(ARGV[5])

local SLICES = 10               -- a window of time is forgotten in tenths
local KEEP_MS = 86400000        -- how long a circuit outlives its last call
local KEEP_HELD_MS = 2592000000 -- and one that is held open by hand

local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

local function text(number) return string.format('%.17g', number) end

local packed = redis.call('GET', circuit_key)
-- Terms begin at the time, so that a ticket of a circuit that was forgotten belongs to no term of the new one.
local circuit = packed and cmsgpack.unpack(packed)
  or { status = 'closed', term = math.floor(now), window = {}, first = 0, calls = 0, failures = 0 }

local function clear()
  circuit.window, circuit.first, circuit.calls, circuit.failures = {}, 0, 0, 0
end

-- The window: the last calls as a ring of 1 and 0, or slices {index, calls, failures}, oldest first.

local function forget()
  if counts_calls then return end
  local oldest = math.floor(now / (window_size / SLICES)) - SLICES
  while circuit.window[1] and circuit.window[1][1] <= oldest do
    local slice = table.remove(circuit.window, 1)
    circuit.calls, circuit.failures = circuit.calls - slice[2], circuit.failures - slice[3]
  end
end

local function record(failed)
  forget()
  if counts_calls then
    local at = circuit.first + 1
    if circuit.window[at] then
      circuit.calls, circuit.failures = circuit.calls - 1, circuit.failures - circuit.window[at]
    end
    circuit.window[at] = failed
    circuit.first = at % window_size
  else
    local index, last = math.floor(now / (window_size / SLICES)), circuit.window[#circuit.window]
    if not last or last[1] < index then
      last = { index, 0, 0 }
      circuit.window[#circuit.window + 1] = last
    end
    last[2], last[3] = last[2] + 1, last[3] + failed
  end
  circuit.calls, circuit.failures = circuit.calls + 1, circuit.failures + failed
end

local function may_probe() return circuit.status == 'half-open' and #circuit.leases + circuit.succeeded < probes end

local function described()
  local retry_ms = ''
  if circuit.status == 'open' then
    retry_ms = text(math.max(0, circuit.open_until - now))
  elseif circuit.status == 'half-open' and not may_probe() and #circuit.leases > 0 then
    retry_ms = text(math.max(0, math.min(unpack(circuit.leases)) - now))
  end
  return { circuit.status, text(circuit.calls), text(circuit.failures), retry_ms }
end

local transition = {}

-- A circuit that left "closed" keeps the figures that made it; one that closes has forgotten them.
local function enter(status)
  local from, calls, failures = circuit.status, text(circuit.calls), text(circuit.failures)
  circuit.status = status
  if status == 'open' then circuit.open_until = now + open_ms end
  if status == 'half-open' then circuit.leases, circuit.succeeded = {}, 0 end
  if status == 'closed' then clear() end
  if from == status then return end
  circuit.term = circuit.term + 1
  local to = described()
  transition = { from, to[1], calls, failures, to[4] }
end

local function awake()
  if circuit.status == 'open' and now >= circuit.open_until then enter('half-open') end
  if circuit.status ~= 'half-open' then return end
  local leases = {}
  for _, until_ms in ipairs(circuit.leases) do
    if until_ms > now then leases[#leases + 1] = until_ms end
  end
  circuit.leases = leases
end

local function probed(result)
  if result == 'failure' then return enter('open') end
  table.remove(circuit.leases, 1)
  if result == 'ignored' then return end
  circuit.succeeded = circuit.succeeded + 1
  if circuit.succeeded >= probes then enter('closed') end
end

local run, admitted = {}, false

function run.acquire()
  admitted = circuit.status == 'closed'
  if admitted then return end
  awake()
  if not may_probe() then return end
  circuit.leases[#circuit.leases + 1] = now + open_ms
  admitted = true
end

function run.report()
  if tonumber(ARGV[8]) ~= circuit.term then return end
  if circuit.status == 'half-open' then return probed(ARGV[9]) end
  if circuit.status ~= 'closed' or ARGV[9] == 'ignored' then return end
  record(ARGV[9] == 'failure' and 1 or 0)
  if ARGV[9] == 'failure' and circuit.calls >= minimum_calls and circuit.failures / circuit.calls >= failure_ratio then
    enter('open')
  end
end

function run.force() enter(ARGV[8]) end

-- Looks, and changes nothing that is kept.
function run.read() awake() end

if circuit.status == 'closed' then forget() end
run[ARGV[1]]()

if ARGV[1] ~= 'read' and not (ARGV[1] == 'acquire' and circuit.status == 'closed') then
  local keep_ms = circuit.status == 'isolated' and KEEP_HELD_MS or KEEP_MS
  redis.call('SET', circuit_key, cmsgpack.pack(circuit), 'PX', math.ceil(keep_ms + math.max(open_ms, window_size)))
end

return { admitted and '1' or '', text(circuit.term), described(), ARGV[1] == 'read' and {} or transition }
