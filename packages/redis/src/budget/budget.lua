--[[
  One retry budget: tokens that successes and time earn, and that retries take. One atomic step. Time is the server's.

  KEYS, all in one slot
    1  tokens   hash: tokens, at
    2  workers  sorted set: workers, by when they were last heard

  ARGV
    1  the most that it holds; it starts full
    2  tokens that come in per second
    3  tokens earned since the worker last said so
    4  tokens that the retry takes, or "" when none is asked for
    5  the worker

  Output, numbers as strings: {"1" when granted, tokens left, workers}
--]]

local tokens_key, workers_key = KEYS[1], KEYS[2]
local capacity, per_second, earned = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local cost, worker = tonumber(ARGV[4]), ARGV[5]

local KEEP_MS = 600000
local WORKER_MS = 60000
local ROUNDING = 1e-9 -- ten tenths are one, whatever binary fractions make of them

local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

local function text(number) return string.format('%.17g', number) end

local held = redis.call('HMGET', tokens_key, 'tokens', 'at')
local tokens, at = tonumber(held[1] or capacity), tonumber(held[2] or now)
tokens = math.min(capacity, tokens + math.max(0, now - at) / 1000 * per_second + earned)

local granted = cost and tokens + ROUNDING >= cost
if granted then tokens = math.max(0, tokens - cost) end

-- A budget that has been left alone for so long that it would be full is forgotten, and begins full again.
local full_ms = per_second > 0 and (capacity - tokens) / per_second * 1000 or KEEP_MS * 144
redis.call('HSET', tokens_key, 'tokens', text(tokens), 'at', text(now))
redis.call('PEXPIRE', tokens_key, math.ceil(KEEP_MS + math.min(full_ms, KEEP_MS * 144)))

redis.call('ZADD', workers_key, text(now), worker)
redis.call('ZREMRANGEBYSCORE', workers_key, '-inf', text(now - WORKER_MS))
redis.call('PEXPIRE', workers_key, WORKER_MS)

return { granted and '1' or '', text(tokens), text(redis.call('ZCARD', workers_key)) }
