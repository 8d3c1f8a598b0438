-- One rate by nginx's Lua module: the arrival time in a shared dictionary.

local _M = {}
local interval, span


function _M.setup(rate, burst)
    interval = 1 / rate
    span = burst * interval
end


function _M.access()
    local states = ngx.shared.limits
    local key = ngx.var.binary_remote_addr
    local now = ngx.now()
    local tat = math.max(states:get(key) or now, now)

    if tat + interval - now > span then
        ngx.exit(429)
    end

    states:set(key, tat + interval, span + 1)
end


return _M
