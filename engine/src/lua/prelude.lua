-- What a script finds: see library.rs.
local natives = ...
local raw_sort, raw_concat, raw_unpack, select = table.sort, table.concat, table.unpack, select
local raw_byte, raw_number, type = string.byte, tonumber, type

local function unpack(list, first, last)
  natives.spend((last or #list) - (first or 1))
  return raw_unpack(list, first, last)
end

local function byte(text, first, last)
  natives.spend(last and #text or 1)
  return raw_byte(text, first, last)
end

local function number(value, base)
  if type(value) == "string" then
    natives.spend(#value)
  end
  if base == nil then
    return raw_number(value)
  end
  return raw_number(value, base)
end

local function sort(list, less)
  return raw_sort(list, less or function(a, b) return a < b end)
end

local function insert(list, ...)
  local length = #list
  if select("#", ...) < 2 then
    list[length + 1] = (...)
    return
  end
  local position, value = ...
  for index = length, position, -1 do
    list[index + 1] = list[index]
  end
  list[position] = value
end

local function remove(list, position)
  local length = #list
  if length == 0 then
    return nil
  end
  position = position or length
  local value = list[position]
  for index = position, length - 1 do
    list[index] = list[index + 1]
  end
  list[length] = nil
  return value
end

local function maxn(list)
  local most = 0
  for key in pairs(list) do
    if type(key) == "number" and key > most then
      most = key
    end
  end
  return most
end

local text = {
  byte = byte, char = string.char, format = string.format, len = string.len, lower = string.lower,
  reverse = string.reverse, sub = string.sub, upper = string.upper,
  find = natives.find, gmatch = natives.gmatch, gfind = natives.gmatch, gsub = natives.gsub, match = natives.match,
  rep = natives.rep,
}
local tables = {
  unpack = unpack, concat = raw_concat, insert = insert, remove = remove, sort = sort, maxn = maxn,
  getn = function(list) return #list end,
  foreach = function(list, call)
    for key, value in pairs(list) do
      local result = call(key, value)
      if result ~= nil then return result end
    end
  end,
  foreachi = function(list, call)
    for key, value in ipairs(list) do
      local result = call(key, value)
      if result ~= nil then return result end
    end
  end,
}
local numbers = {}
for key, value in pairs(math) do
  if key ~= "random" and key ~= "randomseed" then
    numbers[key] = value
  end
end
local base = {
  assert = assert, error = error, getmetatable = getmetatable, ipairs = ipairs, next = next, pairs = pairs,
  pcall = natives.pcall, print = function() end, rawequal = rawequal, rawget = rawget, rawset = rawset, select = select,
  setmetatable = setmetatable, tonumber = number, tostring = tostring, type = type, unpack = unpack,
  _VERSION = "Lua 5.1",
}

local methods = getmetatable("")
methods.__index = function(_, key) return text[key] end
methods.__metatable = false

local function copy(from)
  local to = {}
  for key, value in next, from do
    to[key] = value
  end
  return to
end

return function(now)
  local globals = copy(base)
  globals._G = globals
  globals.string, globals.table, globals.math = copy(text), copy(tables), copy(numbers)
  globals.os = {
    time = function(parts) return natives.time(now, parts) end,
    date = function(format, at) return natives.date(now, format, at) end,
  }
  globals.require = function(name)
    if name == "os" or name == "string" or name == "table" or name == "math" then
      return globals[name]
    end
    error("module '" .. tostring(name) .. "' is not available", 2)
  end
  return globals
end
