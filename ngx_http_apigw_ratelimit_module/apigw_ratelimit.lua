-- The atomic take: n like requests against several policies at once.
-- Every policy is charged, or none; a denial writes nothing.
--
-- KEYS[i]   the state of policy i
-- ARGV[1]   ticket, echoed: the client's proof that a reply is its own
-- ARGV[2]   operation: "take"
-- ARGV[3]   n, how many requests ask, 1 or more
-- then six arguments per policy, in the order of KEYS:
--   kind    "r": rate
--   shadow  "1": charged, but never holds back the others; else "0"
--   cost    of one request, 0 to 10^9
--   limit   rate: burst
--   period  rate: ticks per unit
--   extra   empty for a rate
--
-- Reply     integers: ticket, j, now, then per policy remaining, full, retry
--   j          how many of the n requests pass
--   now        ticks of this server's clock
--   remaining  requests of cost 1 that would pass now
--   full       ticks until the whole limit is there again
--   retry      ticks until one more such request would pass; -1: never
--
-- A tick is 1/8 microsecond, counted from 2024-01-01T00:00:00Z, so that sums
-- stay below 2^53 until 2059. Numbers are printed with %.0f alone: tostring()
-- keeps 14 digits.

local FIELDS = 6
local TICKS_PER_MS = 8000

-- Redis expires by a clock it read before the script called TIME: a state that
-- went a moment too early would be a gift. A dead state may stay.
local LINGER_MS = 10

local floor, max, min = math.floor, math.max, math.min
local call = redis.call


local function clock()
    local t = call('TIME')

    return (tonumber(t[1]) - 1704067200) * 8000000 + tonumber(t[2]) * 8
end


-- A rate's state is its theoretical arrival time, in the past when idle. One
-- too far ahead (a clock that stepped back, a burst that was lowered) blocks
-- for two bursts at most.

local function rate_load(p, value, now)
    local tat = tonumber(string.match(value or '', '^%d+')) or 0
    local span = p.limit * p.period

    p.unit = p.period
    p.state = min(max(tat, now), now + 2 * span)
    p.room = now + span - p.state
end


local function rate_charge(p, used, now)
    p.state = p.state + used
    p.room = p.room - used

    local ms = math.ceil((p.state - now) / TICKS_PER_MS) + LINGER_MS

    call('SET', p.key, string.format('%.0f', p.state),
         'PX', string.format('%.0f', ms))
end


local function rate_full(p, now)
    return p.state - now
end


local KINDS = {
    r = { load = rate_load, charge = rate_charge, full = rate_full }
}


-- How many of n requests have room. A cost above the limit is settled before
-- any product is formed.

local function fitting(p, n)
    if p.cost == 0 then
        return n
    end

    if p.cost > p.limit then
        return 0
    end

    return max(0, min(n, floor(p.room / (p.cost * p.unit))))
end


local function retry(p)
    if p.cost > p.limit then
        return -1
    end

    return max(0, p.cost * p.unit - p.room)
end


local function policy(i, now)
    local at = 3 + (i - 1) * FIELDS
    local kind = KINDS[ARGV[at + 1]]

    if not kind then
        return nil
    end

    local p = {
        key = KEYS[i],
        kind = kind,
        shadow = ARGV[at + 2] == '1',
        cost = tonumber(ARGV[at + 3]),
        limit = tonumber(ARGV[at + 4]),
        period = tonumber(ARGV[at + 5]),
        extra = ARGV[at + 6]
    }

    kind.load(p, call('GET', p.key), now)

    return p
end


local function take(n, now)
    local j = n
    local policies = {}

    for i = 1, #KEYS do
        local p = policy(i, now)

        if not p then
            return redis.error_reply('ERR apigw: unknown kind of policy')
        end

        p.fits = fitting(p, n)
        policies[i] = p

        if not p.shadow then
            j = min(j, p.fits)
        end
    end

    local reply = { tonumber(ARGV[1]), j, now }

    for i = 1, #KEYS do
        local p = policies[i]
        local used = min(j, p.fits) * p.cost * p.unit

        if used > 0 then
            p.kind.charge(p, used, now)
        end

        reply[#reply + 1] = max(0, floor(p.room / p.unit))
        reply[#reply + 1] = p.kind.full(p, now)
        reply[#reply + 1] = retry(p)
    end

    return reply
end


if ARGV[2] == 'take' then
    return take(tonumber(ARGV[3]), clock())
end

return redis.error_reply('ERR apigw: unknown operation')
