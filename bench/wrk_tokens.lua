-- A distinct token with each request: TOKENS names a file, one a line.

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
