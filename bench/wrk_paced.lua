-- Each connection waits 0 to 2 ms in between: traffic that leaves CPUs time
-- for other work.

function delay()
    return math.random(0, 2)
end
