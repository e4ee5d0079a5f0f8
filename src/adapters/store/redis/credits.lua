-- See Store.credits.   KEYS 1 marker  2 credits   returns { { key, field, value, … }, … }
local found = {}
for _, key in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local record = read(key)
  if record then found[#found + 1] = flatten(record, { key }) end
end
return found
