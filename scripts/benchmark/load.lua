-- What wrk sends, by the environment, and one line of JSON at the end.
--   HEADER    "Name: value", sent with every GET
--   BODY      a file that is posted, with a client_name of its own each time
--   CLIENTS   a file with path and token on each line, read in turn
local header, body, clients = os.getenv("HEADER"), os.getenv("BODY"), os.getenv("CLIENTS")
local number = 0

local function posts(text)
  local before, after = text:match('^(.-"client_name":")[^"]*(".*)$')
  assert(before, "the body has no client_name")
  local salt = tostring({}):match("0x(%x+)")
  local fields = { ["Content-Type"] = "application/json" }
  return function()
    number = number + 1
    return wrk.format("POST", nil, fields, before .. salt .. "-" .. number .. after)
  end
end

local function reads(file)
  local requests = {}
  for line in io.lines(file) do
    local path, token = line:match("^(%S+) (%S+)$")
    requests[#requests + 1] = wrk.format("GET", path, { ["Authorization"] = "Bearer " .. token })
  end
  return function()
    number = number % #requests + 1
    return requests[number]
  end
end

function init()
  if header then
    local name, value = header:match("^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  if body then
    request = posts(assert(io.open(body)):read("*a"))
  elseif clients then
    request = reads(clients)
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('\nFIGURES {"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"errors":%d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
