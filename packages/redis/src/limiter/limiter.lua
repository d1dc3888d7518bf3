--[[
  One quota: buckets in several currencies (GCRA, ITU-T I.371), reservations that come back when nobody settles them, and
  the line of those who wait. Runs a list of operations as one atomic step, in one round trip. Time is the server's.

  KEYS, all in one slot
    1  state    string, MessagePack: the buckets and everything that is one per quota
    2  held     sorted set: "<number> <cost as JSON>" by the time it comes back; what was taken in advance has an "a" before it
    3  taken    sorted set: what was taken up to the end of a slice of time, by that end
    4  line     sorted set: workers that wait, by the time their place is lost
    5  places   hash: worker -> MessagePack of its place in the line
    6  workers  sorted set: workers, by when they were last heard

  ARGV
    1  the worker that asks
    2  milliseconds until an unsettled reservation comes back
    3  generation that the worker last saw, or ""
    4  highest reservation number that it saw in it
    5  version of the rates that it knows
    6  "1" to be counted among the workers
    7  "1" when it was in touch so lately that the state cannot have expired
    8  rates as JSON, for a quota without a state
    9  operations as JSON:
         {op="reserve", cost, keepFree, jitter, advance, advanceMs}   {op="settle", id, cost, actual}
         {op="return", id, cost, spent}   {op="adjust", amounts}   {op="sync", levels}
         {op="pause", ms}   {op="update", rates, joins}
       where `cost` is JSON in a string, as it was reserved, and every other amount a table by currency

  Output, numbers as strings
    1  {generation, highest number, ms of pause left, workers, version of the rates, "1" when a state was lost}
    2  {level, ...} in the order of the rates
    3  {currency, limit, per, burst, "1" when learned, burst_ms or "", told, ...}, empty when the version was known
    4  {answer, ...} in the order of the operations:
         {"admitted", number, times taken in advance, their number, their cost as JSON}   {"wait", ms, what binds}
         {"too-large", currency, cost, capacity}   "ok"
--]]

local state_key, held_key, taken_key, line_key, places_key, workers_key = unpack(KEYS)
local worker, lease_ms = ARGV[1], tonumber(ARGV[2])

local KEEP_MS = 600000        -- how long a quota outlives its last use, its debts and its pause
local PLACE_MS = 500          -- how late a worker may come for its turn
local WORKER_MS = 10000       -- how long a worker counts that is not heard
local SLICE_MS = 100          -- what was taken is remembered in slices of this length
local REMEMBERED_MS = 300000  -- and for so long
local LEARNED_BURST_MS = 1000

local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

-- As many digits as a number needs to come back as it was; whole ones are cheaper.
local function text(number)
  return string.format(number % 1 == 0 and number < 1e15 and number > -1e15 and '%d' or '%.17g', number)
end

local function ms_of(bucket, amount) return amount * bucket.per / bucket.limit end

local function learned_burst(limit, per) return math.max(1, LEARNED_BURST_MS * limit / per) end

local state

-- The state ------------------------------------------------------------------------------------------------------------

local function bucket_of(rate)
  return {
    currency = rate.currency, limit = rate.limit, per = rate.per, burst = rate.burst, burst_ms = rate.burst_ms,
    learned = rate.learned, told = rate.told, limit_at = 0, full_at = 0, advanced = 0, taken = 0, waiting = {},
  }
end

local function new_state()
  local buckets = {}
  for index, rate in ipairs(cjson.decode(ARGV[8])) do buckets[index] = bucket_of(rate) end
  return {
    generation = time[1] .. '.' .. time[2], number = 0, version = 0, buckets = buckets, paused_until = 0, probing = false,
    workers = 0, waiting = 0,
  }
end

-- A server that restarted or failed over may have forgotten the last moments, or everything: nobody knows what is left
-- then. The buckets begin empty, so that what was spent and forgotten is not spent again.
local function load()
  local packed = redis.call('GET', state_key)
  state = packed and cmsgpack.unpack(packed) or new_state()
  local is_older = packed and state.generation == ARGV[3] and state.number < tonumber(ARGV[4])
  local is_lost = is_older or (not packed and ARGV[7] == '1')
  if not is_lost then return false end
  state.generation = time[1] .. '.' .. time[2]
  redis.call('DEL', held_key, taken_key, line_key, places_key)
  state.held_until, state.slice_from, state.place_until, state.waiting = nil, nil, nil, 0
  for _, bucket in ipairs(state.buckets) do
    bucket.full_at, bucket.advanced, bucket.waiting = now + ms_of(bucket, bucket.burst), 0, {}
  end
  return true
