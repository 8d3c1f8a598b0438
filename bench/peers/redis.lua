-- The project's own script by nginx's Lua module and lua-nginx-redis, over
-- kept-alive connections: one EVALSHA a request.

local redis = require 'nginx.redis'

local _M = {}
local host, port, script, sha


function _M.setup(at, number, file)
    local f = assert(io.open(file))

    host, port = at, number
    script = f:read('*a')
    f:close()
end


local function take(red, command, what)
    return red[command](red, what, 1, 'bench:' .. ngx.var.remote_addr,
                        '1', 'take', '1', 'r', '0', '1', '1000000', '8', '')
end


function _M.access()
    local red = redis:new()

    red:set_timeout(1000)

    if not red:connect(host, port) then
        ngx.exit(503)
    end

    sha = sha or red:script('load', script)

    local reply = take(red, 'evalsha', sha)

    if not reply then
        ngx.exit(503)
    end

    red:set_keepalive(10000, 64)

    if tonumber(reply[2]) ~= 1 then
        ngx.exit(429)
    end
end


return _M
