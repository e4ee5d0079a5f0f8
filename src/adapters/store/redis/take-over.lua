-- See Store.takeOver.
-- KEYS    1 marker  2 record  3 due   ARGV 1 key  2 token  3 lease (ms)
-- returns the record as { field, value, … }; nothing while somebody works on it, or where there is nothing to look at
local key, token, lease = unpack(ARGV)
local record = read(key)
if not record or record.state == 'claimed' or is_closed(record) then
  schedule(key, nil)
  return {}
end
if is_leased(record) then
  schedule(key, record.lease)
  return {}
end
take(key, token, lease, true)
schedule(key, now + lease)
return flatten(record, {})