end

local function keep_ms()
  local latest = state.paused_until
  for _, bucket in ipairs(state.buckets) do latest = math.max(latest, bucket.full_at) end
  return math.ceil(math.max(0, latest - now, lease_ms) + KEEP_MS)
end

-- Amounts --------------------------------------------------------------------------------------------------------------

local function give_back(amounts)
  for _, bucket in ipairs(state.buckets) do
    bucket.full_at = bucket.full_at - ms_of(bucket, amounts[bucket.currency] or 0)
  end
end

local function charge(amounts)
  for _, bucket in ipairs(state.buckets) do
    local amount = amounts[bucket.currency] or 0
    if amount > 0 then bucket.full_at = math.max(bucket.full_at, now) + ms_of(bucket, amount) end
  end
end

-- More than nothing is a debt from now on, less than nothing comes back.
local function correct(amounts)
  for _, bucket in ipairs(state.buckets) do
    local more = amounts[bucket.currency] or 0
    local from = more > 0 and math.max(bucket.full_at, now) or bucket.full_at
    bucket.full_at = from + ms_of(bucket, more)
  end
end

local function difference(actual, cost)
  local more = {}
  for _, bucket in ipairs(state.buckets) do
    more[bucket.currency] = (actual[bucket.currency] or 0) - (cost[bucket.currency] or 0)
  end
  return more
end

-- What is taken in advance lies with a worker, who may spend it at any moment: until then the bucket holds that much less.
local function cap()
  for _, bucket in ipairs(state.buckets) do
    if bucket.advanced > 0 then bucket.full_at = math.max(bucket.full_at, now + ms_of(bucket, bucket.advanced)) end
  end
end

local function not_advanced(cost)
  for _, bucket in ipairs(state.buckets) do
    bucket.advanced = math.max(0, bucket.advanced - (cost[bucket.currency] or 0))
  end
end

-- Reservations ---------------------------------------------------------------------------------------------------------

local function hold(mark, cost_text, for_ms)
  state.number = state.number + 1
  local number, until_ms = text(state.number), math.ceil(now + for_ms)
  redis.call('ZADD', held_key, until_ms, mark .. number .. ' ' .. cost_text)
  redis.call('PEXPIRE', held_key, keep_ms())
  state.held_until = math.min(state.held_until or until_ms, until_ms)
  return number
end

-- Takes back what belongs to workers that are gone.
local function reap()
  if not state.held_until or state.held_until > now then return end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', held_key, '-inf', text(now), 'LIMIT', 0, 1000)) do
    local mark, cost_text = string.match(member, '^(a?)%S+ (.*)$')
    local cost = cjson.decode(cost_text)
    give_back(cost)
    if mark == 'a' then not_advanced(cost) end
    redis.call('ZREM', held_key, member)
  end
  local first = redis.call('ZRANGE', held_key, 0, 0, 'WITHSCORES')
  state.held_until = first[2] and tonumber(first[2]) or nil
end

-- The part of an id behind its generation; nothing when the id is of another generation.
local function number_in(id)
  local generation, number = string.match(id, '^(%S+) (%S+)$')
  return generation == state.generation and number or nil
end

-- What was taken when --------------------------------------------------------------------------------------------------

local function totals()
  local sums = {}
  for _, bucket in ipairs(state.buckets) do sums[bucket.currency] = bucket.taken end
  return sums
end

-- Writes down the slice that is over, and forgets those that nobody asks for any more.
local function close_slice()
  if redis.call('EXISTS', taken_key) == 0 then state.forgotten = state.slice_base end
  redis.call('ZADD', taken_key, text(state.slice_last), cmsgpack.pack({ state.slice_last, totals() }))
  redis.call('PEXPIRE', taken_key, keep_ms())
  local long_ago = text(now - REMEMBERED_MS)
  local last = redis.call('ZREVRANGEBYSCORE', taken_key, long_ago, '-inf', 'LIMIT', 0, 1)[1]
  if last then
    state.forgotten = cmsgpack.unpack(last)[2]
    redis.call('ZREMRANGEBYSCORE', taken_key, '-inf', long_ago)
  end
  state.slice_from = nil
