-- Runs a Redis script under plain Lua 5.1, with a clock and keys of the test's
-- own: lua5.1 redis_host.lua script.lua. Lines on stdin, words by tabs:
--
--     time  <seconds> <microseconds>
--     set   <key> <value>
--     call  <number of keys> <key> ... <argument> ...
--
-- Answers "ok"; to a call the reply's integers, or "error <text>", then the
-- writes it made, each as "key=value/px".

local path = ...
local script = assert(loadfile(path))
local seconds, micros = '0', '0'
local store = {}
local writes


local function words(line)
    local t = {}

    for word in string.gmatch(line .. '\t', '([^\t]*)\t') do
        t[#t + 1] = word
    end

    return t
end


redis = {}


function redis.call(name, ...)
    if name == 'TIME' then
        return { seconds, micros }
    end

    if name == 'GET' then
        return store[(...)] or false
    end

    if name == 'SET' then
        local key, value, px, ms = ...

        assert(px == 'PX' and string.match(ms, '^[1-9]%d*$'),
               'SET without a good PX')
        store[key] = value
        writes[#writes + 1] = key .. '=' .. value .. '/' .. ms
        return { ok = 'OK' }
    end

    error('unexpected command ' .. name)
end


function redis.error_reply(text)
    return { err = text }
end


for line in io.lines() do
    local w = words(line)

    if w[1] == 'time' then
        seconds, micros = w[2], w[3]
        print('ok')

    elseif w[1] == 'set' then
        store[w[2]] = w[3]
        print('ok')

    else
        local n = tonumber(w[2])

        KEYS, ARGV, writes = {}, {}, {}

        for i = 3, #w do
            if #KEYS < n then
                KEYS[#KEYS + 1] = w[i]
            else
                ARGV[#ARGV + 1] = w[i]
            end
        end

        local reply = script()

        if reply.err then
            print('error ' .. reply.err)
        else
            for i = 1, #reply do
                -- as Redis does: the number's integer part
                reply[i] = string.format('%.0f', reply[i])
            end

            print(table.concat(reply, ' ') .. '\t' .. table.concat(writes, ' '))
        end
    end

    io.stdout:flush()
end
