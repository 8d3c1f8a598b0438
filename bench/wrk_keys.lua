-- One of 100,000 keys with each request, as the argument k, in an order that
-- visits all of them: 7919 and 100,000 have no common divisor.

local at = 0


function request()
    at = (at + 7919) % 100000
    return wrk.format(nil, wrk.path .. '?k=client-' .. at)
end
