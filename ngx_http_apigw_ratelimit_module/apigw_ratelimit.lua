-- The atomic take: n like requests against several policies at once.
-- Every policy is charged, or none; a denial writes nothing.
--
-- KEYS[i]   the state of policy i
-- ARGV[1]   ticket, echoed: the client's proof that a reply is its own
-- ARGV[2]   operation: "take"; "give": back what one request was charged
-- ARGV[3]   take: n, how many requests ask, 1 or more
--           give: now of the reply that told the charge
-- then six arguments per policy, in the order of KEYS:
--   kind    "r": rate
--   shadow  "1": charged, but never holds back the others; else "0"
--   cost    of one request, 0 to 10^9
--   limit   rate: burst
--   period  rate: ticks per unit
--   extra   take: empty for a rate
--           give: ticks from full just before the charge
--
-- Reply     integers: ticket, j, now, then per policy remaining, full, retry,
--           fits; to "give": ticket, now
--   j          how many of the n requests pass
--   now        ticks of this server's clock
--   remaining  requests of cost 1 that would pass now
--   full       ticks until the whole limit is there again
--   retry      ticks until one more such request would pass; -1: never
--   fits       how many of the n had room in this policy
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


local function rate_store(p, now)
    local ms = math.ceil(max(0, p.state - now) / TICKS_PER_MS) + LINGER_MS

    call('SET', p.key, string.format('%.0f', p.state),
         'PX', string.format('%.0f', ms))
end


local function rate_charge(p, used, now)
    p.state = p.state + used
    p.room = p.room - used

    rate_store(p, now)
end


-- What a full bucket would have dropped meanwhile is not given back.

local function rate_give(p, value, taken, now)
    local tat = tonumber(string.match(value or '', '^%d+'))
    local full = tonumber(p.extra)

    if not tat or p.cost > p.limit then
        return
    end

    local lost = max(0, max(0, now - taken) - full)
    local back = max(0, p.cost * p.period - lost)

    if back > 0 then
        p.state = max(0, tat - back)
        rate_store(p, now)
    end
end


local function rate_full(p, now)
    return p.state - now
end


local KINDS = {
    r = {
        load = rate_load,
        charge = rate_charge,
        full = rate_full,
        give = rate_give
    }
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
    if p.cost == 0 then
        return 0
    end

    if p.cost > p.limit then
        return -1
    end

    return max(0, p.cost * p.unit - p.room)
end


-- All policies, before anything is read or written; nil if one is unknown.

local function policies()
    local list = {}

    for i = 1, #KEYS do
        local at = 3 + (i - 1) * FIELDS

        list[i] = {
            key = KEYS[i],
            kind = KINDS[ARGV[at + 1]],
            shadow = ARGV[at + 2] == '1',
            cost = tonumber(ARGV[at + 3]),
            limit = tonumber(ARGV[at + 4]),
            period = tonumber(ARGV[at + 5]),
            extra = ARGV[at + 6]
        }

        if not list[i].kind then
            return nil
        end
    end

    return list
end


local function take(list, n, now)
    local j = n

    for _, p in ipairs(list) do
        p.kind.load(p, call('GET', p.key), now)
        p.fits = fitting(p, n)

        if not p.shadow then
            j = min(j, p.fits)
        end
    end

    local reply = { tonumber(ARGV[1]), j, now }

    for _, p in ipairs(list) do
        local used = min(j, p.fits) * p.cost * p.unit

        if used > 0 then
            p.kind.charge(p, used, now)
        end

        reply[#reply + 1] = max(0, floor(p.room / p.unit))
        reply[#reply + 1] = p.kind.full(p, now)
        reply[#reply + 1] = retry(p)
        reply[#reply + 1] = p.fits
    end

    return reply
end


local function give(list, taken, now)
    for _, p in ipairs(list) do
        p.kind.give(p, call('GET', p.key), taken, now)
    end

    return { tonumber(ARGV[1]), now }
end


local list = policies()

if not list then
    return redis.error_reply('ERR apigw: unknown kind of policy')
end

if ARGV[2] == 'take' then
    return take(list, tonumber(ARGV[3]), clock())
end

if ARGV[2] == 'give' then
    return give(list, tonumber(ARGV[3]), clock())
end

return redis.error_reply('ERR apigw: unknown operation')
