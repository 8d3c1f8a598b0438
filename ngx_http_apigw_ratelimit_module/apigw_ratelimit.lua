-- The atomic take: n like requests against several policies at once.
-- Every policy is charged, or none; a denial writes nothing.
--
-- KEYS[i]   the state of policy i
-- ARGV[1]   ticket, echoed: the client's proof that a reply is its own
-- ARGV[2]   operation: "take"; "lease": a take of one policy that asks for
--           units ahead of need; "adjust": give back or debit, each by itself
-- ARGV[3]   take: n, how many requests ask, 1 or more; lease: 0 or more; else
--           empty
-- then six arguments per policy, in the order of KEYS:
--   kind    "r": rate; windows: "q" by UTC boundaries, "m" month, "f" from the
--           first request, "s" sliding, "k<parts>" strict
--   mode    take: "1": a shadow, charged, but never holds back the others; "0"
--           adjust: "-": back what a take has charged; "+": a debit
--   cost    of one request, 0 to 10^9
--   limit   rate: burst; windows: units
--   period  rate: ticks per unit; windows: ticks per bucket; "m": the starts
--           of the last month, this one and the next two, as "0:1:2:3"
--   until   "-": rate: when it would have been full, had the take not charged;
--           windows: when the bucket that was charged ends; else empty
-- then, to "lease", node, seq, told, outstanding, most; to "adjust" of a lease
-- that is given back as a whole, node, seq
--   node         who asks, a number
--   seq          of the node's commands about this key; ever higher
--   told         units of earlier leases that the node still has
--   outstanding  cap on the units that all nodes have
--   most         cap on one lease
--
-- States    rate tat; "q", "m", "f" id:count; "s" id:current:previous;
--           strict id:c0,c1,... with the newest first; then, of nodes that
--           have leases, |node:seq:units:expiry,...
--
-- Reply     integers: ticket, j, now, then per policy remaining, full, retry,
--           fits; to "lease" also the units granted; to "adjust": ticket, now
--   j          how many of the n requests pass
--   now        ticks of this server's clock
--   remaining  requests of cost 1 that would pass now
--   full       ticks until the whole limit is there again; of a window, until
--              its newest bucket ends
--   retry      ticks until one more such request would pass; -1: never
--   fits       how many of the n had room in this policy
--
-- A tick is 1/8 microsecond, counted from 2024-01-01T00:00:00Z, so that sums
-- stay below 2^53 until 2059. Numbers are printed with %.0f alone: tostring()
-- keeps 14 digits.
--
-- Redis runs all of this for each take: there are few tables, and functions for
-- windows alone, as both have to be made anew each time.

local FIELDS = 6
local TICKS_PER_MS = 8000

-- Redis expires by a clock it read before the script called TIME: a state that
-- went a moment too early would be a gift, while a dead one may stay. One of
-- these milliseconds rounds up.
local LINGER_MS = 11

-- How long a lease of a rate lives; apigw_lease.h has the same
local LIFE = 80000000
local LIFE_MS = 10000 + LINGER_MS

local call, format, match = redis.call, string.format, string.match
local ARGV, KEYS, tonumber = ARGV, KEYS, tonumber
local operation = ARGV[2]

if operation ~= 'take' and operation ~= 'lease' and operation ~= 'adjust' then
    return redis.error_reply('ERR apigw: unknown operation')
end

local time = call('TIME')
local now = (tonumber(time[1]) - 1704067200) * 8000000 + tonumber(time[2]) * 8
local reply = { tonumber(ARGV[1]), now }
local windows, months