end

local function remember(cost)
  if state.slice_from and now - state.slice_from >= SLICE_MS then close_slice() end
  if not state.slice_from then state.slice_from, state.slice_base = now, totals() end
  state.slice_last = now
  for _, bucket in ipairs(state.buckets) do bucket.taken = bucket.taken + (cost[bucket.currency] or 0) end
end

-- What had been taken at `at`: never more than that, and at most one slice less. Nothing when nothing was taken since.
local function totals_at(at)
  if not state.slice_from or state.slice_last <= at then return nil end
  local before = redis.call('ZREVRANGEBYSCORE', taken_key, text(at), '-inf', 'LIMIT', 0, 1)[1]
  if before then return cmsgpack.unpack(before)[2] end
  return redis.call('EXISTS', taken_key) == 1 and state.forgotten or state.slice_base
end

-- The line -------------------------------------------------------------------------------------------------------------

local function place_of(who)
  local packed = state.waiting > 0 and redis.call('HGET', places_key, who)
  return packed and cmsgpack.unpack(packed) or nil
end

local function count(place, sign)
  state.waiting = state.waiting + sign
  for _, bucket in ipairs(state.buckets) do
    local amount = place.cost[bucket.currency]
    if amount then bucket.waiting[place.class] = (bucket.waiting[place.class] or 0) + sign * amount end
  end
end

-- Sums of fractions leave crumbs: an empty line begins anew.
local function clear_line()
  state.waiting = 0
  for _, bucket in ipairs(state.buckets) do bucket.waiting = {} end
end

local function leave(who, place)
  count(place, -1)
  redis.call('HDEL', places_key, who)
  redis.call('ZREM', line_key, who)
  if state.waiting <= 0 then clear_line() end
end

local function join(who, place, until_ms)
  count(place, 1)
  redis.call('HSET', places_key, who, cmsgpack.pack(place))
  redis.call('ZADD', line_key, text(until_ms), who)
  for _, key in ipairs({ places_key, line_key }) do redis.call('PEXPIRE', key, keep_ms()) end
  state.place_until = math.min(state.place_until or until_ms, until_ms)
end

-- Places of workers that did not come for their turn.
local function expire_places()
  if state.waiting == 0 or not state.place_until or state.place_until > now then return end
  for _, who in ipairs(redis.call('ZRANGEBYSCORE', line_key, '-inf', text(now), 'LIMIT', 0, 1000)) do
    local place = place_of(who)
    if place then leave(who, place) else redis.call('ZREM', line_key, who) end
  end
  local first = redis.call('ZRANGE', line_key, 0, 0, 'WITHSCORES')
  state.place_until = first[2] and tonumber(first[2]) or nil
  if not first[2] then clear_line() end
end

-- What those in the line are waiting for who may use what this request may use, without the worker's own place.
local function ahead_of(bucket, keep_free, place)
  local sum = 0
  for class, amount in pairs(bucket.waiting) do
    if tonumber(class) <= keep_free then sum = sum + amount end
  end
  if place and tonumber(place.class) <= keep_free then sum = sum - (place.cost[bucket.currency] or 0) end
  return math.max(0, sum)
end

-- The operations -------------------------------------------------------------------------------------------------------

local function earliest(cost, keep_free, is_in_line, place)
  local at, binds = state.paused_until, 'pause'
  for _, bucket in ipairs(state.buckets) do
    local amount = cost[bucket.currency] or 0
    if amount > 0 then
      local ahead = is_in_line and ahead_of(bucket, keep_free, place) or 0
      local slack = math.max(0, bucket.burst * (1 - keep_free) - amount)
      local from = ahead > 0 and math.max(bucket.full_at, now) or bucket.full_at
      local goes_at = from + ms_of(bucket, ahead - slack)
      if goes_at > at then at, binds = goes_at, bucket.currency end
    end
  end
  return math.floor(at * 1024 + 0.5) / 1024, binds
