-- A distinct token with each request: TOKENS names a file, one a line. DELAY:
-- milliseconds that each connection waits in between, so that a server which
-- could do more is asked as often as one that could not.

local requests, at = {}, 0


function init()
    for token in io.lines(os.getenv('TOKENS')) do
        wrk.headers['Authorization'] = 'Bearer ' .. token
        requests[#requests + 1] = wrk.format()
    end
end


function request()
    at = at % #requests + 1
    return requests[at]
end


local wait = tonumber(os.getenv('DELAY'))

if wait then
    function delay()
        return wait
    end
end
