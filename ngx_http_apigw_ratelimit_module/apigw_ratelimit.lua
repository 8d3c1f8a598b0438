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
--
-- Redis runs all of this for each take: there are few tables and no functions,
-- as both would have to be made anew each time.

local FIELDS = 6
local TICKS_PER_MS = 8000

-- Redis expires by a clock it read before the script called TIME: a state that
-- went a moment too early would be a gift, while a dead one may stay. One of
-- these milliseconds rounds up.
local LINGER_MS = 11

local call, format, match = redis.call, string.format, string.match
local ARGV, KEYS, tonumber = ARGV, KEYS, tonumber
local operation = ARGV[2]

if operation ~= 'take' and operation ~= 'give' then
    return redis.error_reply('ERR apigw: unknown operation')
end

for i = 1, #KEYS do
    if ARGV[i * FIELDS - 2] ~= 'r' then
        return redis.error_reply('ERR apigw: unknown kind of policy')
    end
end

local time = call('TIME')
local now = (tonumber(time[1]) - 1704067200) * 8000000 + tonumber(time[2]) * 8
local reply = { tonumber(ARGV[1]), now }


if operation == 'give' then
    -- what a full bucket would have dropped meanwhile is not given back
    local since = now - tonumber(ARGV[3])

    for i = 1, #KEYS do
        local at = i * FIELDS - 3
        local cost, limit = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
        local value = call('GET', KEYS[i])
        local tat = value and tonumber(match(value, '^%d+'))

        if tat and cost <= limit then
            local lost = (since > 0 and since or 0) - tonumber(ARGV[at + 6])
            local back = cost * tonumber(ARGV[at + 5])

            if lost > 0 then
                back = back - lost
            end

            if back > 0 then
                tat = tat > back and tat - back or 0

                local ms = tat > now and (tat - now) / TICKS_PER_MS or 0
                ms = ms - ms % 1 + LINGER_MS

                call('SET', KEYS[i], format('%.0f', tat),
                     'PX', format('%.0f', ms))
            end
        end
    end

    return reply
end


-- take: look. By policy: state, loaded and rolled to now; room that is left;
-- size of a unit, in the measure of room; how many of the n have room

local n = tonumber(ARGV[3])
local j = n
local state, room, unit, fits = {}, {}, {}, {}

for i = 1, #KEYS do
    local at = i * FIELDS - 3
    local cost, limit = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    local value = call('GET', KEYS[i])

    -- a rate's state is its theoretical arrival time, in the past when idle;
    -- one too far ahead (a clock stepped back, a burst lowered) blocks for
    -- two bursts at most
    local period = tonumber(ARGV[at + 5])
    local span = limit * period
    local tat = value and tonumber(match(value, '^%d+')) or 0

    if tat < now then
        tat = now
    elseif tat > now + 2 * span then
        tat = now + 2 * span
    end

    state[i], unit[i], room[i] = tat, period, now + span - tat

    -- a cost above the limit is settled before any product is formed
    local m = n

    if cost > limit then
        m = 0
    elseif cost > 0 then
        m = room[i] / (cost * period)
        m = m < 0 and 0 or m < n and m - m % 1 or n
    end

    fits[i] = m

    if m < j and ARGV[at + 2] ~= '1' then
        j = m
    end
end


-- take: commit

reply[2], reply[3] = j, now

for i = 1, #KEYS do
    local at = i * FIELDS - 3
    local cost, limit = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    local granted = j < fits[i] and j or fits[i]
    local left, full, retry = room[i], state[i] - now, -1

    if granted * cost > 0 then
        local used = granted * cost * unit[i]

        left, full = left - used, full + used

        local ms = full / TICKS_PER_MS
        ms = ms - ms % 1 + LINGER_MS

        call('SET', KEYS[i], format('%.0f', now + full),
             'PX', format('%.0f', ms))
    end

    if cost == 0 then
        retry = 0
    elseif cost <= limit then
        retry = cost * unit[i] - left
        retry = retry > 0 and retry or 0
    end

    left = left > 0 and left / unit[i] or 0

    reply[i * 4] = left - left % 1
    reply[i * 4 + 1] = full
    reply[i * 4 + 2] = retry
    reply[i * 4 + 3] = fits[i]
end

return reply