end

-- So much of the jitter as a burst has room for beside one request: more would make the rate itself lower.
local function bearable(bucket, jitter_ms, amount)
  if not jitter_ms or jitter_ms == 0 then return 0 end
  return math.min(jitter_ms, ms_of(bucket, math.max(0, bucket.burst - amount)))
end

local function take(cost, jitter_ms)
  for _, bucket in ipairs(state.buckets) do
    local amount = cost[bucket.currency] or 0
    if amount > 0 then
      bucket.full_at = math.max(bucket.full_at, now + bearable(bucket, jitter_ms, amount)) + ms_of(bucket, amount)
    end
    -- What was saved up before a pause is gone: after the first one, only what came in since the pause's end may go.
    if state.probing then
      bucket.full_at = math.max(bucket.full_at, state.paused_until + ms_of(bucket, bucket.burst))
    end
  end
  state.probing = false
  remember(cost)
end

-- How often the cost may be taken in advance: half of what nobody waits for, at most.
local function spare(cost, keep_free, most)
  for _, bucket in ipairs(state.buckets) do
    local amount = cost[bucket.currency] or 0
    if amount > 0 then
      local level = bucket.burst - math.max(0, bucket.full_at - now) / ms_of(bucket, 1)
      local free = level - bucket.burst * keep_free - ahead_of(bucket, 1, nil)
      most = math.min(most, math.floor(free / 2 / amount))
    end
  end
  return most
end

