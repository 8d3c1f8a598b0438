-- The projection by lua-cjson in body_filter_by_lua.

local cjson = require 'cjson'

local _M = {}


local function project(text)
    local document = cjson.decode(text)
    local items = {}

    for i, item in ipairs(document.items) do
        items[i] = { id = item.id, price = item.price }
    end

    return cjson.encode({ items = items })
end


function _M.header_filter()
    ngx.header.content_length = nil
end


function _M.body_filter()
    local chunks = ngx.ctx.chunks or {}

    ngx.ctx.chunks = chunks
    chunks[#chunks + 1] = ngx.arg[1]
    ngx.arg[1] = ngx.arg[2] and project(table.concat(chunks)) or nil
end


return _M
