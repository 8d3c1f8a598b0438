-- One of KEYS keys with each request, as the argument k, in an order that
-- visits all of them: 7919 has no divisor in common with a power of ten.

local keys, at = tonumber(os.getenv('KEYS')), 0


function request()
    at = (at + 7919) % keys
    return wrk.format(nil, wrk.path .. '?k=client-' .. at)
end