local function advance(op, cost)
  local times = op.advance > 0 and spare(cost, op.keepFree, op.advance) or 0
  if times < 1 then return '0', '', '' end
  local amounts, parts = {}, {}
  for _, bucket in ipairs(state.buckets) do
    local amount = (cost[bucket.currency] or 0) * times
    amounts[bucket.currency] = amount
    bucket.advanced = bucket.advanced + amount
    parts[#parts + 1] = cjson.encode(bucket.currency) .. ':' .. text(amount)
  end
  take(amounts, op.jitter)
  local cost_text = '{' .. table.concat(parts, ',') .. '}'
  return text(times), hold('a', cost_text, op.advanceMs), cost_text
end

local run = {}

function run.reserve(op)
  local cost = cjson.decode(op.cost)
  for _, bucket in ipairs(state.buckets) do
    local amount, capacity = cost[bucket.currency] or 0, math.max(bucket.limit, bucket.burst)
    if amount > capacity then return { 'too-large', bucket.currency, text(amount), text(capacity) } end
  end
  local place = place_of(worker)
  local is_turn = place and now >= place.turn
  local at, binds = earliest(cost, op.keepFree, state.waiting > 0 and not is_turn, place)
  if place and not is_turn and at > place.turn then
    at = math.max(place.turn, (earliest(cost, op.keepFree, false)))
  end
  if place then leave(worker, place) end
  if at > now then
    local turn = place and math.min(place.turn, at) or at
    join(worker, { turn = turn, class = text(op.keepFree), cost = cost }, at + PLACE_MS)
    return { 'wait', text(at - now), binds }
  end
  take(cost, op.jitter)
  local number = hold('', op.cost, lease_ms)
  return { 'admitted', number, advance(op, cost) }
end

function run.settle(op)
  local cost, number = cjson.decode(op.cost), number_in(op.id)
  -- What came back to the bucket before it was settled is not there to be set off.
  if number and redis.call('ZREM', held_key, number .. ' ' .. op.cost) == 0 then cost = {} end
  correct(difference(op.actual, cost))
  return 'ok'
end

function run.adjust(op)
  correct(op.amounts)
  return 'ok'
end

-- The end of what was taken in advance. Of another generation: the buckets began empty since, there is nothing to return.
run['return'] = function(op)
  local number = number_in(op.id)
  if not number then return 'ok' end
  local cost = cjson.decode(op.cost)
  if redis.call('ZREM', held_key, 'a' .. number .. ' ' .. op.cost) == 0 then
    charge(op.spent)
  else
    give_back(difference(cost, op.spent))
    not_advanced(cost)
  end
  return 'ok'
end

-- Another rate: what was spent stays spent, and a debt stays what it is.
local function change(bucket, limit, per, burst)
  if bucket.limit == limit and bucket.per == per and bucket.burst == burst then return end
  local missing = math.max(0, (bucket.full_at - now) / ms_of(bucket, 1))
  local level = math.max(burst - missing, math.min(0, bucket.burst - missing))
  bucket.limit, bucket.per, bucket.burst = limit, per, burst
  bucket.full_at = now + ms_of(bucket, burst - level)
  state.version = state.version + 1
end

local function burst_under(bucket, limit)
  if bucket.burst_ms then return bucket.burst_ms * limit / bucket.per end
  if not bucket.learned then return bucket.burst end
  return math.max(learned_burst(limit, bucket.per), math.min(bucket.burst, limit))
end

local function sync(bucket, told)
  local at = now - told.age
  if told.limit and at >= bucket.limit_at then
    bucket.limit_at = at
    if told.limit ~= bucket.limit then change(bucket, told.limit, bucket.per, burst_under(bucket, told.limit)) end
  end
  if not told.remaining then return end
  local shown = math.min(told.remaining, bucket.limit)
  if bucket.learned and shown > bucket.burst then change(bucket, bucket.limit, bucket.per, shown) end
  local totals = totals_at(at)
  local since = totals and bucket.taken - (totals[bucket.currency] or 0) or 0
  -- What lies with workers may have been taken before, and was not seen all the same.
  local unseen = math.max(since, bucket.advanced)
  local from = at + bearable(bucket, told.jitter, 0)
  bucket.full_at = math.max(bucket.full_at, from + ms_of(bucket, bucket.burst - told.remaining + unseen))
end

function run.sync(op)
  for _, bucket in ipairs(state.buckets) do
    local told = op.levels[bucket.currency]
    if told then sync(bucket, told) end
  end
  return 'ok'
end

function run.pause(op)
  local until_ms = now + op.ms
  if until_ms > state.paused_until then state.paused_until, state.probing = until_ms, true end
  return 'ok'
end

local function update(rate, joins)
  for index, bucket in ipairs(state.buckets) do
    if bucket.currency == rate.currency then
      -- A worker that starts with the same limits as the others does not undo what was learned since.
      if joins and bucket.told == rate.told then return end
      if rate.ends then
        table.remove(state.buckets, index)
      else
        change(bucket, rate.limit, rate.per, rate.burst)
        bucket.learned, bucket.burst_ms, bucket.told = rate.learned, rate.burst_ms, rate.told
      end
      state.version = state.version + 1
      return
    end
  end
  if rate.ends then return end
  state.buckets[#state.buckets + 1] = bucket_of(rate)
  state.version = state.version + 1
end

function run.update(op)
  for _, rate in ipairs(op.rates) do update(rate, op.joins) end
  return 'ok'
end

-- One step -------------------------------------------------------------------------------------------------------------

local is_lost = load()
reap()
cap()
expire_places()

if ARGV[6] == '1' then
  redis.call('ZADD', workers_key, text(now), worker)
  redis.call('ZREMRANGEBYSCORE', workers_key, '-inf', text(now - WORKER_MS))
  redis.call('PEXPIRE', workers_key, WORKER_MS)
  state.workers = redis.call('ZCARD', workers_key)
end

local answers = {}
for index, op in ipairs(cjson.decode(ARGV[9])) do answers[index] = run[op.op](op) end

redis.call('SET', state_key, cmsgpack.pack(state), 'PX', keep_ms())

local version = state.generation .. ':' .. state.version
local levels, rates = {}, {}
for index, bucket in ipairs(state.buckets) do
  levels[index] = text(bucket.burst - math.max(0, bucket.full_at - now) / ms_of(bucket, 1))
  if version ~= ARGV[5] then
    for _, value in ipairs({
      bucket.currency, text(bucket.limit), text(bucket.per), text(bucket.burst), bucket.learned and '1' or '',
      bucket.burst_ms and text(bucket.burst_ms) or '', bucket.told,
    }) do
      rates[#rates + 1] = value
    end
  end
end

return {
  {
    state.generation, text(state.number), text(math.max(0, state.paused_until - now)), text(state.workers), version,
    is_lost and '1' or '',
  },
  levels, rates, answers,
}