for i = 1, #KEYS do
    local kind = ARGV[i * FIELDS - 2]

    if kind == 'm' then
        local b = { match(ARGV[i * FIELDS + 2], '^(%d+):(%d+):(%d+):(%d+)$') }

        for k = 1, 4 do
            b[k] = tonumber(b[k])
        end

        if not b[4] or now < b[1] or now >= b[4] then
            return redis.error_reply('ERR apigw: a clock is months wrong')
        end

        months = months or {}
        months[i] = b
        windows = true

    elseif kind ~= 'r' then
        if not match(kind, '^[qfs]$') and not match(kind, '^k%d%d?$') then
            return redis.error_reply('ERR apigw: unknown kind of policy')
        end

        windows = true
    end
end

local load, store, wait

if windows then
    -- The state of window i, rolled to now: the newest bucket's id, the counts,
    -- when that bucket ends, the length of one, how many older ones count. The
    -- id never goes back, unless it is over one window ahead
    load = function(i)
        local kind, length = ARGV[i * FIELDS - 2], ARGV[i * FIELDS + 2]
        local older = kind == 's' and 1 or tonumber(match(kind, '%d+')) or 0
        local most = older > 0 and 4294967295 or 2251799813685247
        local value = call('GET', KEYS[i]) or ''
        local id, list = match(value, '^(%d+):([%d:,]+)')
        local counts, finish = {}

        id, length = tonumber(id), tonumber(length)

        if list then
            for count in string.gmatch(list, '%d+') do
                if #counts > older then
                    break
                end

                count = tonumber(count)
                counts[#counts + 1] = count < most and count or most
            end
        end

        local shift = 0

        if kind == 'm' then
            local b = months[i]
            local k = now >= b[3] and 3 or now >= b[2] and 2 or 1

            if id == b[k + 1] then
                k = k + 1
            elseif id ~= b[k] then
                id, shift = b[k], 1
            end

            finish = b[k + 1] or b[k] + 31 * 86400 * 8000000

        elseif kind == 'f' then
            if not id or id + length <= now or id > now + length then
                id, shift = now, 1
            end

            finish = id + length

        else
            local current = (now - now % length) / length

            if not id or id > current + (older > 0 and older or 1) then
                id, shift = current, older + 1
            elseif id < current then
                id, shift = current, current - id
            end

            finish = (id + 1) * length
        end

        if shift > older then
            counts, shift = {}, 0
        end

        for k = older + 1, 1, -1 do
            counts[k] = k > shift and counts[k - shift] or 0
        end

        return { id = id, counts = counts, finish = finish, length = length,
                 older = older, most = most, known = list,
                 leases = match(value, '|.*') or '' }
    end

    store = function(i, window)
        local kind, list = ARGV[i * FIELDS - 2], {}

        for k = 1, window.older + 1 do
            list[k] = format('%.0f', window.counts[k])
        end

        local ms = window.finish + window.older * (window.length or 0) - now
        ms = ms / TICKS_PER_MS
        ms = ms - ms % 1 + LINGER_MS

        call('SET', KEYS[i], format('%.0f', window.id) .. ':'
             .. table.concat(list, kind == 's' and ':' or ',')
             .. window.leases,
             'PX', format('%.0f', ms))
    end

    -- Ticks until no more than `room` is used, if nothing else comes
    wait = function(window, kind, room)
        local counts, older = window.counts, window.older
        local left, length = window.finish - now, window.length

        if older == 0 then
            return left
        end

        if kind ~= 's' then
            local used, k = counts[1], 1

            while k <= older and used <= room do
                k = k + 1
                used = used + counts[k]
            end

            return left + (older + 1 - k) * length
        end

        -- the weight that lets it fit, and when the older bucket weighs that:
        -- in this bucket, or in the next one, where this is the older
        local weigh = counts[2]

        if counts[1] > room then
            weigh, left = counts[1], left + length
        else
            room = room - counts[1]
        end

        if weigh <= room then
            return left - length
        end

        local weight = room * 65536 / weigh
        weight = weight - weight % 1

        local low = length % 65536
        local rest = weight * low / 65536

        return left - weight * ((length - low) / 65536) - (rest - rest % 1)
    end
end


if operation == 'adjust' then
    local node = ARGV[#KEYS * FIELDS + 4]
    local seq = tonumber(ARGV[#KEYS * FIELDS + 5])

    -- What remains of a state's leases, when the node has none any more
    local function remaining(leases)
        local kept = {}

        for record in string.gmatch(leases, '[^|,]+') do
            local other, number = match(record, '^(%d+):(%d+)')

            if other ~= node or tonumber(number) >= seq then
                kept[#kept + 1] = record
            end
        end

        return kept[1] and '|' .. table.concat(kept, ',') or ''
    end

    for i = 1, #KEYS do
        local at = i * FIELDS - 3
        local debit = ARGV[at + 2] == '+'
        local cost, limit = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
        local ends = tonumber(ARGV[at + 6])

        if ARGV[at + 1] ~= 'r' then
            local window = load(i)
            local age = 0

            -- back, while the bucket that was charged counts
            if not debit then
                age = window.finish - ends
                age = window.length and age / window.length or age
            end

            if cost > 0 and (debit or window.known)
                and age >= 0 and age <= window.older and age % 1 == 0
            then
                local count = window.counts[age + 1] + (debit and cost or -cost)

                count = count < window.most and count or window.most
                window.counts[age + 1] = count > 0 and count or 0

                if node then
                    window.leases = remaining(window.leases)
                end

                store(i, window)
            end
        else
            local period = tonumber(ARGV[at + 5])
            local value = call('GET', KEYS[i])
            local tat = value and tonumber(match(value, '^%d+'))
            local moved

            if debit then
                -- a burst of debt at most
                local most = now + 2 * limit * period

                moved = (tat and tat > now and tat or now) + cost * period
                moved = cost > 0 and (moved < most and moved or most)

            elseif tat and cost <= limit then
                -- what a full bucket would have dropped is not given back
                local back = cost * period - (now > ends and now - ends or 0)

                moved = back > 0 and (tat > back and tat - back or 0)
            end

            if not moved and node then
                moved = tat
            end

            if moved then
                local leases = value and match(value, '|.*') or ''

                if node then
                    leases = remaining(leases)
                end

                local ms = moved > now and (moved - now) / TICKS_PER_MS or 0
                ms = ms - ms % 1 + LINGER_MS
                ms = leases ~= '' and ms < LIFE_MS and LIFE_MS or ms

                call('SET', KEYS[i], format('%.0f', moved) .. leases,
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
local leases

for i = 1, #KEYS do
    local at = i * FIELDS - 3
    local cost, limit = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    local kind, period = ARGV[at + 1], 1

    if kind == 'r' then
        -- a rate's state is its theoretical arrival time, in the past when
        -- idle; one too far ahead (a clock stepped back, a burst lowered)
        -- blocks for two bursts at most
        period = tonumber(ARGV[at + 5])

        local value = call('GET', KEYS[i])
        local span = limit * period
        local tat = value and tonumber(match(value, '^%d+')) or 0

        if tat < now then
            tat = now
        elseif tat > now + 2 * span then
            tat = now + 2 * span
        end

        local held = value and match(value, '|.*')

        if held then
            leases = leases or {}
            leases[i] = held
        end

        state[i], room[i] = tat, now + span - tat

    else
        local window = load(i)
        local counts = window.counts
        local used = counts[1]

        if kind == 's' then
            -- the older bucket weighs in with what the window still covers of
            -- it, in 1/65536, rounded up; products stay below 2^53
            local left, length = window.finish - now, window.length
            local weight = 65536

            if left < length then
                local rest = left * 256 % length
                local more = rest * 256 % length

                weight = (left * 256 - rest) / length * 256
                         + (rest * 256 - more) / length
                         + (more > 0 and 1 or 0)
            end

            local weighed = counts[2] * weight / 65536
            local part = weighed % 1

            used = used + weighed - part + (part > 0 and 1 or 0)

        else
            for k = 2, window.older + 1 do
                used = used + counts[k]
            end
        end

        state[i], room[i] = window, limit - used
    end

    -- a cost above the limit is settled before any product is formed
    local m = n

    if cost > limit then
        m = 0
    elseif cost > 0 then
        m = room[i] / (cost * period)
        m = m < 0 and 0 or m < n and m - m % 1 or n
    end

    unit[i], fits[i] = period, m

    if m < j and ARGV[at + 2] ~= '1' then
        j = m
    end
end


-- lease: the units ahead of need. Of what remains, each node that has some may
-- have its part of a half, of the room that other leases leave a half. A denial
-- changes nothing, a command that was overtaken by a later one gets nothing

local ahead = 0

if operation == 'lease' then
    local node, seq, told = ARGV[10], tonumber(ARGV[11]), tonumber(ARGV[12])
    local rate = ARGV[4] == 'r'
    local ends = rate and now + LIFE or state[1].finish
    local held = ''
    local kept, sum, nodes, late = {}, told, 1, j < n

    if not rate then
        held = state[1].leases
    elseif leases then
        held = leases[1]
    end

    for other, number, units, expiry
        in string.gmatch(held, '(%d+):(%d+):(%d+):(%d+)')
    do
        local own = other == node

        expiry = tonumber(expiry)
        expiry = expiry < ends and expiry or ends
        late = late or own and tonumber(number) >= seq

        if expiry > now and not own then
            sum, nodes = sum + tonumber(units), nodes + 1
            kept[#kept + 1] = format('%s:%s:%s:%.0f', other, number, units,
                                     expiry)
        end
    end

    if not late then
        local need = (j < fits[1] and j or fits[1]) * tonumber(ARGV[6])
        local part = room[1] > 0 and room[1] / unit[1] or 0

        part = part - part % 1
        part = part / (2 * nodes)

        local half = (tonumber(ARGV[13]) - sum) / 2
        local most = tonumber(ARGV[14])

        part = part < half and part or half
        part = part < most and part or most
        ahead = part - part % 1 - need
        ahead = ahead > 0 and ahead or 0

        if need + ahead > 0 then
            kept[#kept + 1] = format('%s:%.0f:%.0f:%.0f', node, seq,
                                     told + ahead, ends)
            held = '|' .. table.concat(kept, ',')
        end
    end

    if rate then
        leases = { held ~= '' and held or nil }
    else
        state[1].leases = held
    end

    reply[8] = ahead
end


-- take: commit

reply[2], reply[3] = j, now

for i = 1, #KEYS do
    local at = i * FIELDS - 3
    local kind = ARGV[at + 1]
    local cost, limit = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
    local granted = j < fits[i] and j or fits[i]
    local used = granted * cost + (i == 1 and ahead or 0)
    local left = room[i] - used * unit[i]
    local full, retry

    if kind == 'r' then
        full = state[i] - now + used * unit[i]

        if used > 0 then
            local ms = full / TICKS_PER_MS
            local held = leases and leases[i] or ''

            ms = ms - ms % 1 + LINGER_MS
            ms = held ~= '' and ms < LIFE_MS and LIFE_MS or ms

            call('SET', KEYS[i], format('%.0f', now + full) .. held,
                 'PX', format('%.0f', ms))
        end

    else
        full = state[i].finish - now

        if used > 0 then
            state[i].counts[1] = state[i].counts[1] + used
            store(i, state[i])
        end
    end

    if cost > limit then
        retry = -1
    elseif cost == 0 or left >= cost * unit[i] then
        retry = 0
    elseif kind == 'r' then
        retry = cost * unit[i] - left
    else
        retry = wait(state[i], kind, limit - cost)
    end

    left = left > 0 and left / unit[i] or 0

    reply[i * 4] = left - left % 1
    reply[i * 4 + 1] = full
    reply[i * 4 + 2] = retry
    reply[i * 4 + 3] = fits[i]
end

return reply
